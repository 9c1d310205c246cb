internal import Glibc

/// Finds where tags stand in bytes that libxml2 accepts.
///
/// It walks in step with libxml2's events and decides nothing by itself: libxml2 says what the next
/// tag is, the scanner says where it stands.
struct TagScanner {
  let base: UnsafePointer<UInt8>
  let end: Int
  private(set) var position = 0

  init(_ base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    end = count
  }

  /// A start tag's extent.
  struct Start {
    var lower: Int
    var upper: Int
    var selfClosed: Bool
  }

  /// Skips text, comments, CDATA sections and processing instructions up to the next tag.
  private mutating func skipToTag() -> Bool {
    while position < end {
      guard let found = find(UInt8(ascii: "<"), from: position) else { return false }
      position = found
      guard position + 1 < end else { return false }
      switch base[position + 1] {
      case UInt8(ascii: "!"):
        if starts(with: "<!--") {
          guard skip(past: "-->", from: position + 4) else { return false }
        } else if starts(with: "<![CDATA[") {
          guard skip(past: "]]>", from: position + 9) else { return false }
        } else {
          return false
        }
      case UInt8(ascii: "?"):
        guard skip(past: "?>", from: position + 2) else { return false }
      default:
        return true
      }
    }
    return false
  }

  /// The next start tag; `nil` where something else comes first, or a name of another length.
  ///
  /// - Parameter position: where libxml2 says that its `>` or `/>` is; negative where it does not.
  mutating func nextStartTag(nameLength: Int, closedAt position: Int) -> Start? {
    guard skipToTag() else { return nil }
    let lower = self.position
    let nameEnd = lower + 1 + nameLength
    guard nameEnd < end, Self.endsName(base[nameEnd]) else { return nil }
    let close = position < 0 ? self.close(from: nameEnd) : position
    guard let close, close >= nameEnd, close < end else { return nil }
    let slash = close + 1 < end && base[close] == UInt8(ascii: "/")
    let upper = slash ? close + 2 : close + 1
    guard base[upper - 1] == UInt8(ascii: ">") else { return nil }
    self.position = upper
    return Start(lower: lower, upper: upper, selfClosed: slash)
  }

  /// Where the `>` or `/>` of a start tag is, past its attributes.
  private func close(from nameEnd: Int) -> Int? {
    var index = nameEnd
    while index < end {
      switch base[index] {
      case UInt8(ascii: ">"), UInt8(ascii: "/"):
        return index
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        guard let quote = find(base[index], from: index + 1) else { return nil }
        index = quote + 1
      default:
        index += 1
      }
    }
    return nil
  }

  /// The next end tag as its extent; `nil` where something else comes first.
  mutating func nextEndTag() -> (lower: Int, upper: Int)? {
    guard skipToTag(), base[position + 1] == UInt8(ascii: "/") else { return nil }
    let lower = position
    guard let close = find(UInt8(ascii: ">"), from: lower) else { return nil }
    position = close + 1
    return (lower, position)
  }

  private static func endsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ">"), UInt8(ascii: "/"), 0x20, 0x09, 0x0A, 0x0D: true
    default: false
    }
  }

  private func starts(with text: StaticString) -> Bool {
    position + text.utf8CodeUnitCount <= end
      && memcmp(base + position, text.utf8Start, text.utf8CodeUnitCount) == 0
  }

  private mutating func skip(past text: StaticString, from start: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    var index = start
    while index + count <= end, let found = find(text.utf8Start[0], from: index) {
      guard found + count <= end else { return false }
      if memcmp(base + found, text.utf8Start, count) == 0 {
        position = found + count
        return true
      }
      index = found + 1
    }
    return false
  }

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    guard let found = memchr(base + start, Int32(byte), end - start) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }
}
