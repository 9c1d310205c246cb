internal import LosslessXML

extension DomainDefinition {
  /// Whether bytes are XML of another kind: the root has another name than `domain`.
  ///
  /// `false` where no root is found. The bytes need not be well-formed, and can be UTF-16.
  package static func isOtherXML(_ bytes: [UInt8]) -> Bool {
    let isWide = bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
    guard let name = rootName(isWide ? bytes.filter { $0 != 0 } : bytes) else { return false }
    return !name.elementsEqual("domain".utf8)
  }

  private static func rootName(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var rest = bytes[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[start...]
      if rest.starts(with: "<!--".utf8) {
        rest = rest.dropFirst(4).behind("-->")
      } else if rest.starts(with: "<?".utf8) {
        rest = rest.behind("?>")
      } else if rest.starts(with: "<!".utf8) {
        let end = rest.firstIndex { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: ">") }
        guard let end else { return nil }
        rest = rest[end] == UInt8(ascii: "[") ? rest.behind("]") : rest[(end + 1)...]
      } else {
        let name = rest.dropFirst().prefix { !" \t\r\n/>".utf8.contains($0) }
        return name.isEmpty ? nil : name
      }
    }
    return nil
  }
}

extension ArraySlice<UInt8> {
  /// What stands behind a text; nothing where it does not occur.
  fileprivate func behind(_ text: String) -> Self {
    firstRange(of: Array(text.utf8)).map { self[$0.upperBound...] } ?? []
  }
}
