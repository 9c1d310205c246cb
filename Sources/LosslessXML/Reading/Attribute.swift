/// Where an attribute stands in its start tag: ranges of the document's bytes.
public struct Attribute: Hashable, Sendable {
  /// The name with its prefix.
  public var name: Range<Int>
  /// The value as it is written, between its quotes.
  public var value: Range<Int>
  /// The attribute and the white space before it: what goes when it is removed.
  public var withLeadingSpace: Range<Int>

  /// The attributes in a range of bytes that begins behind a tag's name and ends before `>` or `/>`.
  static func scan(_ bytes: [UInt8], in range: Range<Int>) -> [Attribute] {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = Scanner(bytes: bytes, index: range.lowerBound, end: range.upperBound)
      var attributes: [Attribute] = []
      while let attribute = scanner.next() { attributes.append(attribute) }
      return attributes
    }
  }

  /// The attribute in such a range that is written with a name.
  static func find(_ name: String, _ bytes: [UInt8], in range: Range<Int>) -> Attribute? {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = Scanner(bytes: bytes, index: range.lowerBound, end: range.upperBound)
      let count = name.utf8.count
      while let attribute = scanner.next() {
        if attribute.name.count == count, bytes[attribute.name].elementsEqual(name.utf8) {
          return attribute
        }
      }
      return nil
    }
  }

  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var index: Int
    let end: Int

    mutating func next() -> Attribute? {
      let spaceStart = index
      while index < end, bytes[index].isXMLSpace { index += 1 }
      let nameStart = index
      while index < end, bytes[index] != UInt8(ascii: "="), !bytes[index].isXMLSpace { index += 1 }
      let nameEnd = index
      while index < end, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "'") {
        index += 1
      }
      guard nameStart < nameEnd, index < end else { return nil }
      let quote = bytes[index]
      let valueStart = index + 1
      var valueEnd = valueStart
      while valueEnd < end, bytes[valueEnd] != quote { valueEnd += 1 }
      guard valueEnd < end else { return nil }
      index = valueEnd + 1
      return Attribute(
        name: nameStart..<nameEnd, value: valueStart..<valueEnd,
        withLeadingSpace: spaceStart..<index)
    }
  }
}

extension UInt8 {
  /// Space, tab, line feed or carriage return.
  @inline(__always)
  var isXMLSpace: Bool { self == 0x20 || self == 0x0A || self == 0x09 || self == 0x0D }
  /// Space or tab.
  @inline(__always)
  var isBlank: Bool { self == 0x20 || self == 0x09 }
}
