internal import CLibXML2

/// What an expression selects: a place in the document.
public enum XPathMatch: Hashable, Sendable {
  /// An element.
  case element(Element)
  /// An attribute of an element.
  case attribute(Element, Attribute)
  /// Text directly in an element: its bytes, CDATA sections and references as they are written.
  case text(Element, Range<Int>)

  /// The element that it is, or stands in.
  public var element: Element {
    switch self {
    case .element(let element), .attribute(let element, _), .text(let element, _): element
    }
  }

  /// The bytes that it stands in.
  public var range: Range<Int> {
    switch self {
    case .element(let element): element.range
    case .attribute(_, let attribute): attribute.name.lowerBound..<attribute.value.upperBound + 1
    case .text(_, let range): range
    }
  }
}

/// Answers questions in XPath 1.0 about one document.
///
/// It builds libxml2's tree once for all of them. It belongs to one thread at a time, since libxml2
/// writes to it during a question. Nothing is read from a file or a network: XPath 1.0 has no
/// function that could.
public final class XPathContext {
  /// The longest expression that is taken, in bytes.
  public static let maximumLength = 4096

  private let tree: NodeTree
  private let context: UnsafeMutablePointer<xmlXPathContext>
  private let namespaces: Set<TextKey>

  /// Makes a document ready for questions.
  ///
  /// `namespaces` has the namespace name that each prefix of an expression stands for. The prefixes of
  /// the document itself mean nothing in an expression.
  public init(_ document: Document, namespaces: [String: String] = [:]) {
    tree = NodeTree(document)
    guard let context = xmlXPathNewContext(tree.pointer) else {
      preconditionFailure("out of memory")
    }
    self.context = context
    self.namespaces = Set(namespaces.keys.map { TextKey($0) })
    for (prefix, name) in namespaces { xmlXPathRegisterNs(context, prefix, name) }
    context.pointee.opLimit = Self.stepLimit(for: document)
  }

  deinit { xmlXPathFreeContext(context) }

  /// A step may copy all text of a document, so that many steps are for small documents.
  ///
  /// A path without `//` inside of predicates needs a few steps for each element.
  private static func stepLimit(for document: Document) -> CUnsignedLong {
    let bySize = 4_000_000_000 / max(document.bytes.count, 1)
    return CUnsignedLong(min(10_000_000, max(bySize, 10 * document.records.count)))
  }

  /// What an expression selects, in document order.
  ///
  /// - Parameter xpath: an expression whose result is a set of nodes; a path without a leading `/`
  ///   begins at the document.
  /// - Throws: ``XPathError`` for an expression that is wrong, that needs too many steps, or that
  ///   gives something that stands in no place.
  public func matches(of xpath: String) throws(XPathError) -> [XPathMatch] {
    guard xpath.utf8.count <= Self.maximumLength, xpath.isRepresentableInXML else {
      throw XPathError(
        expression: xpath, offset: nil,
        reason: .invalid(
          "it is longer than \(Self.maximumLength) bytes, or has a character that XML cannot carry"
        ))
    }
    let log = ErrorLog()
    context.pointee.opCount = 0
    context.pointee.depth = 0
    context.pointee.node = UnsafeMutableRawPointer(tree.pointer).assumingMemoryBound(
      to: xmlNode.self)
    context.pointee.userData = log.pointer
    context.pointee.error = { data, error in
      guard let data, let error else { return }
      ErrorLog.from(data).add(error)
    }
    // The context has its own handler, but an unknown function is also printed.
    let result = log.collecting { xmlXPathEval(xpath, context) }
    context.pointee.userData = nil
    context.pointee.error = nil
    guard let result else { throw error(in: xpath, reported: log.entries.first) }
    defer { xmlXPathFreeObject(result) }
    guard result.pointee.type == XPATH_NODESET else {
      throw XPathError(
        expression: xpath, offset: nil, reason: .notNodes(Self.description(of: result.pointee)))
    }
    var matches: [XPathMatch] = []
    if let set = result.pointee.nodesetval, let nodes = set.pointee.nodeTab {
      for index in 0..<Int(set.pointee.nodeNr) {
        guard let node = nodes[index] else { continue }
        switch match(for: node) {
        case .success(let match): matches.append(match)
        case .failure(let unplaced):
          throw XPathError(expression: xpath, offset: nil, reason: .noPlace(unplaced.name))
        }
      }
    }
    return matches.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
  }

  private struct Unplaced: Error {
    var name: String
  }

