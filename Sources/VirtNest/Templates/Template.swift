internal import LosslessXML
internal import Templates

/// A template: a domain definition, with or without a block of parameters in its metadata.
public struct Template: Sendable {
  /// The definition, including the block.
  public let definition: DomainDefinition
  /// The name of the template in its block; `nil` if there is no block.
  public let name: String?
  /// The id of the distribution; `nil` if the block names none.
  public let distribution: String?
  /// The release for which the definition is written; `nil` if the block names none.
  public let release: String?
  /// The number that the template's own name contains, with which its guests begin; mostly 0.
  package let firstIndex: Int
  /// The parameters in order; empty if there is no block.
  package let parameters: [Parameter]

  let block: Element?
  /// The identity-bound parts that no parameter makes different, found once.
  private(set) var fixedParts: [FixedPart] = []

  /// Names that cannot be parameters: their values depend on the release and the index.
  static let reservedNames = ["release", "codename", "index", "osinfo"]

  /// Reads a template.
  ///
  /// - Throws: ``VirtNestError`` with every mistake in the block.
  public init(_ definition: DomainDefinition) throws(VirtNestError) {
    self.definition = definition
    let metadata = definition.domain.child("metadata")
    let blocks = metadata?.children("template", in: DomainNamespace.template) ?? []
    guard blocks.count <= 1 else {
      throw VirtNestError([
        .error("template", "there are two blocks of parameters; remove one", at: blocks[1].place)
      ])
    }
    block = blocks.first
    guard let block else {
      (name, distribution, release, firstIndex, parameters) = (nil, nil, nil, 0, [])
      return
    }
    name = block["name"]
    let target = block.child("distribution", in: DomainNamespace.template)
    distribution = target?["id"]
    release = target?["release"]
    firstIndex = block.number("index") ?? 0
    var reader = ParameterReader(block, in: definition)
    parameters = reader.read()
    guard reader.problems.isEmpty else { throw VirtNestError(reader.problems) }
    fixedParts = fixedIdentityParts
  }

  /// The bytes of the built-in template with this name; `nil` if there is none.
  public static func builtIn(_ name: String) -> [UInt8]? { BuiltInTemplates.bytes(of: name) }

  /// The parameter with this name; `nil` if there is none.
  package func parameter(_ name: String) -> Parameter? { parameters.first { $0.name == name } }
}

/// The options for a guest made from a template.
public struct GuestRequest: Hashable, Sendable {
  /// The release as the user names it; `nil` for the release of the template.
  public var release: String?
  /// The number in the name, from 0; `nil` for the one that the template begins with.
  public var index: Int?
  /// Values of parameters by name.
  public var parameters: [String: String]
  /// Changes that are applied after the parameters.
  public var changes: GuestChanges

  /// Makes a request; without arguments it is for the template's defaults.
  public init(
    release: String? = nil, index: Int? = nil, parameters: [String: String] = [:],
    changes: GuestChanges = GuestChanges()
  ) {
    self.release = release
    self.index = index
    self.parameters = parameters
    self.changes = changes
  }
}

/// A guest's definition, made from a template.
public struct CreatedGuest: Sendable {
  /// The guest's name.
  public let name: String
  /// The definition.
  public let bytes: [UInt8]
  /// Warnings and notes about it.
  public let diagnostics: [Diagnostic]
  /// The release that it was made for; `nil` if the table of releases does not have it.
  package let release: Release?
}

extension Template {
  /// Makes a guest's definition.
  ///
  /// Parameters are set first, then other changes are applied. The uuid and the MAC addresses are
  /// derived from the name. `{name}` in a value of a word or an expression stands for the name. The
  /// block of parameters is removed.
  /// - Throws: ``VirtNestError`` with every reason.
  public func create(_ request: GuestRequest) throws(VirtNestError) -> CreatedGuest {
    var values = try ParameterValues(self, request)
    var given = request.changes
    if parameters.isEmpty, given.guest.name == nil {
      throw VirtNestError(
        "template", "this definition has no block of parameters, so the guest needs a name",
        advice: "\(.property("name", value: nil)).")
    }
    if given.identity == nil { given.identity = GuestChanges.Identity() }
    given.identity?.isCopy = parameters.isEmpty
    var (filled, edits, places, words) = try fill(&values)
    given.words = words + given.words
    if let name = given.guest.name ?? filled.domain.child("name")?.text {
      given.fill(name: name)
      for index in places.indices { places[index].change?.fill("{name}", with: name) }
    }
    let patch = try filled.patch(given)
    try checkKept(places, in: patch.result)
    return CreatedGuest(
      name: patch.result.domain.child("name")?.text ?? "", bytes: patch.bytes,
      diagnostics: definition.staleParts(in: filled, after: edits) + patch.diagnostics
        + sharedByAll(in: patch.result) { parameter($0).map(values.isGiven) ?? false },
      release: values.release)
  }

