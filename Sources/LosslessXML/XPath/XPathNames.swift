/// Finds names in an expression that libxml2 has refused because of one of them.
///
/// It only names the culprit in a message; it never decides whether an expression is right.
enum XPathNames {
  struct Token {
    var text: String
    /// Offset in bytes.
    var offset: Int
  }

  /// The prefixes, in order.
  static func prefixes(in xpath: String) -> [Token] {
    names(in: xpath).filter(\.isPrefix).map(\.token)
  }

  /// The names of functions, in order.
  static func functions(in xpath: String) -> [Token] {
    names(in: xpath).filter(\.isFunction).map(\.token)
  }

  private static func names(
    in xpath: String
  ) -> [(token: Token, isPrefix: Bool, isFunction: Bool)] {
    let bytes = Array(xpath.utf8)
    var names: [(token: Token, isPrefix: Bool, isFunction: Bool)] = []
    var index = 0
    while index < bytes.count {
      let start = index
      if bytes[index] == UInt8(ascii: "'") || bytes[index] == UInt8(ascii: "\"") {
        let quote = bytes[index]
        index += 1
        while index < bytes.count, bytes[index] != quote { index += 1 }
        index += 1
      } else if isNameByte(bytes[index]) {
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let following = bytes[index...].prefix(2)
        let isPrefix =
          following.first == UInt8(ascii: ":") && following.last != UInt8(ascii: ":")
        let rest = bytes[index...].drop(while: \.isXMLSpace)
        names.append(
          (Token(text: text, offset: start), isPrefix, rest.first == UInt8(ascii: "(")))
      } else if bytes[index...].starts(with: "::".utf8) {
        index += 2
      } else {
        index += 1
      }
    }
    return names
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), 0x80...:
      true
    default: false
    }
  }
}
