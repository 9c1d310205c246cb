internal import LosslessXML

/// A template: a domain definition, with or without a block of parameters in its metadata.
public struct Template: Sendable {
  /// The definition as it stands, block and all.
  public let definition: DomainDefinition
  /// The block's name of the template; `nil` where there is no block.
  public let name: String?
  /// The distribution's id; `nil` where the block says none.
  public let distribution: String?
  /// The release that the definition is written for.
  public let release: String?
  /// The parameters in order; none where there is no block.
  public let parameters: [Parameter]

  let block: Element?

  /// Names that are no parameters: their values follow from the release and the number.
  static let reservedNames = ["release", "codename", "index", "osinfo"]

  /// Reads a template.
  ///
  /// - Throws: ``TemplateError`` with every mistake in the block.
  public init(_ definition: DomainDefinition) throws(TemplateError) {
    self.definition = definition
    let metadata = definition.domain.child("metadata")
    let blocks = metadata?.children("template", in: DomainNamespace.template) ?? []
    guard blocks.count <= 1 else {
      throw TemplateError([Problem("there are two blocks of parameters", at: blocks[1].location)])
    }
    block = blocks.first
    guard let block else {
      (name, distribution, release, parameters) = (nil, nil, nil, [])
      return
    }
    name = block["name"]
    let target = block.child("distribution", in: DomainNamespace.template)
    distribution = target?["id"]
    release = target?["release"]
    var reader = ParameterReader(block)
    parameters = reader.read()
    guard reader.problems.isEmpty else { throw TemplateError(reader.problems) }
  }

  /// The parameter of a name.
  public func parameter(_ name: String) -> Parameter? { parameters.first { $0.name == name } }
}

/// Why a template cannot be used: every mistake that was found.
public struct TemplateError: Error, Hashable, Sendable {
  /// The mistakes; at least one.
  public var problems: [Problem]

  init(_ problems: [Problem]) { self.problems = problems }
}
