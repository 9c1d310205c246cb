internal import LosslessXML

/// A value that its property cannot have.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the value is for, in the words of the command: `memory`, `disk`.
  public var property: String
  /// The value as it was given.
  public var given: String
  /// What is wrong, and what is allowed.
  public var reason: String

  /// A value that `property` cannot have.
  public init(_ property: String, _ given: String, _ reason: String) {
    self.property = property
    self.given = given
    self.reason = reason
  }

  /// `'GIVEN' is no PROPERTY: REASON`.
  public var description: String { "'\(given)' is not a valid \(property): \(reason)" }
}
