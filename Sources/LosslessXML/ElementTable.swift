/// The table of elements, made in one run of libxml2's SAX2 parser and the scanner beside it.
struct ElementTable {
  private(set) var records: ContiguousArray<ElementRecord>
  private(set) var namespaces: [String]

  init(reading bytes: [UInt8]) throws(MalformedXML) {
    try InputEncoding.check(bytes)
    guard !bytes.isEmpty else {
      throw MalformedXML(.empty, at: SourceLocation(line: 1, column: 1))
    }
    let parser = ParserContext.take()
    do throws(MalformedXML) {
      try self.init(reading: bytes, by: parser)
    } catch {
      // A parser remembers names, up to a limit that documents before this one count against.
      guard parser.hasReadBefore else { throw error }
      try self.init(reading: bytes, by: ParserContext())
    }
  }

  private init(reading bytes: [UInt8], by parser: ParserContext) throws(MalformedXML) {
    var run = SAXRun(
      scanner: TagScanner(parser.copy(bytes), count: bytes.count), context: parser.pointer,
      rows: parser.rows)
    // The average element of a domain definition takes 60 bytes.
    run.rows.reserve(bytes.count / 60)
    let refusal = run.parse()
    parser.rows = run.rows
    if let refusal { throw refusal }
    records = run.rows.all
    namespaces = run.namespaces
    parser.giveBack()
  }
}
