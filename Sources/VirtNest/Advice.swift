internal import LosslessXML

/// What to do about a ``Diagnostic``.
///
/// Changes that this package can make are values in it, since only the program around the package
/// knows how its users ask for them: the command prints `.mechanism(.feature)` as
/// `virt-nest patch -i --mechanism feature`. They are put into a text by interpolation:
/// `"Keep one: \(.mechanism(.feature))"`.
public struct Advice: Hashable, Sendable {
  /// A piece of the text.
  public enum Part: Hashable, Sendable {
    /// Words.
    case text(String)
    /// A change.
    case change(Suggestion)
  }

  /// The pieces, in order.
  public var parts: [Part]

  /// The text, with each change in the words of `wording`.
  public func text(_ wording: (Suggestion) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .change(let change): wording(change)
      }
    }.joined()
  }
}

/// A change that would help, without the words by which it is asked for.
public enum Suggestion: Hashable, Sendable {
  /// Switch nesting on, or off.
  case nesting(Bool)
  /// Say in the definition that nesting is off.
  case explicitlyOff
  /// Move nesting to a mechanism.
  case mechanism(NestingMechanism)
  /// Switch nesting off, and take out the wrapper of a path.
  case withoutWrapper(String)
  /// Use an interface of nesting.
  case api(NestedAPI)
  /// Give a property of the guest a value; a new one where `nil`.
  case property(String, value: String?)
  /// Change a property of a device, found by a selector.
  case edit(String, selector: String?, value: String)
  /// Derive uuid and addresses anew from the name.
  case newIdentity
  /// Make it a guest that runs under TCG.
  case emulated
  /// Take away and convert what a pseries guest cannot have.
  case mendForPSeries
  /// Make the change although it is refused.
  case force
  /// Accept that what is to be changed is not there.
  case ifPresent
  /// Bind a prefix to a namespace.
  case namespace(prefix: String)
  /// Remove what an XPath expression selects.
  case delete(xpath: String)
  /// Choose a release of the distribution.
  case release
  /// List the templates.
  case listTemplates
  /// Make a template of a guest.
  case newTemplate
}

extension Advice: ExpressibleByStringInterpolation {
  /// Collects the pieces of a literal.
  public struct StringInterpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    /// An empty collection.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Adds words of the literal.
    public mutating func appendLiteral(_ literal: String) {
      if !literal.isEmpty { parts.append(.text(literal)) }
    }

    /// Adds a change.
    public mutating func appendInterpolation(_ change: Suggestion) {
      parts.append(.change(change))
    }

    /// Adds a value as text.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      parts.append(.text(value.description))
    }
  }

  /// Words alone.
  public init(stringLiteral text: String) { parts = [.text(text)] }

  /// Words and changes.
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }
}

extension Advice {
  /// One text behind the other.
  static func + (left: Advice, right: Advice) -> Advice {
    var sum = left
    sum.parts += right.parts
    return sum
  }
}

extension Advice: CustomStringConvertible {
  /// The text, with each change in plain words.
  public var description: String { text(\.description) }
}

extension Suggestion: CustomStringConvertible {
  /// The change in plain words, as the end of a sentence.
  public var description: String {
    switch self {
    case .nesting(let isOn): "switch nesting \(isOn ? "on" : "off")"
    case .explicitlyOff: "say that nesting is off"
    case .mechanism(let mechanism): "switch nesting on by the mechanism \(mechanism.rawValue)"
    case .withoutWrapper(let path): "switch nesting off without the wrapper \(path)"
    case .api(let api): "use the nested API \(api.rawValue)"
    case .property(let name, nil): "give the guest another \(name)"
    case .property(let name, let value?): "set \(name) to \(value)"
    case .edit(let kind, let selector, let value):
      "set \(value) of \(kind)\(selector.map { " " + $0 } ?? "")"
    case .newIdentity: "derive uuid and MAC addresses from the name"
    case .emulated: "make it a guest that runs under TCG"
    case .mendForPSeries: "make a pseries guest of what a PC left"
    case .force: "Force the change"
    case .ifPresent: "Accept that it may be missing"
    case .namespace(let prefix): "bind the prefix '\(prefix)' to a namespace"
    case .delete(let xpath): "remove \(xpath)"
    case .release: "choose a release"
    case .listTemplates: "list the templates"
    case .newTemplate: "make a template of the guest"
    }
  }
}
