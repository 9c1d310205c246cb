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

extension [Edit] {
  /// Whether one of them, which are sorted and do not overlap, changes something in a range.
  package func touch(_ range: Range<Int>) -> Bool {
    let next = partitioningIndex { $0.range.upperBound > range.lowerBound }
    return next < count && self[next].range.lowerBound < range.upperBound
  }
}

/// Where the bytes that edits leave alone stand in the result.
package struct MovedPlaces: Sendable {
  /// Where each edit ends, and how far it and those before move what follows.
  private let shifts: [(end: Int, shift: Int)]

  /// - Parameter edits: sorted and without overlap.
  package init(_ edits: [Edit]) {
    var shift = 0
    shifts = edits.map { edit in
      shift += edit.replacement.count - edit.range.count
      return (edit.range.upperBound, shift)
    }
  }

  /// The offset in the result of a byte of the document.
  package func offset(of offset: Int) -> Int {
    let next = shifts.partitioningIndex { $0.end > offset }
    return offset + (next > 0 ? shifts[next - 1].shift : 0)
  }
}

/// The edit that gives an attribute another value, and leaves what both values share as it is
/// written: its references and line ends.
///
/// Without that, a property that is appended to a value and taken away again would leave the value
/// written in another way than before.
enum ValueEdit {
  /// - Parameters:
  ///   - range: the value between its quotes.
  ///   - quote: the quote around it.
  static func edit(_ range: Range<Int>, of bytes: [UInt8], to value: String, quote: UInt8) -> Edit {
    let pieces = pieces(of: range, in: bytes)
    let wanted = Array(value.utf8)
    var head = 0
    var lower = 0
    while head < pieces.count, wanted[lower...].starts(with: pieces[head].meaning) {
      lower += pieces[head].meaning.count
      head += 1
    }
    var tail = pieces.count
    var upper = wanted.count
    while tail > head, upper - pieces[tail - 1].meaning.count >= lower,
      wanted[..<upper].suffix(pieces[tail - 1].meaning.count)
        .elementsEqual(pieces[tail - 1].meaning)
    {
      tail -= 1
      upper -= pieces[tail].meaning.count
    }
    let start = head < pieces.count ? pieces[head].range.lowerBound : range.upperBound
    let end = tail > head ? pieces[tail - 1].range.upperBound : start
    let text = String(decoding: wanted[lower..<upper], as: UTF8.self)
    return Edit(start..<end, with: Escaping.attribute(text, quote: quote))
  }

  private struct Piece {
    var range: Range<Int>
    var meaning: [UInt8]
  }

  /// Cuts a value into characters, references and line ends.
  private static func pieces(of range: Range<Int>, in bytes: [UInt8]) -> [Piece] {
    var pieces: [Piece] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let start = index
      index += 1
      switch bytes[start] {
      case UInt8(ascii: "&"):
        while bytes[index - 1] != UInt8(ascii: ";") { index += 1 }
      case 0x0D:
        if index < range.upperBound, bytes[index] == 0x0A { index += 1 }
      case 0x80...:
        while index < range.upperBound, bytes[index] & 0xC0 == 0x80 { index += 1 }
      default: break
      }
      let meaning = Escaping.attributeValue(bytes[start..<index])
      pieces.append(Piece(range: start..<index, meaning: Array(meaning.utf8)))
    }
    return pieces
  }
}
