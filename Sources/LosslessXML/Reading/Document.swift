internal import Glibc
internal import Synchronization

/// A well-formed document: the bytes that were read, and where each element stands in them.
///
/// A document never changes. ``Changes`` describes what should be different, and makes new bytes.
public final class Document: Sendable {
  /// The largest document that is taken, in bytes: 64 MiB.
  public static let maximumSize = 64 << 20

  /// The bytes, just as they were read.
  public let bytes: [UInt8]
  /// The elements in document order; the root is first.
  let records: [ElementRecord]
  /// The names of the namespaces that occur on elements; the first stands for none.
  let namespaces: [String]
  /// Where each line begins; found when a line is first asked about.
  private let lines = Mutex<[Int]?>(nil)

  /// Reads a document.
  ///
  /// libxml2 decides whether the bytes are well-formed. Nothing is loaded from anywhere, and a
  /// document type declaration is refused.
  /// - Parameter bytes: UTF-8 or ASCII, with or without a byte order mark; at most
  ///   ``maximumSize``.
  /// - Throws: ``MalformedXML`` with line and column.
  public init(_ bytes: [UInt8]) throws(MalformedXML) {
    let table = try ElementTable(reading: bytes)
    self.bytes = bytes
    records = table.records
    namespaces = table.namespaces
  }

  /// The outermost element.
  public var root: Element { Element(document: self, row: 0) }

  /// All elements in document order.
  public var elements: some Sequence<Element> {
    records.indices.lazy.map { Element(document: self, row: $0) }
  }

  /// The bytes of a range as text.
  public func text(in range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Whether a text stands somewhere in a range, byte for byte.
  public func contains(_ text: StaticString, in range: Range<Int>) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return false }
      let count = text.utf8CodeUnitCount
      var lower = range.lowerBound
      while lower + count <= range.upperBound,
        let found = memchr(base + lower, Int32(text.utf8Start[0]), range.upperBound - lower)
      {
        let index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        guard index + count <= range.upperBound else { return false }
        if memcmp(found, text.utf8Start, count) == 0 { return true }
        lower = index + 1
      }
      return false
    }
  }

  /// Offsets at which lines begin, in ascending order; the first is 0.
  var lineStarts: [Int] {
    lines.withLock { lines in
      if let lines { return lines }
      let found = [0] + bytes.indices.lazy.filter { self.bytes[$0] == 0x0A }.map { $0 + 1 }
      lines = found
      return found
    }
  }

  /// The index of a namespace in ``namespaces``; `nil` where no element is in it.
  func index(ofNamespace namespace: String?) -> UInt32? {
    guard let namespace else { return 0 }
    return namespaces.dropFirst().firstIndex(of: namespace).map { UInt32($0) }
  }

  /// The row of the first of siblings that has a name in a namespace, by its index.
  func row(of localName: String, _ namespace: UInt32, from start: Int, end: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      records.withUnsafeBufferPointer { records in
        var localName = localName
        return localName.withUTF8 { name in
          var row = start
          while row < end {
            let record = records[row]
            if record.namespace == namespace, record.hasName(name, bytes) { return row }
            row = Int(record.next)
          }
          return nil
        }
      }
    }
  }

  /// Whether an element has this local name, in whatever namespace.
  func hasName(_ record: ElementRecord, _ localName: String) -> Bool {
    guard localName.utf8.count == Int(record.nameLength - record.prefixLength) else { return false }
    var localName = localName
    return localName.withUTF8 { name in
      bytes.withUnsafeBufferPointer { record.hasName(name, $0) }
    }
  }
}

extension Document {
  /// Where comments stand, in order: from `<!--` to `-->`.
  package var comments: [Range<Int>] {
    Markup.pieces(in: bytes.indices, of: bytes).filter { $0.kind == .comment }.map(\.range)
  }

  /// The line that holds an offset, with its line end.
  package func line(at offset: Int) -> Range<Int> {
    let starts = lineStarts
    let next = starts.partitioningIndex { $0 > offset }
    return starts[next - 1]..<(next < starts.count ? starts[next] : bytes.count)
  }
}