  /// The parameters whose defaults differ from the values in the definition.
  ///
  /// - Throws: ``VirtNestError`` if a default cannot be computed.
  func placesThatDefaultsChange() throws(VirtNestError) -> [String] {
    var values = try ParameterValues(self, GuestRequest())
    var names: [String] = []
    for parameter in parameters where parameter.defaultTemplate != nil {
      for place in parameter.places {
        do throws(InvalidValue) {
          let text = try place.value.filled { name throws(InvalidValue) in
            try values.value(of: name)
          }
          let isSame =
            if let change = try place.change(to: text) {
              definition.says([change])
            } else {
              place.matches.allSatisfy { $0.text.trimmingSpaces == text.trimmingSpaces }
            }
          if !isSame, !names.contains(parameter.name) { names.append(parameter.name) }
        } catch {
          throw VirtNestError("template", error.description, at: place.place)
        }
      }
    }
    return names
  }

  /// A place that a parameter given by the user has set, and the value.
  private struct WrittenPlace {
    var parameter: String
    var target: ParameterPlace.Target
    var value: String
    var change: WordChange?
  }

  /// Sets the values, and removes the block.
  private func fill(
    _ values: inout ParameterValues
  ) throws(VirtNestError) -> (DomainDefinition, [Edit], [WrittenPlace], [WordChange]) {
    var changes = Changes(definition.document)
    var words: [WordChange] = []
    var written: [WrittenPlace] = []
    var problems: [Diagnostic] = []
    for parameter in parameters {
      guard values.isWritten(parameter) else { continue }
      for place in parameter.places {
        do {
          let text = try place.value.filled { name throws(InvalidValue) in
            try values.value(of: name)
          }
          // A default has the form of the value that the definition holds, so that it can take its
          // place; what users give may need another type of disk or interface.
          let isGiven = values.isGiven(parameter)
          let change =
            isGiven || place.matches.isEmpty ? try place.change(to: text) : nil
          if let change { words.append(change) }
          for match in place.matches where change == nil { Self.write(text, to: match, &changes) }
          if isGiven, change != nil || !place.matches.isEmpty {
            written.append(
              WrittenPlace(
                parameter: parameter.name, target: place.target, value: text, change: change))
          }
        } catch {
          problems.append(.error("template", error.description, at: place.place))
        }
      }
    }
    guard problems.isEmpty else { throw VirtNestError(Self.unique(problems)) }
    removeBlock(&changes)
    let edits = try changes.edits(ofTwo: "parameters", in: definition.document)
    if edits.isEmpty { return (definition, [], written, words) }
    let bytes = edits.applied(to: definition.document.bytes)
    return (try DomainDefinition(bytes), edits, written, words)
  }

  private static func unique(_ problems: [Diagnostic]) -> [Diagnostic] {
    var seen: Set<String> = []
    return problems.filter { seen.insert($0.message).inserted }
  }

  private static func write(_ text: String, to match: XPathMatch, _ changes: inout Changes) {
    switch match {
    case .element(let element), .text(let element, _):
      changes.setText(of: element, to: text, keepingSpace: true)
    case .attribute(let element, let attribute):
      changes.setAttribute(attribute, of: element, to: text)
    }
  }

  /// Removes the block with its lines, or the whole metadata if it contains nothing else.
  private func removeBlock(_ changes: inout Changes) {
    guard let block, let metadata = block.parent else { return }
    let document = definition.document
    let before = document.bytes[metadata.content.lowerBound..<block.range.lowerBound]
    let behind = document.bytes[block.range.upperBound..<metadata.content.upperBound]
    let isAlone = (before + behind).allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    changes.remove(isAlone ? metadata : block)
  }

  /// Refuses options that have overwritten the value of a parameter given by the user.
  private func checkKept(
    _ places: [WrittenPlace], in result: DomainDefinition
  ) throws(VirtNestError) {
    guard !places.isEmpty else { return }
    let context = XPathContext(result.document, namespaces: DomainNamespace.boundPrefixes)
    var problems: [Diagnostic] = []
    for place in places {
      let isKept: Bool
      if let change = place.change {
        isKept = result.says([change])
      } else {
        // An expression with a prefix that the block declared cannot be evaluated without the block.
        guard let matches = try? context.matches(of: place.target.description) else { continue }
        isKept = !matches.isEmpty && matches.allSatisfy { $0.text == place.value }
      }
      if !isKept {
        problems.append(
          .error(
            "template",
            "the parameter '\(place.parameter)' and an option change the same place "
              + "(\(place.target)); use only one of them"))
      }
    }
    guard problems.isEmpty else { throw VirtNestError(Self.unique(problems)) }
  }
}

extension XPathMatch {
  /// The text of it.
  var text: String {
    switch self {
    case .attribute(let element, let attribute): element.value(of: attribute)
    case .element(let element), .text(let element, _): element.text
    }
  }
}
