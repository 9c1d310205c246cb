/// The table of elements, made in one run of libxml2's SAX2 parser and the scanner beside it.
struct ElementTable {
  private(set) var records = ContiguousArray<ElementRecord>()
  private(set) var namespaces = [""]

  init(reading bytes: [UInt8]) throws(MalformedXML) {
    try InputEncoding.check(bytes)
    let parser = ParserContext.take()
    let refusal: MalformedXML? = bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        return MalformedXML(.empty, at: SourceLocation(line: 1, column: 1))
      }
      var run = SAXRun(scanner: TagScanner(buffer, base: base), context: parser.pointer)
      // The average tag of a domain definition is 30 bytes long, half of them end tags.
      run.records.reserveCapacity(buffer.count / 45 + 8)
      let refusal = run.parse(buffer)
      (records, namespaces) = (run.records, run.namespaces)
      return refusal
    }
    if let refusal { throw refusal }
    parser.giveBack(documentSize: bytes.count)
  }
}
