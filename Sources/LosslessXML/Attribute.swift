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
    var attributes: [Attribute] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let spaceStart = index
      while index < range.upperBound, bytes[index].isXMLSpace { index += 1 }
      let nameStart = index
      while index < range.upperBound, bytes[index] != UInt8(ascii: "="), !bytes[index].isXMLSpace {
        index += 1
      }
      let nameEnd = index
      while index < range.upperBound, bytes[index] != UInt8(ascii: "\""),
        bytes[index] != UInt8(ascii: "'")
      {
        index += 1
      }
      guard nameStart < nameEnd, index < range.upperBound else { break }
      let quote = bytes[index]
      let valueStart = index + 1
      guard let valueEnd = bytes[valueStart..<range.upperBound].firstIndex(of: quote) else { break }
      index = valueEnd + 1
      attributes.append(
        Attribute(
          name: nameStart..<nameEnd, value: valueStart..<valueEnd,
          withLeadingSpace: spaceStart..<index))
    }
    return attributes
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
