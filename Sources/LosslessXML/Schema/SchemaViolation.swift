/// Something in a document that a schema does not allow.
public struct SchemaViolation: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of violation.
  public enum Kind: Hashable, Sendable {
    /// An element that may not stand there.
    case element
    /// An attribute that its element may not have.
    case attribute
    /// The value of an attribute does not fit.
    case attributeValue
    /// The text of an element does not fit.
    case text
    /// A child element is missing.
    case missingElement
    /// An attribute is missing.
    case missingAttribute
    /// The document is not valid, and the place is not known.
    case unknownPlace
    /// The search ended early: there may be more.
    case searchCutShort
  }

  /// What kind it is.
  public var kind: Kind
  /// The element that it is about; for something missing, where it is missing.
  public var element: Element
  /// The attribute that it is about.
  public var attribute: Attribute?
  /// What is wrong and what would be right, without the place.
  public var message: String

  /// Line and column of the attribute, or else of the element.
  public var location: Position {
    element.document.location(of: attribute?.name.lowerBound ?? element.range.lowerBound)
  }

  /// `LINE:COLUMN: MESSAGE`.
  public var description: String { "\(location): \(message)" }
}
