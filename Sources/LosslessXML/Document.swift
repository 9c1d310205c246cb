#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

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

  /// The index of a namespace in ``namespaces``; `nil` where no element is in it.
  func index(ofNamespace namespace: String?) -> UInt32? {
    guard let namespace else { return 0 }
    return namespaces.dropFirst().firstIndex(of: namespace).map { UInt32($0) }
  }

  /// Whether an element has this local name, in whatever namespace.
  func hasName(_ record: ElementRecord, _ localName: String) -> Bool {
    let lower = Int(record.lower) + 1 + Int(record.prefixLength)
    return hasBytes(lower..<lower + Int(record.nameLength - record.prefixLength), localName)
  }

  /// Whether a text stands in a range, byte for byte.
  @inline(__always)
  func hasBytes(_ range: Range<Int>, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { wanted in
      guard wanted.count == range.count else { return false }
      return bytes.withUnsafeBufferPointer { bytes in
        guard let left = bytes.baseAddress, let right = wanted.baseAddress else { return true }
        return memcmp(left + range.lowerBound, right, range.count) == 0
      }
    }
  }
}
