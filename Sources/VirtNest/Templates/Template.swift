internal import LosslessXML
internal import Templates

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
  package let parameters: [Parameter]

  let block: Element?

  /// Names that are no parameters: their values follow from the release and the number.
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
        .error("template", "there are two blocks of parameters", at: blocks[1].place)
      ])
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
    guard reader.problems.isEmpty else { throw VirtNestError(reader.problems) }
  }

  /// The bytes of a built-in template; `nil` where there is none of the name.
  public static func builtIn(_ name: String) -> [UInt8]? { BuiltInTemplates.bytes(of: name) }

  /// The parameter of a name.
  package func parameter(_ name: String) -> Parameter? { parameters.first { $0.name == name } }
}
