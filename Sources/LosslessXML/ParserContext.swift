internal import CLibXML2
internal import Synchronization

/// A parser of libxml2's, kept for the next document: making one costs as much as reading a small
/// document.
final class ParserContext: @unchecked Sendable {
  let pointer: xmlParserCtxtPtr

  /// A parser that has read nothing.
  init() {
    LibXML2.initialize()
    guard let pointer = xmlNewParserCtxt() else { preconditionFailure("out of memory") }
    pointer.pointee.sax.pointee = SAXRun.handlers
    self.pointer = pointer
  }

  deinit {
    xmlFreeParserCtxt(pointer)
    buffer?.deallocate()
    rows.deallocate()
  }

  /// Room for the table of a document while it is made.
  var rows = RowBuffer()
  private var buffer: UnsafeMutablePointer<UInt8>?
  private var capacity = 0

  /// The bytes with the 0 behind them that libxml2 wants; they are there until the next call.
  func copy(_ bytes: [UInt8]) -> UnsafePointer<UInt8> {
    let buffer = buffer(for: bytes.count + 1)
    bytes.withUnsafeBufferPointer { bytes in
      if let base = bytes.baseAddress { buffer.update(from: base, count: bytes.count) }
    }
    buffer[bytes.count] = 0
    return UnsafePointer(buffer)
  }

  private func buffer(for count: Int) -> UnsafeMutablePointer<UInt8> {
    if let buffer, count <= capacity { return buffer }
    buffer?.deallocate()
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1 << 13))
    buffer = new
    capacity = max(count, 1 << 13)
    return new
  }

  /// Those that are free; whoever holds one has it alone.
  private static let free = Mutex<[ParserContext]>([])

  /// A parser for one document.
  static func take() -> ParserContext { free.withLock { $0.popLast() } ?? ParserContext() }

  /// Keeps the parser for the next document.
  ///
  /// It remembers every name that it has seen, in a table that does not grow with them: one that has
  /// read many is let go, and so is one that met something malformed, or whose memory is large; a
  /// change reads its result right after the original.
  func giveBack() {
    hasReadBefore = true
    let names = pointer.pointee.dict.map { Int(xmlDictSize($0)) } ?? 0
    guard names <= 1 << 12, capacity <= 8 << 20, rows.fitsKept else { return }
    Self.free.withLock { $0.append(self) }
  }

  /// Whether it remembers anything of another document.
  private(set) var hasReadBefore = false
}

/// libxml2's global state.
enum LibXML2 {
  private static let initialized: Void = xmlInitParser()

  /// Makes libxml2 ready; safe to call from any thread, any number of times.
  static func initialize() { _ = initialized }
}
