/// Elements that somebody wrote to be put into a document.
///
/// libxml2 decides what they mean. They are written in the manner of the place that they go to:
/// its indentation, line ends and quotes; content that is more than elements stays as it is written.
package struct Fragment: Hashable, Sendable {
  /// What was written.
  package let bytes: [UInt8]
  /// The prefixes that it uses and does not bind, sorted.
  package let freePrefixes: [String]

  /// Reads one or more elements.
  ///
  /// - Throws: ``MalformedXML`` where it is not well-formed, or anything but elements stands beside
  ///   them.
  package init(_ bytes: [UInt8]) throws(MalformedXML) {
    let root = try Self.read(bytes, bindings: [:]).root
    self.bytes = bytes
    freePrefixes = Set(root.descendants.flatMap(\.unboundPrefixes)).sorted()
    let isBetween = { (kind: Markup.Kind, range: Range<Int>) in
      kind == .text && root.document.bytes[range].allSatisfy(\.isXMLSpace)
    }
    let children = Set(root.children.map(\.range))
    for piece in root.ownPieces where !children.contains(piece.range) {
      guard isBetween(piece.kind, piece.range) else {
        throw MalformedXML(
          .notWellFormed("text or a comment stands beside the elements"), at: Self.start)
      }
    }
    guard !children.isEmpty else { throw MalformedXML(.empty, at: Self.start) }
  }

  /// The elements as they will be where prefixes stand for these namespaces.
  ///
  /// - Parameter bindings: namespace names by prefix; the empty prefix is the default namespace.
  /// - Throws: ``MalformedXML`` where a binding is none that XML allows.
  package func elements(bindings: [String: String]) throws(MalformedXML) -> [Element] {
    Array(try Self.read(bytes, bindings: bindings).root.children)
  }

  private static let start = Position(line: 1, column: 1)

  private static func read(
    _ bytes: [UInt8], bindings: [String: String]
  ) throws(MalformedXML) -> Document {
    var text = Array("<fragment".utf8)
    for (prefix, namespace) in bindings.sorted(by: { $0.key < $1.key }) {
      let name = prefix.isEmpty ? "xmlns" : "xmlns:" + prefix
      text += Array(" \(name)='".utf8)
      text += Escaping.attribute(namespace, quote: UInt8(ascii: "'")) + [UInt8(ascii: "'")]
    }
    let document = try Document(text + [UInt8(ascii: ">")] + bytes + Array("</fragment>".utf8))
    return document
  }
}

extension Element {
  /// The prefixes of its name and attributes that nothing around it binds.
  fileprivate var unboundPrefixes: [String] {
    let names = ownAttributes.map { name(of: $0) }
    return (names + [qualifiedName]).compactMap { name in
      guard let colon = name.firstIndex(of: ":") else { return nil }
      let prefix = String(name[..<colon])
      return namespace(boundTo: prefix) == nil ? prefix : nil
    }
  }

  /// Whether it holds elements and white space alone.
  private var hasElementsAlone: Bool {
    var position = content.lowerBound
    for child in children {
      guard document.bytes[position..<child.range.lowerBound].allSatisfy(\.isXMLSpace) else {
        return false
      }
      position = child.range.upperBound
    }
    return position > content.lowerBound
      && document.bytes[position..<content.upperBound].allSatisfy(\.isXMLSpace)
  }

  /// Whether another element says the same: names, namespaces, attributes in any order, text.
  ///
  /// Between elements white space means nothing.
  package func saysTheSame(as other: Element) -> Bool {
    guard localName == other.localName, namespace == other.namespace,
      meantAttributes == other.meantAttributes
    else { return false }
    let (own, others) = (Array(children), Array(other.children))
    guard own.count == others.count else { return false }
    if own.isEmpty || !(hasElementsAlone && other.hasElementsAlone) {
      guard text == other.text else { return false }
    }
    return zip(own, others).allSatisfy { $0.saysTheSame(as: $1) }
  }

  private var meantAttributes: [TextKey: TextKey] {
    var values: [TextKey: TextKey] = [:]
    for attribute in ownAttributes {
      let name = name(of: attribute)
      let parts = name.split(separator: ":", maxSplits: 1)
      let prefix = parts.count == 2 ? namespace(boundTo: String(parts[0])) : nil
      let expanded = prefix.map { "{\($0)}\(parts[1])" } ?? name
      values[TextKey(expanded)] = TextKey(value(of: attribute))
    }
    return values
  }

  /// What makes this element anew in another place.
  package var copy: NewElement {
    var copy = NewElement(qualifiedName)
    copy.attributes = attributes.map { attribute in
      NewElement.Attribute(name(of: attribute), value: value(of: attribute))
    }
    if hasElementsAlone {
      copy.children = children.map(\.copy)
    } else if !isSelfClosed {
      copy.markup = Array(document.bytes[content])
    }
    return copy
  }
}
