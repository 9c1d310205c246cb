internal import CLibXML2
internal import Glibc

/// One run of the parser: its state, and the handlers that libxml2 calls.
///
/// libxml2 holds its address during the run.
struct SAXRun {
  var scanner: TagScanner
  private(set) var rows: [ElementRecord] = []
  private(set) var namespaces = [""]
  /// libxml2 keeps one copy of a name in a run, so that pointers tell namespaces apart.
  private var namespaceIndices: [UnsafePointer<xmlChar>: UInt32] = [:]
  private var open: Int32 = -1
  private let context: xmlParserCtxtPtr
  private var refusal: MalformedXML?
  /// Kept apart, since libxml2 may report a tag's start before it finds that the tag has no end.
  private var disagreement: MalformedXML?
  /// Whether either is there, which every event asks.
  private var isRefused = false

  init(scanner: TagScanner, context: xmlParserCtxtPtr) {
    self.scanner = scanner
    self.context = context
  }

  mutating func parse() -> MalformedXML? {
    let context = context
    let (base, size) = (scanner.base, CInt(scanner.end))
    withUnsafeMutablePointer(to: &self) { run in
      context.pointee.userData = UnsafeMutableRawPointer(run)
      // UTF-8 whatever is declared: other encodings have been refused, and ASCII has been checked.
      virtNestParse(
        context, base.raw, size,
        CInt(XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue))
      context.pointee.userData = nil
    }
    if refusal == nil, context.pointee.wellFormed == 0 {
      return refuse(.notWellFormed("libxml2 gave no reason"), line: 1, column: 1)
    }
    if refusal == nil, let disagreement { return disagreement }
    if refusal == nil, open != -1 || rows.isEmpty {
      return refuse(.disagreement, line: 1, column: 1)
    }
    return refusal
  }

  @discardableResult
  private mutating func refuse(_ reason: MalformedXML.Reason, line: Int, column: Int)
    -> MalformedXML
  {
    let refused = MalformedXML(reason, at: Position(line: line, column: column))
    // The first reason is the cause; what follows it is its consequence.
    if refusal == nil { refusal = refused }
    isRefused = true
    return refused
  }

  /// Refuses a document type declaration before any of its entities is read.
  private mutating func refuseDocumentType() {
    let line = context.pointee.input.map { Int($0.pointee.line) } ?? 1
    refuse(.documentType, line: line, column: 1)
    xmlStopParser(context)
  }

  private mutating func start(
    _ localName: UnsafePointer<xmlChar>, _ prefix: UnsafePointer<xmlChar>?,
    _ uri: UnsafePointer<xmlChar>?
  ) {
    if isRefused { return }
    let prefixLength = prefix.map { strlen($0.raw) + 1 } ?? 0
    let nameLength = prefixLength + strlen(localName.raw)
    let position = virtNestPosition(context, scanner.base)
    guard let tag = scanner.nextStartTag(nameLength: nameLength, closedAt: position) else {
      return disagree()
    }
    let name = scanner.base + tag.lower + 1
    if let prefix {
      guard memcmp(name, prefix, prefixLength - 1) == 0,
        name[prefixLength - 1] == UInt8(ascii: ":")
      else { return disagree() }
    }
    guard memcmp(name + prefixLength, localName, nameLength - prefixLength) == 0 else {
      return disagree()
    }
    let row = Int32(rows.count)
    rows.append(
      ElementRecord(
        lower: UInt32(tag.lower), contentLower: UInt32(tag.upper), contentUpper: UInt32(tag.upper),
        upper: tag.selfClosed ? UInt32(tag.upper) : 0, parent: open, next: row + 1,
        nameLength: UInt32(nameLength), prefixLength: uri == nil ? 0 : UInt32(prefixLength),
        namespace: index(of: uri)))
    open = row
  }

  private mutating func end() {
    if isRefused { return }
    guard open >= 0 else { return disagree() }
    let record = rows[Int(open)]
    if record.upper == 0 {
      guard let tag = scanner.nextEndTag() else { return disagree() }
      let nameLength = Int(record.nameLength)
      guard tag.upper - tag.lower >= nameLength + 3,
        memcmp(
          scanner.base + tag.lower + 2, scanner.base + Int(record.lower) + 1, nameLength)
          == 0
      else { return disagree() }
      rows[Int(open)].contentUpper = UInt32(tag.lower)
      rows[Int(open)].upper = UInt32(tag.upper)
    }
    rows[Int(open)].next = Int32(rows.count)
    open = record.parent
  }

  private mutating func disagree() {
    let bytes = Array(UnsafeBufferPointer(start: scanner.base, count: scanner.end))
    let place = Position(offset: scanner.position, in: bytes)
    disagreement = MalformedXML(.disagreement, at: place)
    isRefused = true
  }

  private mutating func index(of uri: UnsafePointer<xmlChar>?) -> UInt32 {
    guard let uri else { return 0 }
    if let known = namespaceIndices[uri] { return known }
    let index = UInt32(namespaces.count)
    namespaceIndices[uri] = index
    namespaces.append(String(cString: uri))
    return index
  }

  private mutating func report(_ error: UnsafePointer<xmlError>) {
    guard error.pointee.level == XML_ERR_FATAL else { return }
    let line = max(1, Int(error.pointee.line))
    let column = max(1, Int(error.pointee.int2))
    let text = error.pointee.message.map { String(cString: $0) } ?? ""
    switch Int(error.pointee.code) {
    case Int(XML_ERR_DOCUMENT_EMPTY.rawValue):
      refuse(.empty, line: line, column: column)
    case Int(XML_ERR_INTERNAL_ERROR.rawValue) where text.contains("Excessive depth"):
      refuse(.tooDeep, line: line, column: column)
    default:
      let trimmed = text.split(whereSeparator: \.isNewline).joined(separator: " ")
      refuse(.notWellFormed(trimmed), line: line, column: column)
    }
  }

  /// The handlers; where one is absent, libxml2 builds nothing.
  static var handlers: xmlSAXHandler {
    var handlers = xmlSAXHandler()
    handlers.initialized = CUnsignedInt(XML_SAX2_MAGIC)
    handlers.startElementNs = { data, localName, prefix, uri, _, _, _, _, _ in
      guard let data, let localName else { return }
      SAXRun.from(data).pointee.start(localName, prefix, uri)
    }
    handlers.endElementNs = { data, _, _, _ in
      guard let data else { return }
      SAXRun.from(data).pointee.end()
    }
    handlers.internalSubset = { data, _, _, _ in
      guard let data else { return }
      SAXRun.from(data).pointee.refuseDocumentType()
    }
    handlers.serror = { data, error in
      guard let data, let error else { return }
      SAXRun.from(data).pointee.report(error)
    }
    return handlers
  }

  private static func from(_ data: UnsafeMutableRawPointer) -> UnsafeMutablePointer<SAXRun> {
    data.assumingMemoryBound(to: SAXRun.self)
  }
}

extension UnsafePointer<xmlChar> {
  fileprivate var raw: UnsafePointer<CChar> {
    UnsafeRawPointer(self).assumingMemoryBound(to: CChar.self)
  }
}
