internal import CLibXML2

extension SchemaSearch {
  /// Something that can be taken out of a tree.
  enum Part: Equatable {
    case element(Element)
    case attribute(Element, Attribute, UnsafeMutablePointer<xmlAttr>)

    /// What is to be said about it where the rest is valid without it.
    var violation: SchemaViolation {
      switch self {
      case .element(let element):
        let name = element.qualifiedName
        let around = element.parent?.qualifiedName ?? ""
        let siblings = element.parent.map { Array($0.children) } ?? []
        let first = siblings.first {
          $0.localName == element.localName && $0.namespace == element.namespace
        }
        let message =
          if let first, first != element {
            "this <\(name)> does not fit beside the one of line \(first.location.line)"
          } else {
            "<\(name)> does not fit together with what else <\(around)> has"
          }
        return SchemaViolation(kind: .element, element: element, message: message)
      case .attribute(let element, let attribute, _):
        let written = element.document.text(in: attribute.name)
        return SchemaViolation(
          kind: .attribute, element: element, attribute: attribute,
          message: "\(written)='\(element.value(of: attribute))' does not fit together with what "
            + "else <\(element.qualifiedName)> has")
      }
    }
  }
}
