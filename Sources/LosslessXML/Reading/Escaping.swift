/// Between the characters of a value and the bytes that stand for them in a document.
///
/// XML 1.0, sections 2.11 (line ends), 3.3.3 (attribute values) and 4.6 (predefined entities). The
/// tests hold every result against libxml2's.
enum Escaping {
  /// The meaning of an attribute's bytes.
  static func attributeValue(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(where: { $0 == UInt8(ascii: "&") || $0 < 0x20 }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    var value: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      switch bytes[index] {
      case UInt8(ascii: "&"):
        index = appendReference(at: index, of: bytes, to: &value)
      case 0x0D:
        // CR LF is one line end, and a line end is one space.
        value.append(0x20)
        index += index + 1 < bytes.endIndex && bytes[index + 1] == 0x0A ? 2 : 1
      case 0x09, 0x0A:
        value.append(0x20)
        index += 1
      default:
        value.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// Appends the meaning of text; line ends become LF.
  static func appendText(
    _ bytes: ArraySlice<UInt8>, to text: inout [UInt8], resolvingReferences: Bool
  ) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      switch bytes[index] {
      case UInt8(ascii: "&") where resolvingReferences:
        index = appendReference(at: index, of: bytes, to: &text)
      case 0x0D:
        text.append(0x0A)
        index += index + 1 < bytes.endIndex && bytes[index + 1] == 0x0A ? 2 : 1
      default:
        text.append(bytes[index])
        index += 1
      }
    }
  }

  /// Appends the character that a reference stands for, and returns the index behind its semicolon.
  private static func appendReference(
    at index: Int, of bytes: ArraySlice<UInt8>, to value: inout [UInt8]
  ) -> Int {
    guard let semicolon = bytes[index...].firstIndex(of: UInt8(ascii: ";")) else {
      preconditionFailure("libxml2 takes no reference without a semicolon")
    }
    let name = String(decoding: bytes[index + 1..<semicolon], as: UTF8.self)
    switch name {
    case "lt": value.append(UInt8(ascii: "<"))
    case "gt": value.append(UInt8(ascii: ">"))
    case "amp": value.append(UInt8(ascii: "&"))
    case "quot": value.append(UInt8(ascii: "\""))
    case "apos": value.append(UInt8(ascii: "'"))
    default:
      let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
      guard let code = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10),
        let scalar = Unicode.Scalar(code)
      else { preconditionFailure("libxml2 takes no reference to an unknown character or entity") }
      value.append(contentsOf: String(Character(scalar)).utf8)
    }
    return semicolon + 1
  }

  /// Writes a value between quotes, without them.
  static func attribute(_ value: String, quote: UInt8) -> [UInt8] {
    var bytes: [UInt8] = []
    append(attribute: value, to: &bytes, quote: quote)
    return bytes
  }

  /// Appends a value between quotes, without them.
  static func append(attribute value: String, to bytes: inout [UInt8], quote: UInt8) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case quote where quote == UInt8(ascii: "'"): bytes += "&apos;".utf8
      case quote: bytes += "&quot;".utf8
      case 0x09: bytes += "&#9;".utf8
      case 0x0A: bytes += "&#10;".utf8
      case 0x0D: bytes += "&#13;".utf8
      default: bytes.append(byte)
      }
    }
  }

  /// Writes a value as text.
  static func text(_ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
      case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
      // Only `]]>` needs it, but every printer writes it.
      case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
      case 0x0D: bytes += Array("&#13;".utf8)
      default: bytes.append(byte)
      }
    }
    return bytes
  }
}

extension String {
  /// Whether XML can carry every character of it (XML 1.0, production 2), and none of them stands for
  /// a byte that is no UTF-8.
  public var isRepresentableInXML: Bool {
    unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FF7F: true
      default: false
      }
    }
  }
}
