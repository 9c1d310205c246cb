internal import LosslessXML

/// A place that a parameter sets.
struct ParameterPlace: Sendable {
  /// What says where it is.
  enum Target: Hashable, Sendable {
    /// An XPath expression.
    case xpath(String)
    /// A word, such as `disk:vda,path` or `interface:1,mac`.
    case word(String)
  }

  /// What says where it is.
  var target: Target
  /// The value that is written there.
  var value: ValueTemplate
  /// The elements and attributes of the template that are there; a word may find none yet.
  var matches: [XPathMatch]
  /// The place of its `<set>` element.
  var place: Diagnostic.Place

  /// Whether the value that is written here is a parameter's value and nothing else.
  func holdsAlone(_ parameter: String) -> Bool {
    guard value.pieces.count == 1, case .value(parameter, _) = value.pieces[0] else { return false }
    return !matches.isEmpty
  }

  /// The change that writes a text by its word; `nil` for an XPath expression.
  ///
  /// - Throws: ``InvalidValue`` for a word that libvirt does not have, or does not have with this value.
  func change(to text: String) throws(InvalidValue) -> WordChange? { try target.change(to: text) }
}

extension ParameterPlace.Target {
  func change(to text: String) throws(InvalidValue) -> WordChange? {
    guard case .word(let word) = self else { return nil }
    var change = try WordChange(.edit, word + "=" + text.replacing(",", with: ",,"))
    // The template's own disk says the format where a file's name does not.
    change.keepsFormat = true
    return change
  }
}

extension ParameterPlace.Target: CustomStringConvertible {
  var description: String {
    switch self {
    case .xpath(let text), .word(let text): text
    }
  }
}

extension DomainDefinition {
  /// Whether the definition says already what changes ask.
  func says(_ words: [WordChange]) -> Bool {
    var changes = GuestChanges()
    changes.words = words
    return (try? edits(for: changes))?.isEmpty ?? false
  }

  /// What stands at the place of a word, in every device that it selects; `nil` where it selects no
  /// device.
  ///
  /// - Throws: ``InvalidValue`` for a word that names no section or device, or more than one key.
  func matches(ofWord word: String) throws(InvalidValue) -> [XPathMatch]? {
    let parts = OptionList.parts(of: word)
    guard parts.count <= 2 else {
      throw InvalidValue("word", word, "it names one place, as disk:vda,path does")
    }
    let change = try WordChange(.edit, parts[0].replacing(",", with: ",,"))
    let kind = try WordKind.named(change.kind)
    let elements = try DomainEditor(self).select(change, kind)
    guard !elements.isEmpty else { return kind.isDevice ? nil : [] }
    let key = parts.count == 2 ? parts[1] : ""
    var places = ([key] + kind.keys(ofShort: key)).compactMap {
      try? WordPlace(kind.dotted($0), in: kind.path)
    }
    if key.isEmpty { places.append(WordPlace(steps: [], leaf: .text)) }
    return elements.compactMap { element in
      places.lazy.compactMap { $0.match(in: element) }.first
    }
  }
}

extension WordPlace {
  /// What is there in an element; `nil` for nothing.
  fileprivate func match(in element: Element) -> XPathMatch? {
    guard let element = element.first(steps) else { return nil }
    guard case .attribute(let name) = leaf else { return .element(element) }
    return element.attributes.first { element.document.text(in: $0.name) == name }
      .map { .attribute(element, $0) }
  }
}
