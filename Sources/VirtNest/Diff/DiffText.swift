internal import Glibc

/// A text and where its lines are.
struct DiffText: Sendable {
  let bytes: [UInt8]
  let lines: [Range<Int>]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    lines = lineRanges(of: bytes)
  }

  subscript(line: Int) -> ArraySlice<UInt8> { bytes[lines[line]] }

  func hasLine(_ line: Int, equalTo otherLine: Int, of other: DiffText) -> Bool {
    let (range, otherRange) = (lines[line], other.lines[otherLine])
    guard range.count == otherRange.count else { return false }
    return bytes.withUnsafeBytes { bytes in
      other.bytes.withUnsafeBytes { other in
        // A line has at least one byte, so both have an address.
        guard let line = bytes.baseAddress, let otherLine = other.baseAddress else { return true }
        let (start, otherStart) = (line + range.lowerBound, otherLine + otherRange.lowerBound)
        return memcmp(start, otherStart, range.count) == 0
      }
    }
  }
}

/// The byte ranges of the lines of `bytes`, each with its line feed; the last may have none.
private func lineRanges(of bytes: [UInt8]) -> [Range<Int>] {
  bytes.withUnsafeBytes { buffer in
    var lines: [Range<Int>] = []
    var start = 0
    guard let base = buffer.baseAddress else { return lines }
    while start < buffer.count {
      let feed = memchr(base + start, 0x0a, buffer.count - start)
      let end = feed.map { UnsafeRawPointer($0) - base + 1 } ?? buffer.count
      lines.append(start..<end)
      start = end
    }
    return lines
  }
}
