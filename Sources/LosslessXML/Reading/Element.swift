/// An element of a document.
public struct Element: Hashable, Sendable {
  /// The document that it stands in.
  public let document: Document
  /// Its place in document order, from 0 for the root.
  public let row: Int

  var record: ElementRecord { document.records[row] }

  /// Whether both are the same element of the same document.
  public static func == (left: Element, right: Element) -> Bool {
    left.row == right.row && left.document === right.document
  }

  /// Hashes the place in the document.
  public func hash(into hasher: inout Hasher) { hasher.combine(row) }

  // MARK: Place

  /// The whole element.
  public var range: Range<Int> { Int(record.lower)..<Int(record.upper) }
  /// Its start tag; the whole element where that closes itself.
  public var startTag: Range<Int> { Int(record.lower)..<Int(record.contentLower) }
  /// What stands between its tags.
  public var content: Range<Int> { Int(record.contentLower)..<Int(record.contentUpper) }
  /// Whether it is written `<name/>`.
  public var isSelfClosed: Bool { record.isSelfClosed }
  /// Line and column of its `<`.
  public var location: Position { document.location(of: range.lowerBound) }

  // MARK: Name

  /// The name as it is written, with its prefix.
  public var qualifiedName: String { document.text(in: nameRange) }
  /// The name without a prefix that is bound.
  public var localName: String {
    document.text(in: nameRange.dropFirst(Int(record.prefixLength)))
  }
  /// The prefix as it is written; `nil` where there is none, or one that is not bound.
  public var prefix: String? {
    record.prefixLength == 0
      ? nil
      : document.text(in: nameRange.prefix(Int(record.prefixLength) - 1))
  }
  /// The namespace name; `nil` for none.
  public var namespace: String? {
    record.namespace == 0 ? nil : document.namespaces[Int(record.namespace)]
  }

  var nameRange: Range<Int> {
    let lower = Int(record.lower) + 1
    return lower..<lower + Int(record.nameLength)
  }

  /// Whether it has this local name, in whatever namespace.
  public func hasLocalName(_ name: String) -> Bool { document.hasName(record, name) }

  /// Whether it has this local name in this namespace; `nil` is no namespace.
  public func isNamed(_ localName: String, in namespace: String? = nil) -> Bool {
    let record = record
    if let namespace {
      guard record.namespace != 0, document.namespaces[Int(record.namespace)] == namespace else {
        return false
      }
    } else if record.namespace != 0 {
      return false
    }
    return document.hasName(record, localName)
  }

  /// The index of its local name in a list, searched from an index on and then from the start.
  public func firstMatch(among names: [String], from start: Int) -> Int? {
    let record = record
    let count = Int(record.nameLength - record.prefixLength)
    var index = start
    for _ in names.indices {
      if index >= names.count { index = 0 }
      if names[index].utf8.count == count, document.hasName(record, names[index]) { return index }
      index += 1
    }
    return nil
  }

  // MARK: Relations

  /// The element around it; `nil` for the root.
  public var parent: Element? {
    record.parent < 0 ? nil : Element(document: document, row: Int(record.parent))
  }

  /// Its child elements in document order.
  public var children: ChildElements {
    ChildElements(document: document, row: row + 1, end: Int(record.next))
  }

  /// The first child of this name.
  public func child(_ localName: String, in namespace: String? = nil) -> Element? {
    guard let wanted = document.index(ofNamespace: namespace),
      let row = document.row(of: localName, wanted, from: row + 1, end: Int(record.next))
    else { return nil }
    return Element(document: document, row: row)
  }

  /// The children of this name.
  public func children(_ localName: String, in namespace: String? = nil) -> [Element] {
    guard let wanted = document.index(ofNamespace: namespace) else { return [] }
    let end = Int(record.next)
    var elements: [Element] = []
    var from = row + 1
    while let row = document.row(of: localName, wanted, from: from, end: end) {
      elements.append(Element(document: document, row: row))
      from = Int(document.records[row].next)
    }
    return elements
  }

