internal import LosslessXML

/// The paths in which a guest's name stands.
extension ParameterFinder {
  /// Paths that contain the guest's name, anywhere in the definition.
  var otherPaths: [Found] {
    guard guest.name != nil else { return [] }
    var found: [Found] = []
    for element in domain.descendants where !element.isInMetadata && !renewed.contains(element) {
      guard let select = element.selectingXPath else { continue }
      for attribute in element.attributes {
        let name = element.document.text(in: attribute.name)
        guard !name.contains(":"), let text = withName(element.value(of: attribute)) else {
          continue
        }
        found.append(path("\(element.localName)-\(name)", text, "\(select)/@\(name)"))
      }
      if element.children.first(where: { _ in true }) == nil, let text = withName(element.text) {
        found.append(path(element.localName, text, select))
      }
    }
    return found
  }

  private func path(_ name: String, _ text: String, _ select: String) -> Found {
    Found(
      name: name, type: "path", defaultText: text, pattern: nil,
      help: "A path on the host that contains the guest's name.",
      places: [(.xpath(select), "{\(name)}")])
  }

  /// A path in which `{name}` replaces the guest's name; `nil` if the text is not a path, or does not
  /// contain the name as a separate word.
  func withName(_ path: String) -> String? {
    guard let name = guest.name, !name.isEmpty, path.hasPrefix("/") else { return nil }
    let isWord = { (character: Character?) in
      character.map { $0.isLetter || $0.isNumber } ?? false
    }
    var text = ""
    var rest = path[...]
    var hasName = false
    while let range = rest.firstRange(of: name) {
      let before = rest[..<range.lowerBound]
      text += Self.literal(String(before))
      rest = rest[range.upperBound...]
      if isWord(before.last) || isWord(rest.first) {
        text += Self.literal(name)
      } else {
        text += "{name}"
        hasName = true
      }
    }
    return hasName ? text + Self.literal(String(rest)) : nil
  }

  /// Text for a value template, with braces escaped.
  static func literal(_ text: String) -> String {
    text.replacing("{", with: "{{").replacing("}", with: "}}")
  }
}
