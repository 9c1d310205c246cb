/// A replacement of a range of a document's bytes.
public struct Edit: Hashable, Sendable {
  /// The bytes that go; empty for an insertion.
  public var range: Range<Int>
  /// The bytes that take their place.
  public var replacement: [UInt8]

  /// A replacement.
  public init(_ range: Range<Int>, with replacement: [UInt8]) {
    self.range = range
    self.replacement = replacement
  }
}

extension [Edit] {
  /// Applies edits that are sorted and do not overlap.
  ///
  /// An overlap is a defect of whoever made them, and traps.
  public func applied(to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + reduce(0) { $0 + $1.replacement.count })
    var position = 0
    for edit in self {
      precondition(edit.range.lowerBound >= position, "two edits overlap")
      result.append(contentsOf: bytes[position..<edit.range.lowerBound])
      result.append(contentsOf: edit.replacement)
      position = edit.range.upperBound
    }
    result.append(contentsOf: bytes[position...])
    return result
  }
}
