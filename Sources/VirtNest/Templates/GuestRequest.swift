/// What a guest made from a template should be.
public struct GuestRequest: Hashable, Sendable {
  /// The release as the user names it; `nil` for the template's own.
  public var release: String?
  /// The number in the name, from 0.
  public var index: Int
  /// Values of parameters by name.
  public var parameters: [String: String]
  /// What should be different beyond the parameters.
  public var changes: GuestChanges

  /// A guest of a template.
  public init(
    release: String? = nil, index: Int = 0, parameters: [String: String] = [:],
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
  /// What there is to know about it.
  public let diagnostics: [Diagnostic]
  /// The release that it was made for, where the table of releases has it.
  package let release: Release?
}
