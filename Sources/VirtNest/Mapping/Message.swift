public import LosslessXML

/// Something to know about a change that was made.
public struct Message: Hashable, Sendable {
  /// How much it matters.
  public enum Level: String, Hashable, Sendable {
    /// Good to know.
    case note
    /// Something that may not be what was meant.
    case warning
  }

  /// How much it matters.
  public var level: Level
  /// What there is to know, and what to do about it.
  public var text: String
  /// Where in the definition as it was; `nil` for the whole.
  public var location: SourceLocation?

  static func note(_ text: String, at location: SourceLocation? = nil) -> Message {
    Message(level: .note, text: text, location: location)
  }

  static func warning(_ text: String, at location: SourceLocation? = nil) -> Message {
    Message(level: .warning, text: text, location: location)
  }
}

/// A reason why a change is not made.
public struct Problem: Hashable, Sendable {
  /// What is wrong and what to do.
  public var text: String
  /// Where in the definition; `nil` for the whole.
  public var location: SourceLocation?

  init(_ text: String, at location: SourceLocation? = nil) {
    self.text = text
    self.location = location
  }
}

/// Why a definition was not changed: every reason that was found.
public struct ChangeError: Error, Hashable, Sendable {
  /// The reasons; at least one.
  public var problems: [Problem]
}
