internal import LosslessXML

/// Finds the places of many offsets in one pass over the bytes.
struct LineCounter {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var lineStart = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The place of an offset; offsets have to be asked about in ascending order.
  mutating func location(of offset: Int) -> SourceLocation {
    while self.offset < offset {
      if bytes[self.offset] == UInt8(ascii: "\n") {
        line += 1
        lineStart = self.offset + 1
      }
      self.offset += 1
    }
    return SourceLocation(line: line, column: offset - lineStart + 1)
  }
}
