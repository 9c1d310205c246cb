internal import VirtNest

extension HostFacts {
  /// Reads a file of facts: what the script printed, as ``init(parsing:)`` does, or the report that
  /// was made of it (``HostReport/json``).
  /// - Throws: ``MalformedFacts``.
  package init(reading bytes: [UInt8]) throws(MalformedFacts) {
    guard Self.isReport(bytes) else {
      try self.init(parsing: String(decoding: bytes, as: UTF8.self))
      return
    }
    let report: JSONWriter.Value
    do throws(MalformedJSON) {
      report = try JSONReader.value(of: bytes)
    } catch {
      throw MalformedFacts(line: error.line, column: error.column, reason: error.reason)
    }
    try self.init(report: report)
  }

  /// Whether it is meant as JSON.
  ///
  /// A greeting before the facts may begin with a brace, too.
  private static func isReport(_ bytes: [UInt8]) -> Bool {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return first == UInt8(ascii: "{")
      && !text.split(separator: 0x0A).contains { line in
        line.starts(with: "facts=1".utf8)
      }
  }

  private init(report: JSONWriter.Value) throws(MalformedFacts) {
    guard case .object(let members) = report,
      case .object(let facts)? = members.first(where: { $0.key == "facts" })?.value
    else {
      throw MalformedFacts(
        line: nil, reason: "no member 'facts': it has to be what virt-nest doctor --json prints")
    }
    var values: [String: String] = [:]
    for fact in facts {
      guard case .string(let value) = fact.value else {
        throw MalformedFacts(line: nil, reason: "the value of '\(fact.key)' is no string")
      }
      guard Self.isKey(fact.key) else {
        throw MalformedFacts(line: nil, reason: "'\(fact.key)' is no key of a fact")
      }
      values[fact.key] = value
    }
    self.init(values)
  }

  /// Whether a key can stand before `=` on a line of its own.
  private static func isKey(_ key: String) -> Bool {
    !["", "facts", "end"].contains(key) && !key.hasPrefix("#")
      && !key.unicodeScalars.contains { "=\n\r".unicodeScalars.contains($0) }
  }
}
