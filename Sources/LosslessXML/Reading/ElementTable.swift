internal import CLibXML2
internal import Glibc

/// One row of the table of elements: where an element stands and whose child it is.
///
/// Offsets are 32 bits wide, since a document is at most ``Document/maximumSize`` long.
struct ElementRecord {
  /// Offset of the `<` of its start tag.
  var lower: UInt32
  /// Offset behind the start tag.
  var contentLower: UInt32
  /// Offset of its end tag; that of ``contentLower`` where it is self-closed.
  var contentUpper: UInt32
  /// Offset behind the element.
  var upper: UInt32
  /// Row of the parent; -1 for the root.
  var parent: Int32
  /// Row behind the last one of its descendants.
  var next: Int32
  /// Length of the qualified name in bytes.
  var nameLength: UInt32
  /// Length of the prefix and its colon in bytes; 0 where there is none, or none that is bound.
  var prefixLength: UInt32
  /// Index into ``Document/namespaces``; 0 for none.
  var namespace: UInt32

  var isSelfClosed: Bool { contentLower == upper }

  /// Whether its local name is this one; the bytes are those of the document.
  func hasName(_ name: UnsafeBufferPointer<UInt8>, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard name.count == Int(nameLength - prefixLength), let name = name.baseAddress,
      let base = bytes.baseAddress
    else { return false }
    let own = base + Int(lower) + 1 + Int(prefixLength)
    return memcmp(own, name, Int(nameLength - prefixLength)) == 0
  }
}

/// The table of elements, made in one run of libxml2's SAX2 parser and the scanner beside it.
struct ElementTable {
  let records: [ElementRecord]
  let namespaces: [String]

  init(reading bytes: [UInt8]) throws(MalformedXML) {
    try InputEncoding.check(bytes)
    guard !bytes.isEmpty else {
      throw MalformedXML(.empty, at: Position(line: 1, column: 1))
    }
    LibXML2.initialize()
    guard let context = xmlNewParserCtxt() else { preconditionFailure("out of memory") }
    defer { xmlFreeParserCtxt(context) }
    context.pointee.sax.pointee = SAXRun.handlers
    // libxml2 wants a 0 behind the bytes.
    let outcome: Result<ElementTable, MalformedXML> = (bytes + [0]).withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { preconditionFailure("there is a 0 at least") }
      var run = SAXRun(scanner: TagScanner(base, count: bytes.count), context: context)
      if let refusal = run.parse() { return .failure(refusal) }
      return .success(ElementTable(records: run.rows, namespaces: run.namespaces))
    }
    self = try outcome.get()
  }

  private init(records: [ElementRecord], namespaces: [String]) {
    self.records = records
    self.namespaces = namespaces
  }
}