  private func match(
    for node: UnsafeMutablePointer<xmlNode>
  ) -> Result<XPathMatch, Unplaced> {
    switch node.pointee.type {
    case XML_ELEMENT_NODE:
      if let row = NodeTree.row(of: node) {
        return .success(.element(Element(document: tree.document, row: row)))
      }
    case XML_ATTRIBUTE_NODE:
      if let parent = node.pointee.parent, let row = NodeTree.row(of: parent) {
        let element = Element(document: tree.document, row: row)
        let pointer = UnsafeMutableRawPointer(node).assumingMemoryBound(to: xmlAttr.self)
        if let attribute = tree.attributes(of: element)[pointer] {
          return .success(.attribute(element, attribute))
        }
      }
    case XML_TEXT_NODE:
      if let parent = node.pointee.parent, let row = NodeTree.row(of: parent) {
        let element = Element(document: tree.document, row: row)
        if let range = tree.range(ofText: node, in: element) {
          return .success(.text(element, range))
        }
      }
    case XML_NAMESPACE_DECL: return .failure(Unplaced(name: "a namespace"))
    case XML_COMMENT_NODE: return .failure(Unplaced(name: "a comment"))
    case XML_PI_NODE: return .failure(Unplaced(name: "a processing instruction"))
    case XML_DOCUMENT_NODE: return .failure(Unplaced(name: "the document as a whole"))
    default: break
    }
    return .failure(Unplaced(name: "a node that stands nowhere in the file"))
  }

  private static func description(of result: xmlXPathObject) -> String {
    switch result.type {
    case XPATH_BOOLEAN: "the boolean \(result.boolval != 0)"
    case XPATH_NUMBER:
      result.floatval == result.floatval.rounded() && abs(result.floatval) < 1e15
        ? "the number \(Int(result.floatval))" : "the number \(result.floatval)"
    case XPATH_STRING:
      "the string '\(result.stringval.map { String(cString: $0) } ?? "")'"
    default: "something else"
    }
  }

  private func error(in xpath: String, reported: ErrorLog.Entry?) -> XPathError {
    // Prefixes and functions are looked up during evaluation, where libxml2 does not know the place
    // any more; a function behind an unknown prefix is not even reported.
    switch (reported?.code).map({ $0 - 1200 }) {
    case nil, Int(XPATH_UNDEF_PREFIX_ERROR.rawValue), Int(XPATH_UNKNOWN_FUNC_ERROR.rawValue):
      if let token = XPathNames.prefixes(in: xpath).first(where: { !isBound($0.text) }) {
        return XPathError(
          expression: xpath, offset: token.offset, reason: .unknownPrefix(token.text))
      }
      if let token = XPathNames.functions(in: xpath).first(where: { !isFunction($0.text) }) {
        return XPathError(
          expression: xpath, offset: token.offset, reason: .unknownFunction(token.text))
      }
    case Int(XPATH_OP_LIMIT_EXCEEDED.rawValue):
      return XPathError(expression: xpath, offset: nil, reason: .tooMuchWork)
    default: break
    }
    let text = reported.map { entry in
      entry.message.isEmpty ? XPathError.message(forCode: entry.code) : entry.message
    }
    let offset = reported.map(\.offset).flatMap { $0 <= xpath.utf8.count ? $0 : nil }
    return XPathError(
      expression: xpath, offset: offset, reason: .invalid(text ?? "invalid expression"))
  }

  private func isBound(_ prefix: String) -> Bool {
    prefix == "xml" || namespaces.contains(TextKey(prefix))
  }

  private func isFunction(_ name: String) -> Bool { xmlXPathFunctionLookup(context, name) != nil }
}

extension Document {
  /// What an expression of XPath 1.0 selects, in document order.
  ///
  /// It builds libxml2's tree for this one question; for several, keep an ``XPathContext``.
  /// - Throws: ``XPathError``, as ``XPathContext/matches(of:)`` does.
  public func matches(
    of xpath: String, namespaces: [String: String] = [:]
  ) throws(XPathError) -> [XPathMatch] {
    try XPathContext(self, namespaces: namespaces).matches(of: xpath)
  }
}

/// Finds names in an expression that libxml2 has refused because of one of them.
///
/// It only names the culprit in a message; it never decides whether an expression is right.
enum XPathNames {
  struct Token {
    var text: String
    /// Offset in bytes.
    var offset: Int
  }

  /// The prefixes, in order.
  static func prefixes(in xpath: String) -> [Token] {
    names(in: xpath).filter(\.isPrefix).map(\.token)
  }

  /// The names of functions, in order.
  static func functions(in xpath: String) -> [Token] {
    names(in: xpath).filter(\.isFunction).map(\.token)
  }

  private static func names(
    in xpath: String
  ) -> [(token: Token, isPrefix: Bool, isFunction: Bool)] {
    let bytes = Array(xpath.utf8)
    var names: [(token: Token, isPrefix: Bool, isFunction: Bool)] = []
    var index = 0
    while index < bytes.count {
      let start = index
      if bytes[index] == UInt8(ascii: "'") || bytes[index] == UInt8(ascii: "\"") {
        let quote = bytes[index]
        index += 1
        while index < bytes.count, bytes[index] != quote { index += 1 }
        index += 1
      } else if isNameByte(bytes[index]) {
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let following = bytes[index...].prefix(2)
        let isPrefix =
          following.first == UInt8(ascii: ":") && following.last != UInt8(ascii: ":")
        let rest = bytes[index...].drop(while: \.isXMLSpace)
        names.append(
          (Token(text: text, offset: start), isPrefix, rest.first == UInt8(ascii: "(")))
      } else if bytes[index...].starts(with: "::".utf8) {
        index += 2
      } else {
        index += 1
      }
    }
    return names
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), 0x80...:
      true
    default: false
    }
  }
}
