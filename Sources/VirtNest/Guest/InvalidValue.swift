/// A value that its property cannot have.
package struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the value is for, in the words of the command: `memory`, `disk`.
  package var property: String
  /// The value as it was given.
  package var given: String
  /// What is wrong, and what is allowed.
  package var reason: String

  /// A value that `property` cannot have.
  package init(_ property: String, _ given: String, _ reason: String) {
    self.property = property
    self.given = given
    self.reason = reason
  }

  /// `'GIVEN' is no PROPERTY: REASON`.
  package var description: String { "'\(given)' is not a valid \(property): \(reason)" }
}
