/// A place in a document, as editors count it.
public struct SourceLocation: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Line, from 1; a line ends with LF.
  public var line: Int
  /// Column in bytes, from 1.
  public var column: Int

  /// A place in a document.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `LINE:COLUMN`.
  public var description: String { "\(line):\(column)" }

  /// Whether a place comes before another.
  public static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

extension Document {
  /// The line and column of a byte.
  ///
  /// - Parameter offset: an offset into ``bytes``; at most their number.
  public func location(of offset: Int) -> SourceLocation {
    SourceLocation(offset: offset, in: bytes)
  }
}

extension SourceLocation {
  init(offset: Int, in bytes: [UInt8]) {
    var line = 1
    var lineStart = 0
    for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    self.init(line: line, column: offset - lineStart + 1)
  }
}
