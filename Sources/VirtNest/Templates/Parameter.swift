internal import LosslessXML

/// A parameter of a template: its allowed values and the places that it sets.
package struct Parameter: Sendable {
  /// The kinds of values.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case string
    case integer
    case size
    case path
    case `enum`

    /// The number in a text, of bytes for a size; `nil` where there is none, and for other kinds.
    func number(_ text: String) -> Int? {
      switch self {
      case .integer: Int(text)
      // Every size that is read is below 2^63 bytes.
      case .size: (try? MemorySize(text)).map { Int($0.bytes) }
      case .string, .path, .enum: nil
      }
    }
  }

  /// The name by which `--set NAME=VALUE` sets it.
  package let name: String
  /// The kind of its values.
  package let kind: Kind
  /// The help text.
  package let help: String?
  /// The default, in which other values may be referenced; `nil` if the definition itself holds it.
  package let defaultText: String?
  /// The least value of an integer or a size, as written in the block.
  package let minimum: String?
  /// The greatest value of an integer or a size, as written in the block.
  package let maximum: String?
  /// The number of which an integer or a size must be a multiple, as written in the block.
  package let multiple: String?
  /// The regular expression of XML Schema that a string or path must match.
  package let pattern: String?
  /// The values of an enum.
  package let values: [String]
  /// The place of its element.
  package let place: Diagnostic.Place

  /// The longest value, in bytes, that is matched against a pattern.
  static let mostMatched = 512

  let defaultTemplate: ValueTemplate?
  let compiledPattern: Pattern?
  let places: [ParameterPlace]

  /// Whether it has a default: written in the block, or as the whole value of one of its places.
  var hasDefault: Bool { defaultTemplate != nil || places.contains { $0.holdsAlone(name) } }

  /// Checks whether a value is allowed.
  ///
  /// - Throws: ``InvalidValue`` with the parameter, the value and what is allowed.
  package func check(_ text: String) throws(InvalidValue) { _ = try value(text) }

  /// Reads a value.
  ///
  /// - Throws: ``InvalidValue`` with the parameter, the value and what is allowed.
  func value(_ text: String) throws(InvalidValue) -> ParameterValue {
    guard text.isRepresentableInXML else {
      throw InvalidValue(name, text, "it contains a character that XML does not allow")
    }
    switch kind {
    case .string, .path:
      if kind == .path, !text.hasPrefix("/") {
        throw InvalidValue(name, text, "it must be an absolute path; \(allowed)")
      }
      // The time that libxml2 needs can grow with the cube of the length.
      if compiledPattern != nil, text.utf8.count > Self.mostMatched {
        throw InvalidValue(
          name, String(text.prefix(40)) + "…",
          "a value for a parameter with a pattern may have at most \(Self.mostMatched) bytes")
      }
      if let compiledPattern, !compiledPattern.matches(text) {
        throw InvalidValue(name, text, allowed)
      }
      return .text(text)
    case .enum:
      guard values.contains(text) else { throw InvalidValue(name, text, allowed) }
      return .text(text)
    case .integer:
      guard let number = Int(text), isInRange(number) else {
        throw InvalidValue(name, text, allowed)
      }
      return .integer(number)
    case .size:
      let size: MemorySize
      do { size = try MemorySize(text) } catch {
        throw InvalidValue(name, text, error.reason + "; " + allowed)
      }
      guard isInRange(Int(size.bytes)) else { throw InvalidValue(name, text, allowed) }
      return .size(size)
    }
  }

  /// The allowed values, as text.
  package var allowed: String {
    var words: [String] = []
    switch kind {
    case .string: words.append(pattern == nil ? "any text" : "text that matches \(pattern ?? "")")
    case .path: words.append("an absolute path" + (pattern.map { " that matches \($0)" } ?? ""))
    case .enum: words.append("one of \(values.joined(separator: ", "))")
    case .integer: words.append("a whole number")
    case .size: words.append("a size such as 4096 (MiB) or 4G")
    }
    if let minimum { words.append("at least \(minimum)") }
    if let maximum { words.append("at most \(maximum)") }
    if let multiple { words.append("a multiple of \(multiple)") }
    return words.joined(separator: ", ")
  }

  private func isInRange(_ number: Int) -> Bool {
    (minimum.flatMap(kind.number).map { number >= $0 } ?? true)
      && (maximum.flatMap(kind.number).map { number <= $0 } ?? true)
      && (multiple.flatMap(kind.number).map { number.isMultiple(of: $0) } ?? true)
  }
}

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

extension ParameterPlace.Target: CustomStringConvertible {
  var description: String {
    switch self {
    case .xpath(let text), .word(let text): text
    }
  }

  func change(to text: String) throws(InvalidValue) -> WordChange? {
    guard case .word(let word) = self else { return nil }
    var change = try WordChange(.edit, word + "=" + text.replacing(",", with: ",,"))
    // The template's own disk says the format where a file's name does not.
    change.keepsFormat = true
    return change
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
    return element.attribute(named: name).map { .attribute(element, $0) }
  }
}
