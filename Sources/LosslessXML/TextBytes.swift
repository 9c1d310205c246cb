// Texts are bytes.
//
// Swift's String compares, hashes and splits by what a person would call the same character: `é` in one
// code point equals `e` and an accent, KELVIN SIGN equals `K`, and a comma with an accent on it is no
// comma. libvirt, QEMU and the file system compare bytes. What stands here takes the place of String's
// own operations in every file that imports this module, which is every file of this package: a test
// holds that. It covers what is called on a String; a text that is a key of a set or dictionary is a
// ``TextKey``.

extension String {
  /// Whether the bytes are equal.
  package static func == (left: String, right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
  }

  /// Whether the bytes differ.
  package static func != (left: String, right: String) -> Bool { !(left == right) }

  /// Whether the bytes are equal, for `switch`.
  package static func ~= (pattern: String, value: String) -> Bool { pattern == value }

  /// Whether the bytes begin with those of another text.
  package func hasPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// Whether the bytes end with those of another text.
  package func hasSuffix(_ suffix: String) -> Bool {
    utf8.reversed().starts(with: suffix.utf8.reversed())
  }

  /// Whether a text's bytes are somewhere in these.
  package func contains(_ other: String) -> Bool { firstRange(of: other) != nil }

  /// The text with small letters of ASCII for its capitals; others stay.
  package func lowercased() -> String { String(decoding: utf8.map(\.small), as: UTF8.self) }

  /// The text with capitals of ASCII for its small letters; others stay.
  package func uppercased() -> String {
    String(
      decoding: utf8.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 32 : $0 },
      as: UTF8.self)
  }
}

extension Substring {
  /// Whether the bytes are equal.
  package static func == (left: Substring, right: Substring) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }

  /// Whether the bytes differ.
  package static func != (left: Substring, right: Substring) -> Bool {
    !left.utf8.elementsEqual(right.utf8)
  }

  /// Whether the bytes begin with those of another text.
  package func hasPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// Whether the bytes end with those of another text.
  package func hasSuffix(_ suffix: String) -> Bool {
    utf8.reversed().starts(with: suffix.utf8.reversed())
  }

  /// Whether a text's bytes are somewhere in these.
  package func contains(_ other: String) -> Bool { firstRange(of: other) != nil }

  /// The text with small letters of ASCII for its capitals; others stay.
  package func lowercased() -> String { String(self).lowercased() }

  /// The text with capitals of ASCII for its small letters; others stay.
  package func uppercased() -> String { String(self).uppercased() }

  /// Whether the bytes are equal, for `switch`.
  package static func ~= (pattern: Substring, value: Substring) -> Bool {
    pattern.utf8.elementsEqual(value.utf8)
  }
}

extension UInt8 {
  fileprivate var small: UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self + 32 : self
  }
}

extension Optional where Wrapped == String {
  /// Whether both are missing, or their bytes are equal.
  package static func == (left: String?, right: String?) -> Bool {
    switch (left, right) {
    case (nil, nil): true
    case (let left?, let right?): left == right
    default: false
    }
  }

  /// Whether one is missing, or their bytes differ.
  package static func != (left: String?, right: String?) -> Bool { !(left == right) }

  /// Whether both are missing, or their bytes are equal, for `switch`.
  package static func ~= (pattern: String?, value: String?) -> Bool { pattern == value }
}

