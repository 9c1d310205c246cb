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
      guard isInRange(size) else { throw InvalidValue(name, text, allowed) }
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
    (minimum.flatMap { Int($0) }.map { number >= $0 } ?? true)
      && (maximum.flatMap { Int($0) }.map { number <= $0 } ?? true)
      && (multiple.flatMap { Int($0) }.map { number.isMultiple(of: $0) } ?? true)
  }

  private func isInRange(_ size: MemorySize) -> Bool {
    let limit = { (text: String?) in text.flatMap { try? MemorySize($0) } }
    return (limit(minimum).map { size >= $0 } ?? true)
      && (limit(maximum).map { size <= $0 } ?? true)
      && (limit(multiple).map { size.bytes.isMultiple(of: $0.bytes) } ?? true)
  }
}