  /// The elements within it, in document order.
  public var descendants: some Sequence<Element> {
    let document = document
    return (row + 1..<Int(record.next)).lazy.map { Element(document: document, row: $0) }
  }

  // MARK: Attributes

  /// Its attributes as they are written, namespace declarations among them.
  public var attributes: [Attribute] {
    Attribute.scan(document.bytes, in: attributeRange)
  }

  /// Its attributes without those that declare a namespace.
  package var ownAttributes: [Attribute] {
    attributes.filter { attribute in
      let name = document.bytes[attribute.name]
      return !name.elementsEqual("xmlns".utf8) && !name.starts(with: "xmlns:".utf8)
    }
  }

  /// The name of an attribute as it is written, with its prefix.
  package func name(of attribute: Attribute) -> String { document.text(in: attribute.name) }

  private var attributeRange: Range<Int> {
    let record = record
    let lower = Int(record.lower) + 1 + Int(record.nameLength)
    return lower..<Int(record.contentLower) - (record.isSelfClosed ? 2 : 1)
  }

  /// The attribute that is written with this name.
  public func attribute(named name: String) -> Attribute? {
    Attribute.find(name, document.bytes, in: attributeRange)
  }

  /// The meaning of an attribute's value; `nil` where there is none of this name.
  ///
  /// - Parameter name: the name as it is written, with its prefix.
  public subscript(name: String) -> String? {
    attribute(named: name).map { value(of: $0) }
  }

  /// The meaning of an attribute's value, references resolved and white space normalised.
  public func value(of attribute: Attribute) -> String {
    Escaping.attributeValue(document.bytes[attribute.value])
  }

  /// The namespace that a prefix stands for here; `nil` where it is not bound.
  ///
  /// - Parameter prefix: a prefix; empty for the default namespace.
  public func namespace(boundTo prefix: String) -> String? {
    if prefix == "xml" { return "http://www.w3.org/XML/1998/namespace" }
    let name = prefix.isEmpty ? "xmlns" : "xmlns:" + prefix
    var element: Element? = self
    while let here = element {
      if let value = here[name] { return value.isEmpty ? nil : value }
      element = here.parent
    }
    return nil
  }

  /// The innermost prefix that stands for a namespace here; `nil` where none does.
  public func prefix(boundTo namespace: String) -> String? {
    var element: Element? = self
    while let here = element {
      for attribute in here.attributes where here.value(of: attribute) == namespace {
        let name = here.name(of: attribute)
        guard name.hasPrefix("xmlns:") else { continue }
        let prefix = String(name.dropFirst(6))
        if self.namespace(boundTo: prefix) == namespace, prefix.canBeginName { return prefix }
      }
      element = here.parent
    }
    return nil
  }

  // MARK: Text

  /// All text in it, as XPath's `string()` gives it: without comments, references resolved.
  public var text: String {
    let content = content
    let bytes = document.bytes[content]
    // What is text alone, and stands for itself.
    if !bytes.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") || $0 == 0x0D })
    {
      return String(decoding: bytes, as: UTF8.self)
    }
    var text: [UInt8] = []
    for run in TextRun.runs(in: content, of: document.bytes) {
      run.append(to: &text, document.bytes)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension String {
  /// Whether it can stand as a prefix before a name: libxml2 takes `xmlns:1`, and no `<1:a>`.
  fileprivate var canBeginName: Bool {
    guard let first = unicodeScalars.first, !utf8.contains(UInt8(ascii: ":")) else { return false }
    switch first.value {
    // What XML takes within a name and not at its start (XML 1.0, productions 4 and 4a).
    case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x0300...0x036F, 0x203F...0x2040: return false
    default: return true
    }
  }
}

/// The child elements of an element, in document order.
public struct ChildElements: Sequence, IteratorProtocol, Sendable {
  let document: Document
  var row: Int
  let end: Int

  /// The next child.
  public mutating func next() -> Element? {
    guard row < end else { return nil }
    defer { row = Int(document.records[row].next) }
    return Element(document: document, row: row)
  }
}