extension StringProtocol {
  /// Whether the bytes are equal.
  package static func == <Other: StringProtocol>(left: Self, right: Other) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }

  /// Whether the bytes differ.
  package static func != <Other: StringProtocol>(left: Self, right: Other) -> Bool {
    !left.utf8.elementsEqual(right.utf8)
  }

  /// Where a text's bytes are first.
  package func firstRange(of other: String) -> Range<Index>? {
    let wanted = Array(other.utf8)
    guard let first = wanted.first else { return startIndex..<startIndex }
    var index = utf8.startIndex
    while let found = utf8[index...].firstIndex(of: first) {
      if utf8[found...].starts(with: wanted) {
        return found..<utf8.index(found, offsetBy: wanted.count)
      }
      index = utf8.index(after: found)
    }
    return nil
  }

  /// The text before the first of a character and the text behind it.
  package func parted(at separator: Unicode.Scalar) -> (head: String, tail: String)? {
    guard let index = unicodeScalars.firstIndex(of: separator) else { return nil }
    let tail = unicodeScalars[unicodeScalars.index(after: index)...]
    return (
      String(String.UnicodeScalarView(unicodeScalars[..<index])),
      String(String.UnicodeScalarView(tail))
    )
  }

  /// The text with another in the place of each of one's bytes.
  package func replacing(_ old: String, with new: String) -> String {
    guard !old.isEmpty, firstRange(of: old) != nil else { return String(self) }
    var bytes: [UInt8] = []
    var rest = self[...]
    while let range = rest.firstRange(of: old) {
      bytes += rest[..<range.lowerBound].utf8
      bytes += new.utf8
      rest = rest[range.upperBound...]
    }
    bytes += rest.utf8
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension StringProtocol where SubSequence == Substring {
  /// The parts between one character of ASCII, whatever accents follow it.
  package func split(
    separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
  ) -> [Substring] {
    self[...].parts(
      between: UInt8(ascii: separator), most: maxSplits, omittingEmpty: omittingEmptySubsequences)
  }
}

extension Substring {
  // Without type parameters it is several times as fast.
  fileprivate func parts(between separator: UInt8, most: Int, omittingEmpty: Bool) -> [Substring] {
    var parts: [Substring] = []
    var start = startIndex
    let add = { (end: Index) in
      if start < end || !omittingEmpty { parts.append(self[start..<end]) }
    }
    while parts.count < most, let index = utf8[start...].firstIndex(of: separator) {
      add(index)
      start = utf8.index(after: index)
    }
    add(endIndex)
    return parts
  }
}

extension Sequence where Element == String {
  /// Whether one of the texts has the same bytes.
  package func contains(_ text: String) -> Bool {
    contains { $0 == text }
  }
}

extension Sequence where Element == Substring {
  /// Whether one of the texts has the same bytes.
  package func contains(_ text: Substring) -> Bool {
    contains { $0.utf8.elementsEqual(text.utf8) }
  }
}

extension Collection where Element == String {
  /// The index of the first text with the same bytes.
  package func firstIndex(of text: String) -> Index? {
    firstIndex { $0.utf8.elementsEqual(text.utf8) }
  }
}

extension Array where Element == String {
  /// Whether the bytes of all texts are equal.
  package static func == (left: [String], right: [String]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }

  /// Whether the bytes of some texts differ.
  package static func != (left: [String], right: [String]) -> Bool { !(left == right) }
}

/// A text as a key of a set or a dictionary, by its bytes.
package struct TextKey: Hashable, Sendable {
  /// The text.
  package let text: String

  /// A key for a text.
  package init(_ text: some StringProtocol) { self.text = String(text) }

  /// Whether the bytes are equal.
  package static func == (left: TextKey, right: TextKey) -> Bool {
    left.text == right.text
  }

  /// Hashes the bytes.
  package func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

// MARK: Bytes that are no UTF-8

extension String {
  /// The text of bytes that need not be UTF-8, from which ``systemBytes`` makes them again.
  ///
  /// A byte that belongs to no character stands as a character of its own, U+10FF80 to U+10FFFF. XML
  /// is not given such a text (``isRepresentableInXML``), and messages show it as `\xff`.
  package init(systemBytes bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self), !text.standsForBytes {
      self = text
      return
    }
    var scalars = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      let length = [1, 2, 3, 4].first { length in
        guard index + length <= bytes.count,
          let text = String(validating: bytes[index..<index + length], as: UTF8.self)
        else { return false }
        return !text.standsForBytes
      }
      if let length {
        scalars += String(decoding: bytes[index..<index + length], as: UTF8.self).unicodeScalars
      } else if let scalar = Unicode.Scalar(0x10FF00 + UInt32(bytes[index])) {
        scalars.append(scalar)
      }
      index += length ?? 1
    }
    self = String(scalars)
  }

  /// The bytes that the text stands for, as the system takes them.
  package var systemBytes: [UInt8] {
    guard standsForBytes else { return Array(utf8) }
    return unicodeScalars.flatMap { scalar in
      scalar.byte.map { [$0] } ?? Array(String(Character(scalar)).utf8)
    }
  }

  /// Whether a character of it stands for a byte that is no UTF-8.
  package var standsForBytes: Bool { unicodeScalars.contains { $0.byte != nil } }
}

extension Unicode.Scalar {
  /// The byte that it stands for; `nil` if it is a character.
  package var byte: UInt8? {
    (0x10FF80...0x10FFFF).contains(value) ? UInt8(truncatingIfNeeded: value) : nil
  }
}
