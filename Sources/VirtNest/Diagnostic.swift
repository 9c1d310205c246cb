public import LosslessXML

/// Something to know about a definition, a template or a host: what is wrong, where, and what to do.
///
/// Everything that this package says about what it was given is said in this type. Printed, it is a
/// sentence: `guest.xml:3:5: error: …`.
public struct Diagnostic: Hashable, Sendable {
  /// How much it matters.
  public enum Severity: String, Hashable, Sendable, Comparable, CaseIterable {
    /// Good to know.
    case note
    /// Probably not what was meant.
    case warning
    /// It does not work: libvirt or QEMU refuses it, nesting is asked for and is not on, or a change
    /// is not made.
    case error

    /// Whether one matters less than another.
    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// What kind of thing is said; it never changes its meaning.
  ///
  /// A rule's code is `VN` and three digits, which `virt-nest explain` explains; all others are words.
  public struct Code: Hashable, Sendable, Comparable, CustomStringConvertible,
    ExpressibleByStringLiteral
  {
    /// The code as it is printed.
    public let description: String

    /// A code.
    public init(stringLiteral text: String) { description = text }

    /// Whether a code is sorted before another.
    public static func < (left: Code, right: Code) -> Bool { left.description < right.description }
  }

  /// Where something stands in a document.
  public struct Place: Hashable, Sendable {
    /// The bytes that it is about.
    public var range: Range<Int>
    /// Line and column of the first of them.
    public var start: Position

    /// A place in a document.
    public init(_ range: Range<Int>, _ start: Position) {
      self.range = range
      self.start = start
    }

    /// The place of a line and column in bytes.
    package init(_ start: Position, in bytes: [UInt8]) {
      var line = 1
      var offset = 0
      while line < start.line, let feed = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) {
        offset = feed + 1
        line += 1
      }
      offset = min(offset + start.column - 1, bytes.count)
      self.init(offset..<offset, start)
    }
  }

  /// What kind of thing is said.
  public var code: Code
  /// How much it matters.
  public var severity: Severity
  /// What is wrong, or good to know.
  public var message: String
  /// What to do; `nil` where the message says all.
  public var advice: Advice?
  /// Where; `nil` for the whole.
  public var place: Place?
  /// The file, guest or host that it is about, by the name that the caller gave it.
  public var source: String?
  /// Where the claim is known from: a file of libvirt, QEMU or Linux, or a document.
  public var reference: String?

  /// Something to know.
  public init(
    _ severity: Severity, _ code: Code, _ message: String, advice: Advice? = nil,
    at place: Place? = nil, in source: String? = nil, reference: String? = nil
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.advice = advice
    self.place = place
    self.source = source
    self.reference = reference
  }

  /// An error: it does not work, or a change is not made.
  package static func error(
    _ code: Code, _ message: String, advice: Advice? = nil, at place: Place? = nil
  ) -> Diagnostic {
    Diagnostic(.error, code, message, advice: advice, at: place)
  }

  /// A warning: probably not what was meant.
  package static func warning(
    _ code: Code, _ message: String, advice: Advice? = nil, at place: Place? = nil
  ) -> Diagnostic {
    Diagnostic(.warning, code, message, advice: advice, at: place)
  }

  /// A note: good to know.
  package static func note(
    _ code: Code, _ message: String, advice: Advice? = nil, at place: Place? = nil
  ) -> Diagnostic {
    Diagnostic(.note, code, message, advice: advice, at: place)
  }

  /// The same about a file, guest or host; one that is named already keeps its name.
  public func about(_ source: String) -> Diagnostic {
    var diagnostic = self
    diagnostic.source = self.source ?? source
    return diagnostic
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `SOURCE:LINE:COLUMN: error: MESSAGE`, and what to do on a second line.
  public var description: String {
    let origin = [source, place?.start.description].compactMap(\.self).joined(separator: ":")
    let head = origin.isEmpty ? "" : origin + ": "
    return "\(head)\(severity.rawValue): \(message)" + (advice.map { "\n    \($0)" } ?? "")
  }
}

/// What this package throws: every reason that was found, at least one of them an error.
public struct VirtNestError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reasons.
  public var diagnostics: [Diagnostic]

  /// An error with its reasons.
  public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// An error with one reason.
  public init(_ diagnostic: Diagnostic) { diagnostics = [diagnostic] }

  /// The reasons, a line or two each.
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

extension VirtNestError {
  /// An error with one reason.
  package init(
    _ code: Diagnostic.Code, _ message: String, advice: Advice? = nil,
    at place: Diagnostic.Place? = nil
  ) {
    self.init(.error(code, message, advice: advice, at: place))
  }

  /// The reasons in one line, without what they are about.
  package var message: String { diagnostics.map(\.message).joined(separator: "; ") }

  /// Whether one of the reasons has a code.
  package func has(_ code: Diagnostic.Code) -> Bool { diagnostics.contains { $0.code == code } }
}

extension VirtNestError {
  /// Bytes that are no document.
  package init(_ error: MalformedXML, in bytes: [UInt8]) {
    self.init(.error("VN001", error.message, at: .init(error.location, in: bytes)))
  }
}

extension Changes {
  /// The edits of the changes, in order.
  ///
  /// - Parameter changes: of what two have changed the same place, for a message.
  /// - Throws: ``VirtNestError`` where two do.
  package func edits(ofTwo changes: String, in document: Document) throws(VirtNestError) -> [Edit] {
    do throws(ConflictingChanges) { return try sortedEdits() } catch {
      throw VirtNestError(
        "conflict", "two \(changes) change the same place",
        at: .init(error.location, in: document.bytes))
    }
  }
}

extension Element {
  /// Where it stands.
  package var place: Diagnostic.Place { Diagnostic.Place(range, location) }

  /// Where one of its attributes stands; where it stands itself if it has no such attribute.
  package func place(ofAttribute name: String) -> Diagnostic.Place {
    guard let attribute = attribute(named: name) else { return place }
    let range = attribute.name.lowerBound..<attribute.value.upperBound
    return Diagnostic.Place(range, document.location(of: range.lowerBound))
  }
}

extension Diagnostic {
  /// The diagnostic as an object of JSON.
  ///
  /// - Parameter wording: the words for changes in its advice.
  package func json(_ wording: (Suggestion) -> String = \.description) -> JSONWriter.Value {
    let number = { (value: Int?) in value.map { JSONWriter.Value.integer($0) } ?? .null }
    return .object([
      .init("id", .string(code.description)), .init("severity", .string(severity.rawValue)),
      .init("file", .optional(source)), .init("line", number(place?.start.line)),
      .init("column", number(place?.start.column)), .init("message", .string(message)),
      .init("advice", .optional(advice?.text(wording))),
      .init("reference", .optional(reference)),
    ])
  }
}

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
