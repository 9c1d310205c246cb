internal import LosslessXML

/// The values of a template's parameters for one guest: given by the user, computed from a default,
/// or held by the definition.
struct ParameterValues {
  let template: Template
  let given: [String: String]
  /// The release in the table of releases; `nil` if the table does not have it.
  let release: Release?
  private let releaseText: String?
  private let index: Int
  private var known: [String: ParameterValue] = [:]
  private var open: [String] = []

  /// Checks the values of a request.
  ///
  /// - Throws: ``VirtNestError`` for unknown parameters and releases, and for invalid values.
  init(_ template: Template, _ request: GuestRequest) throws(VirtNestError) {
    self.template = template
    given = request.parameters
    index = request.index ?? template.firstIndex
    var problems: [Diagnostic] = []
    if index < 0 || index > 999_999_999 {
      problems.append(.error("template", "the index \(index) must be from 0 to 999999999"))
    }
    let text = request.release ?? template.release
    let row = text.flatMap { text in
      template.distribution.flatMap { ReleaseTable.release(distribution: $0, matching: text) }
    }
    release = row
    releaseText = row?.id ?? text
    if let asked = request.release, row == nil {
      problems.append(.error("template", Self.unknownRelease(asked, template)))
    }
    for (name, text) in given.sorted(by: { $0.key < $1.key }) {
      guard let parameter = template.parameter(name) else {
        problems.append(.error("template", Self.unknownParameter(name, template)))
        continue
      }
      do { known[name] = try parameter.value(text) } catch {
        problems.append(.error("template", error.description))
      }
    }
    guard problems.isEmpty else { throw VirtNestError(problems) }
  }

  private static func unknownRelease(_ text: String, _ template: Template) -> String {
    guard let distribution = template.distribution else {
      return "this template has no releases, because its block names no distribution"
    }
    let known = ReleaseTable.knownReleases(of: distribution)
    if known.isEmpty { return "no releases of '\(distribution)' are known" }
    return "there is no release '\(text)' of \(distribution); the releases are "
      + known.joined(separator: ", ")
  }

  private static func unknownParameter(_ name: String, _ template: Template) -> String {
    let known = template.parameters.map(\.name).joined(separator: ", ")
    return "there is no parameter '\(name)'; "
      + (known.isEmpty ? "this template has none" : "the parameters are \(known)")
  }

  /// Whether a parameter was given a value.
  func isGiven(_ parameter: Parameter) -> Bool { given[parameter.name] != nil }

  /// Whether a parameter's places are written; the definition holds the values of the others.
  func isWritten(_ parameter: Parameter) -> Bool {
    isGiven(parameter) || parameter.defaultTemplate != nil
  }

  /// The value of a parameter or of a reserved name.
  ///
  /// - Throws: ``InvalidValue`` for an unknown name, a circular reference and an invalid default.
  mutating func value(of name: String) throws(InvalidValue) -> ParameterValue {
    if let value = known[name] { return value }
    guard !open.contains(name) else {
      throw InvalidValue(
        "value", name, "it refers to itself: \((open + [name]).joined(separator: " -> "))")
    }
    open.append(name)
    defer { open.removeLast() }
    let value: ParameterValue
    if let reserved = try reserved(name) { value = reserved } else { value = try computed(name) }
    known[name] = value
    return value
  }

  private func reserved(_ name: String) throws(InvalidValue) -> ParameterValue? {
    switch name {
    case "index": return .integer(index)
    case "release":
      guard let releaseText else {
        throw InvalidValue("value", name, "the template names no release; choose one")
      }
      return .text(releaseText)
    case "codename":
      guard let codename = release?.codename else {
        throw InvalidValue("value", name, "the release \(releaseText ?? "") has no code name")
      }
      return .text(codename)
    case "osinfo":
      guard let release else {
        throw InvalidValue(
          "value", name, "the table of releases does not contain \(releaseText ?? "the release")")
      }
      return .text(release.osinfoID)
    default: return nil
    }
  }

  private mutating func computed(_ name: String) throws(InvalidValue) -> ParameterValue {
    guard let parameter = template.parameter(name) else {
      throw InvalidValue("value", name, "there is no parameter of this name")
    }
    guard let defaultTemplate = parameter.defaultTemplate else {
      return try documentValue(parameter)
    }
    let text = try defaultTemplate.filled { name throws(InvalidValue) in try self.value(of: name) }
    return try parameter.value(text)
  }

