internal import LosslessXML

/// Reads JSON text as RFC 8259 has it, and nothing beside.
///
/// A key that is there twice is refused, since readers differ in which one counts; so is a half of a
/// surrogate pair, which no string can hold.
package struct JSONReader {
  /// How deep arrays and objects may stand in each other: what is read here is a few levels deep.
  static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// The value that a text holds; a byte order mark before it is passed over.
  /// - Throws: ``MalformedJSON``.
  package static func value(of bytes: [UInt8]) throws(MalformedJSON) -> JSONWriter.Value {
    var reader = JSONReader(bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    let value = try reader.value()
    reader.skipSpace()
    guard reader.next == nil else { throw reader.malformed("nothing may follow the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func skips(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipsSpace(and character: Unicode.Scalar) -> Bool {
    skipSpace()
    return skips(character)
  }

  private mutating func value() throws(MalformedJSON) -> JSONWriter.Value {
    skipSpace()
    guard depth < Self.maximumDepth else {
      throw malformed("nested more than \(Self.maximumDepth) deep")
    }
    depth += 1
    defer { depth -= 1 }
    switch next {
    case UInt8(ascii: "{"): return .object(try members())
    case UInt8(ascii: "["): return .array(try elements())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
    default:
      for (word, value) in [("null", JSONWriter.Value.null), ("true", true), ("false", false)]
      where bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return value
      }
      throw malformed("a value is missing here")
    }
  }

  private mutating func members() throws(MalformedJSON) -> [JSONWriter.Member] {
    var members: [JSONWriter.Member] = []
    var keys: Set<[UInt8]> = []
    position += 1
    if skipsSpace(and: "}") { return members }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw malformed("a key is missing here") }
      let key = try string()
      // By bytes: equality of strings takes different spellings of a character for the same.
      guard keys.insert(Array(key.utf8)).inserted else {
        throw malformed("the key '\(key)' is there twice", at: start)
      }
      guard skipsSpace(and: ":") else { throw malformed("':' is missing behind the key") }
      members.append(JSONWriter.Member(key, try value()))
    } while skipsSpace(and: ",")
    guard skips("}") else { throw malformed("',' or '}' is missing here") }
    return members
  }

  private mutating func elements() throws(MalformedJSON) -> [JSONWriter.Value] {
    var elements: [JSONWriter.Value] = []
    position += 1
    if skipsSpace(and: "]") { return elements }
    repeat { elements.append(try value()) } while skipsSpace(and: ",")
    guard skips("]") else { throw malformed("',' or ']' is missing here") }
    return elements
  }

  private mutating func number() throws(MalformedJSON) -> JSONWriter.Value {
    let start = position
    _ = skips("-")
    if !skips("0") { try digits() }
    if skips(".") { try digits() }
    if skips("e") || skips("E") {
      _ = skips("+") || skips("-")
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    return Int(text).map { .integer($0) } ?? .number(text)
  }

  private mutating func digits() throws(MalformedJSON) {
    let start = position
    while let byte = next, byte.isDigit { position += 1 }
    if position == start { throw malformed("a digit is missing here") }
  }

  private mutating func string() throws(MalformedJSON) -> String {
    let start = position
    var text: [UInt8] = []
    position += 1
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw malformed("the string that begins here is not in UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"): text += Array(try escaped().utf8)
      case ..<0x20: throw malformed("a control character has to be escaped in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw malformed("the string that begins here has no end", at: start)
  }

  private mutating func escaped() throws(MalformedJSON) -> String {
    let start = position
    position += 1
    let characters: [(Unicode.Scalar, Unicode.Scalar)] = [
      ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{C}"), ("n", "\n"),
      ("r", "\r"), ("t", "\t"),
    ]
    for (letter, meaning) in characters where skips(letter) { return String(meaning) }
    guard skips("u"), let first = codeUnit() else {
      throw malformed(#"an escape is one of \" \\ \/ \b \f \n \r \t \uXXXX"#, at: start)
    }
    if let scalar = Unicode.Scalar(first) { return String(scalar) }
    guard UTF16.isLeadSurrogate(first), skips("\\"), skips("u"), let second = codeUnit(),
      UTF16.isTrailSurrogate(second)
    else { throw malformed("half of a surrogate pair is no character", at: start) }
    return String(decoding: [first, second], as: UTF16.self)
  }

  private mutating func codeUnit() -> UInt16? {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, let text = String(validating: digits, as: UTF8.self),
      text.first?.isHexDigit == true, let value = UInt16(text, radix: 16)
    else { return nil }
    position += 4
    return value
  }

  private func malformed(_ reason: String, at offset: Int? = nil) -> MalformedJSON {
    let before = bytes[..<(offset ?? position)]
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return MalformedJSON(
      line: before.count { $0 == 0x0A } + 1, column: before.count - lineStart + 1, reason: reason)
  }
}

/// Text that is no JSON.
package struct MalformedJSON: Error, Equatable {
  /// The line where it stops being JSON, from 1.
  package var line: Int
  /// The column there, in bytes, from 1.
  package var column: Int
  /// What is wrong there.
  package var reason: String
}
