internal import CLibXML2

/// libxml2's own tree of a document, each element tied to its place.
///
/// It costs three times what ``Document`` costs, and is built only for XPath and for validation.
/// Elements are tied by counting them in document order, which is the order of a document's rows.
final class NodeTree {
  let document: Document
  let pointer: UnsafeMutablePointer<xmlDoc>
  /// The elements by row.
  let nodes: [UnsafeMutablePointer<xmlNode>]
  /// Which elements were taken out of the tree, by row; made when it is needed.
  private var isOut: [Bool] = []
  /// The attributes that were taken out.
  private var detachedAttributes: Set<UnsafeMutablePointer<xmlAttr>> = []
  /// The row of the sibling before each element, -1 for none; made when it is needed.
  private var previousSiblings: [Int32] = []
  /// The attributes of the element that was asked about last.
  private var attributesOfLast: (row: Int, places: [UnsafeMutablePointer<xmlAttr>: Attribute])?
  /// The text of the elements that were asked about, each cut into pieces once.
  private var textRanges: [Int: [UnsafeMutablePointer<xmlNode>: Range<Int>]] = [:]

  init(_ document: Document) {
    LibXML2.initialize()
    self.document = document
    // Adjacent text and CDATA become one node, as XPath wants it. The limits that `HUGE` lifts are
    // Document's to keep: it has taken these bytes, whose size and depth are bounded.
    let options =
      XML_PARSE_NONET.rawValue | XML_PARSE_NOCDATA.rawValue | XML_PARSE_HUGE.rawValue
      | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    let tree = document.bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { chars in
        xmlReadMemory(chars.baseAddress, CInt(chars.count), nil, nil, CInt(options))
      }
    }
    guard let tree else { preconditionFailure("libxml2 took these bytes before") }
    pointer = tree
    var nodes: [UnsafeMutablePointer<xmlNode>] = []
    nodes.reserveCapacity(document.records.count)
    var next = xmlDocGetRootElement(tree)
    while let node = next {
      nodes.append(node)
      node.pointee._private = UnsafeMutableRawPointer(bitPattern: nodes.count)
      next = Self.element(behind: node)
    }
    precondition(nodes.count == document.records.count, "the tree has other elements")
    self.nodes = nodes
    // Without it, putting two siblings in order walks over all that stand between them.
    xmlXPathOrderDocElems(tree)
  }

  deinit {
    // What was taken out is not freed with the tree.
    for attribute in detachedAttributes { xmlFreeProp(attribute) }
    for row in isOut.indices where isOut[row] { xmlFreeNode(nodes[row]) }
    xmlFreeDoc(pointer)
  }

  // MARK: Places

  /// The row of an element; `nil` for other nodes.
  static func row(of node: UnsafeMutablePointer<xmlNode>) -> Int? {
    guard node.pointee.type == XML_ELEMENT_NODE, let tag = node.pointee._private else { return nil }
    return Int(bitPattern: tag) - 1
  }

  /// The next element in document order.
  private static func element(
    behind node: UnsafeMutablePointer<xmlNode>
  ) -> UnsafeMutablePointer<xmlNode>? {
    if let child = xmlFirstElementChild(node) { return child }
    var current: UnsafeMutablePointer<xmlNode>? = node
    while let here = current, here.pointee.type == XML_ELEMENT_NODE {
      if let sibling = xmlNextElementSibling(here) { return sibling }
      current = here.pointee.parent
    }
    return nil
  }

  /// The attributes of an element as nodes, each with its place.
  ///
  /// libxml2 keeps them in the order in which they are written, namespace declarations apart.
  func attributes(of element: Element) -> [UnsafeMutablePointer<xmlAttr>: Attribute] {
    if let last = attributesOfLast, last.row == element.row { return last.places }
    let written = element.ownAttributes
    var places: [UnsafeMutablePointer<xmlAttr>: Attribute] = [:]
    var next = nodes[element.row].pointee.properties
    for attribute in written {
      guard let node = next else { break }
      places[node] = attribute
      next = node.pointee.next
    }
    precondition(next == nil && places.count == written.count, "the tree has other attributes")
    attributesOfLast = (element.row, places)
    return places
  }

  /// The bytes of a text node: all text and CDATA between the markup around it.
  func range(ofText node: UnsafeMutablePointer<xmlNode>, in element: Element) -> Range<Int>? {
    if let known = textRanges[element.row] { return known[node] }
    let ranges = ranges(ofTextIn: element)
    textRanges[element.row] = ranges
    return ranges[node]
  }

  private func ranges(
    ofTextIn element: Element
  ) -> [UnsafeMutablePointer<xmlNode>: Range<Int>] {
    // What stands between other nodes is paired by counting those, which is safe where libxml2
    // leaves out empty text.
    var gaps: [Range<Int>?] = [nil]
    for piece in element.ownPieces {
      switch piece.kind {
      case .text, .cdata:
        let lower = gaps[gaps.count - 1]?.lowerBound ?? piece.range.lowerBound
        gaps[gaps.count - 1] = lower..<piece.range.upperBound
      case .comment, .processingInstruction, .tag: gaps.append(nil)
      }
    }
    var ranges: [UnsafeMutablePointer<xmlNode>: Range<Int>] = [:]
    var gap = 0
    var next = nodes[element.row].pointee.children
    while let node = next, gap < gaps.count {
      if node.pointee.type == XML_TEXT_NODE { ranges[node] = gaps[gap] } else { gap += 1 }
      next = node.pointee.next
    }
    return ranges
  }

  // MARK: Meaning

  /// What libxml2 says that an attribute's value is.
  func value(of attribute: UnsafeMutablePointer<xmlAttr>) -> String {
    guard let value = xmlNodeListGetString(pointer, attribute.pointee.children, 1) else {
      return ""
    }
    defer { virtNestFree(value) }
    return String(cString: value)
  }

  /// What libxml2 says that the text of an element is.
  func text(of element: Element) -> String {
    guard let text = xmlNodeGetContent(nodes[element.row]) else { return "" }
    defer { virtNestFree(text) }
    return String(cString: text)
  }

  /// What libxml2 says that the name and the namespace of an element are.
  func name(of element: Element) -> (localName: String, namespace: String?) {
    let node = nodes[element.row].pointee
    return (
      node.name.map { String(cString: $0) } ?? "",
      node.ns.flatMap { $0.pointee.href }.map { String(cString: $0) }
    )
  }

  // MARK: Taking out and putting back

  /// Whether an element itself was taken out.
  func isDetached(_ element: Element) -> Bool { !isOut.isEmpty && isOut[element.row] }

  /// Gives an attribute another value.
  func setValue(of attribute: UnsafeMutablePointer<xmlAttr>, to value: String) {
    guard let element = attribute.pointee.parent else { return }
    xmlSetNsProp(element, attribute.pointee.ns, attribute.pointee.name, value)
  }

  /// Takes an element out of the tree.
  func detach(_ element: Element) {
    if isOut.isEmpty { isOut = Array(repeating: false, count: nodes.count) }
    guard !isOut[element.row] else { return }
    isOut[element.row] = true
    xmlUnlinkNode(nodes[element.row])
  }

  /// Takes an attribute out of the tree.
  func detach(_ attribute: UnsafeMutablePointer<xmlAttr>) {
    guard detachedAttributes.insert(attribute).inserted else { return }
    xmlUnlinkNode(Self.generic(attribute))
  }

  /// Puts an element back among its siblings, in the order of the document.
  func attach(_ element: Element) {
    guard let parent = element.parent, isDetached(element) else { return }
    isOut[element.row] = false
    if previousSiblings.isEmpty { previousSiblings = siblingsBefore() }
    var previous = Int(previousSiblings[element.row])
    while previous >= 0, isOut[previous] { previous = Int(previousSiblings[previous]) }
    let node = nodes[element.row]
    if previous >= 0 {
      xmlAddNextSibling(nodes[previous], node)
    } else if let first = nodes[parent.row].pointee.children {
      xmlAddPrevSibling(first, node)
    } else {
      xmlAddChild(nodes[parent.row], node)
    }
  }

  private func siblingsBefore() -> [Int32] {
    var before = [Int32](repeating: -1, count: nodes.count)
    for row in nodes.indices {
      let next = Int(document.records[row].next)
      if next < nodes.count, document.records[next].parent == document.records[row].parent {
        before[next] = Int32(row)
      }
    }
    return before
  }

  /// Puts an attribute back; their order means nothing.
  func attach(_ attribute: UnsafeMutablePointer<xmlAttr>, to element: Element) {
    guard detachedAttributes.remove(attribute) != nil else { return }
    xmlAddChild(nodes[element.row], Self.generic(attribute))
  }

  private static func generic(
    _ attribute: UnsafeMutablePointer<xmlAttr>
  ) -> UnsafeMutablePointer<xmlNode> {
    UnsafeMutableRawPointer(attribute).assumingMemoryBound(to: xmlNode.self)
  }
}

extension Element {
  /// The pieces of its content; each child element is one of them.
  var ownPieces: [(kind: Markup.Kind, range: Range<Int>)] {
    var pieces: [(kind: Markup.Kind, range: Range<Int>)] = []
    var position = content.lowerBound
    for child in children {
      pieces += Markup.pieces(in: position..<child.range.lowerBound, of: document.bytes)
      pieces.append((.tag, child.range))
      position = child.range.upperBound
    }
    return pieces + Markup.pieces(in: position..<content.upperBound, of: document.bytes)
  }
}