  /// The value at a place of the definition that holds only this parameter.
  private func documentValue(_ parameter: Parameter) throws(InvalidValue) -> ParameterValue {
    for place in parameter.places {
      guard place.value.pieces.count == 1, let match = place.matches.first,
        case .value(parameter.name, let format) = place.value.pieces[0]
      else { continue }
      switch parameter.kind {
      case .size: return try parameter.value(match.text.trimmingSpaces + (format ?? ""))
      case .integer: return try parameter.value(match.text.trimmingSpaces)
      case .string, .path, .enum: return try parameter.value(match.text)
      }
    }
    throw InvalidValue(
      "value", parameter.name, "it needs a default, because no place holds its value alone")
  }
}

extension Template {
  /// The default of a parameter, for the template's own release and index 0, with the expression from
  /// which it is computed.
  package func defaultDescription(of parameter: Parameter) -> String {
    guard var values = try? ParameterValues(self, GuestRequest()),
      let value = try? values.value(of: parameter.name)
    else { return parameter.defaultText ?? "the value in the definition" }
    let text =
      switch value {
      case .text(let text): text
      case .integer(let number): String(number)
      case .size(let size): size.description
      }
    return parameter.defaultText.map { $0 == text ? text : "\(text) (from \($0))" } ?? text
  }
}

/// Text with references to other values: `kata-fedora-{release}-vm-{index:02}`.
///
/// `{name}` stands for a value, `{index:02}` for a number of at least two digits, `{memory:MiB}` for
/// a size in that unit; `{{` and `}}` stand for braces. Braces in an inserted value have no meaning.
struct ValueTemplate: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case text(String)
    case value(name: String, format: String?)
  }

  /// The longest result, in bytes.
  static let longest = 65_536

  let text: String
  let pieces: [Piece]

  /// Reads a template.
  ///
  /// - Throws: ``InvalidValue`` for an unmatched brace.
  init(_ text: String) throws(InvalidValue) {
    self.text = text
    var pieces: [Piece] = []
    var literal = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        literal.append(character)
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw InvalidValue("value", text, "a '{' is not closed; write '{{' for a brace")
        }
        if !literal.isEmpty { pieces.append(.text(String(literal))) }
        literal = .init()
        let parts = Substring(rest[..<end]).split(
          separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        pieces.append(
          .value(name: String(parts[0]), format: parts.count > 1 ? String(parts[1]) : nil))
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw InvalidValue("value", text, "a '}' closes nothing; write '}}' for a brace")
      } else {
        literal.append(character)
      }
    }
    if !literal.isEmpty { pieces.append(.text(String(literal))) }
    self.pieces = pieces
  }

  /// The names of the values that it refers to.
  var names: [String] {
    pieces.compactMap { piece in
      if case .value(let name, _) = piece { name } else { nil }
    }
  }

  /// The text with all references replaced.
  ///
  /// - Parameter value: returns the value of a name.
  /// - Throws: what `value` throws, and ``InvalidValue`` if a format does not fit a value.
  func filled(
    _ value: (String) throws(InvalidValue) -> ParameterValue
  ) throws(InvalidValue) -> String {
    var filled = ""
    for piece in pieces {
      switch piece {
      case .text(let text): filled += text
      case .value(let name, let format): filled += try value(name).formatted(format, name)
      }
      // Without a limit, values that refer to each other twice would double with each step.
      guard filled.utf8.count <= Self.longest else {
        throw InvalidValue(
          "value", text, "it is longer than \(Self.longest) bytes with other values inserted")
      }
    }
    return filled
  }
}

/// The value of a parameter or of a reserved name.
enum ParameterValue: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case size(MemorySize)

  /// The value as text, in a format such as `02` or `MiB`.
  func formatted(_ format: String?, _ name: String) throws(InvalidValue) -> String {
    switch (self, format) {
    case (.text(let text), nil): return text
    case (.integer(let number), nil): return String(number)
    case (.integer(let number), let format?):
      guard format.hasPrefix("0"), let width = Int(format), (1...20).contains(width) else {
        throw InvalidValue(
          "format", format, "the format of a number is a width, as in {\(name):02}")
      }
      return (number < 0 ? "-" : "") + number.magnitude.digits(width)
    case (.size(let size), let format?):
      guard let unit = MemorySize.Unit(format) else {
        throw InvalidValue("format", format, "the format of a size is a unit, as in {\(name):MiB}")
      }
      guard let count = size.count(of: unit) else {
        throw InvalidValue(
          name, size.description, "the template needs a whole number of \(format)")
      }
      return String(count)
    case (.size, nil):
      throw InvalidValue("format", "", "a size needs a unit, as in {\(name):MiB}")
    case (.text, let format?):
      throw InvalidValue("format", format, "'\(name)' is text, which has no format")
    }
  }
}
