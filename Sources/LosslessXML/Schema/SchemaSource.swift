internal import CLibXML2

/// What a schema is read from.
enum SchemaSource {
  /// The absolute path of a file.
  case file(String)
  /// The schema itself, which refers to no file.
  case bytes([UInt8])

  /// Reads it as a tree, without access to a network; `nil` where it is not well-formed.
  func withTree<Result>(_ body: (UnsafeMutablePointer<xmlNode>) -> Result) -> Result? {
    let options = CInt(XML_PARSE_NONET.rawValue)
    let tree = ErrorLog().collecting {
      switch self {
      case .file(let path): xmlReadFile(path, nil, options)
      case .bytes(let bytes):
        Self.withChars(bytes) { xmlReadMemory($0, $1, nil, nil, options) }
      }
    }
    guard let tree else { return nil }
    defer { xmlFreeDoc(tree) }
    return xmlDocGetRootElement(tree).map(body)
  }

  /// Calls `body` with a context for compiling it.
  func withParserContext<Result>(_ body: (OpaquePointer) -> Result?) -> Result? {
    switch self {
    case .file(let path):
      guard let context = xmlRelaxNGNewParserCtxt(path) else { return nil }
      defer { xmlRelaxNGFreeParserCtxt(context) }
      return body(context)
    case .bytes(let bytes):
      return Self.withChars(bytes) { chars, count in
        guard let context = xmlRelaxNGNewMemParserCtxt(chars, count) else { return nil }
        defer { xmlRelaxNGFreeParserCtxt(context) }
        return body(context)
      }
    }
  }

  private static func withChars<Result>(
    _ bytes: [UInt8], _ body: (UnsafePointer<CChar>?, CInt) -> Result
  ) -> Result {
    bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress, CInt($0.count)) }
    }
  }

  /// The file that a reference names; `nil` where it is not a file that may be loaded.
  func file(_ reference: String) -> String? {
    guard case .file(let path) = self, !reference.contains(":"), !reference.hasPrefix("//") else {
      return nil
    }
    if reference.hasPrefix("/") { return reference }
    return (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + reference
  }
}

/// The references of a schema, followed before libxml2 loads them: its RELAX NG parser would also
/// load from a network, and has no option against it.
struct SchemaReferences {
  private var seen: Set<String> = []

  /// The first reference that must not be loaded; `nil` where there is none.
  static func refused(in source: SchemaSource) -> String? {
    var references = SchemaReferences()
    return references.refused(in: source)
  }

  private mutating func refused(in source: SchemaSource) -> String? {
    if case .file(let path) = source, !seen.insert(path).inserted { return nil }
    let (references, base) = source.withTree(Self.references) ?? ([], nil)
    // A base changes what a relative reference means, and no schema of files needs one.
    if let base { return base }
    for reference in references {
      guard let file = source.file(reference) else { return reference }
      if let found = refused(in: .file(file)) { return found }
    }
    return nil
  }

  /// The references of a file, and the first base that is set in it.
  private static func references(
    under root: UnsafeMutablePointer<xmlNode>
  ) -> (references: [String], base: String?) {
    var references: [String] = []
    var base: String?
    var pending = [root]
    while let node = pending.popLast() {
      var child = xmlFirstElementChild(node)
      while let here = child {
        pending.append(here)
        child = xmlNextElementSibling(here)
      }
      if let value = xmlGetNsProp(node, "base", "http://www.w3.org/XML/1998/namespace") {
        defer { virtNestFree(value) }
        base = base ?? String(cString: value)
      }
      if let value = xmlGetNoNsProp(node, "href") {
        defer { virtNestFree(value) }
        references.append(String(cString: value))
      }
    }
    return (references, base)
  }
}
