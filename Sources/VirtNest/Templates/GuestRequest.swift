/// What a guest made from a template should be.
package struct GuestRequest: Hashable, Sendable {
  /// The release as the user names it; `nil` for the template's own.
  package var release: String?
  /// The number in the name, from 0.
  package var index: Int
  /// Values of parameters by name.
  package var parameters: [String: String]
  /// What should be different beyond the parameters.
  package var changes: GuestChanges

  /// A guest of a template.
  package init(
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
package struct CreatedGuest: Sendable {
  /// The guest's name.
  package let name: String
  /// The definition.
  package let bytes: [UInt8]
  /// What there is to know about it.
  package let diagnostics: [Diagnostic]
  /// The release that it was made for, where the table of releases has it.
  package let release: Release?
}
