internal import LosslessXML

/// A place that a rule has something to say about.
struct Hit: Sendable {
  /// The element that it is about.
  let element: Element
  /// Offset into the document's bytes.
  let offset: Int
  let message: String
  let advice: String

  /// A hit at an attribute of an element, or at the element where it has no such attribute.
  init(_ element: Element, attribute: String? = nil, _ message: String, do advice: String) {
    self.element = element
    let name = attribute.flatMap { element.attribute(named: $0)?.name }
    offset = (name ?? element.range).lowerBound
    self.message = message
    self.advice = advice
  }
}

extension NestingContribution {
  /// The element that it stands in; of an argument, the one with the value.
  var element: Element {
    switch place {
    case .feature(let element), .machineAttribute(let element): element
    case .argument(_, let value): value
    }
  }
}
