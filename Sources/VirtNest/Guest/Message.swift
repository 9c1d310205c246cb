package import LosslessXML

/// Something to know about a change that was made.
package struct Message: Hashable, Sendable {
  /// How much it matters.
  package enum Level: String, Hashable, Sendable {
    /// Good to know.
    case note
    /// Something that may not be what was meant.
    case warning
  }

  /// How much it matters.
  package var level: Level
  /// What there is to know, and what to do about it.
  package var text: String
  /// Where in the definition as it was; `nil` for the whole.
  package var location: SourceLocation?

  static func note(_ text: String, at location: SourceLocation? = nil) -> Message {
    Message(level: .note, text: text, location: location)
  }

  static func warning(_ text: String, at location: SourceLocation? = nil) -> Message {
    Message(level: .warning, text: text, location: location)
  }
}

/// A reason why a change is not made.
package struct Problem: Hashable, Sendable {
  /// What is wrong and what to do.
  package var text: String
  /// Where in the definition; `nil` for the whole.
  package var location: SourceLocation?

  package init(_ text: String, at location: SourceLocation? = nil) {
    self.text = text
    self.location = location
  }
}

/// Why a definition was not changed: every reason that was found.
package struct ChangeError: Error, Hashable, Sendable {
  /// The reasons; at least one.
  package var problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }
}
