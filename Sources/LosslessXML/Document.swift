/// A well-formed document: the bytes that were read, and where each element stands in them.
///
/// A document never changes. ``Changes`` describes what should be different, and makes new bytes.
public final class Document: Sendable {
  /// The largest document that is taken, in bytes: 64 MiB.
  public static let maximumSize = 64 << 20

  /// The bytes, just as they were read.
  public let bytes: [UInt8]
  /// The elements in document order; the root is first.
  let records: ContiguousArray<ElementRecord>
  /// The names of the namespaces that occur on elements; the first stands for none.
  let namespaces: [String]

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
}
