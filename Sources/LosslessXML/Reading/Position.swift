/// A place in a document, as editors count it.
public struct Position: Hashable, Sendable, Comparable, CustomStringConvertible {
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
  public static func < (left: Position, right: Position) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

extension Document {
  /// The line and column of a byte.
  ///
  /// - Parameter offset: an offset into ``bytes``; at most their number.
  public func location(of offset: Int) -> Position {
    let starts = lineStarts
    let line = starts.partitioningIndex { $0 > offset }
    return Position(line: line, column: offset - starts[line - 1] + 1)
  }

  /// The offset of the first line feed at or behind an offset; `nil` where there is none.
  func lineFeed(from offset: Int) -> Int? {
    let starts = lineStarts
    let index = starts.partitioningIndex { $0 > offset }
    return index < starts.count ? starts[index] - 1 : nil
  }
}

extension Position {
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

extension Array {
  /// The index of the first element for which a statement holds, which is false of those before it and
  /// true of those behind; the count for none.
  package func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
