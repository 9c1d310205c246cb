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
      let text =
        switch match {
        case .attribute(let element, let attribute): element.value(of: attribute)
        case .element(let element), .text(let element, _): element.text
        }
      switch parameter.kind {
      case .size: return try parameter.value(text.trimmingSpaces + (format ?? ""))
      case .integer: return try parameter.value(text.trimmingSpaces)
      case .string, .path, .enum: return try parameter.value(text)
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
