/// Decides by the first bytes whether a document is in an encoding whose bytes can be kept.
enum InputEncoding {
  /// Refuses anything but UTF-8 and ASCII.
  static func check(_ bytes: [UInt8]) throws(MalformedXML) {
    let start = Position(line: 1, column: 1)
    if bytes.count > Document.maximumSize {
      throw MalformedXML(.tooLarge(bytes: bytes.count), at: start)
    }
    if let name = byName(firstBytes: bytes.prefix(4)) {
      throw MalformedXML(.encoding(name), at: start)
    }
    if let declared = declaredEncoding(bytes) {
      switch declared.lowercased() {
      case "utf-8", "utf8": break
      case "us-ascii", "ascii":
        if let other = bytes.firstIndex(where: { $0 >= 0x80 }) {
          throw MalformedXML(.notASCII, at: Position(offset: other, in: bytes))
        }
      default: throw MalformedXML(.encoding(declared), at: start)
      }
    }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw MalformedXML(
        .notUTF8, at: Position(offset: error.byteOffsets.lowerBound, in: bytes))
    }
  }

  /// Appendix F of the XML recommendation: what a byte order mark or a `<` in another encoding says.
  private static func byName(firstBytes bytes: ArraySlice<UInt8>) -> String? {
    switch Array(bytes) {
    case [0x00, 0x00, 0xFE, 0xFF], [0xFF, 0xFE, 0x00, 0x00], [0x00, 0x00, 0x00, 0x3C],
      [0x3C, 0x00, 0x00, 0x00]:
      "UTF-32"
    case [0x4C, 0x6F, 0xA7, 0x94]: "EBCDIC"
    case let first where first.starts(with: [0xFE, 0xFF]) || first.starts(with: [0xFF, 0xFE]):
      "UTF-16"
    case [0x00, 0x3C, 0x00, 0x3F], [0x3C, 0x00, 0x3F, 0x00], [0x00, 0x3C, 0x00, 0x64],
      [0x3C, 0x00, 0x64, 0x00]:
      "UTF-16"
    default: nil
    }
  }

  /// The value of `encoding` in the XML declaration.
  private static func declaredEncoding(_ bytes: [UInt8]) -> String? {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    guard bytes[start...].starts(with: "<?xml".utf8), bytes.count > start + 5,
      bytes[start + 5].isXMLSpace, let close = bytes[start...].firstIndex(of: UInt8(ascii: ">"))
    else { return nil }
    let encoding = Attribute.scan(bytes, in: start + 5..<close)
      .first { bytes[$0.name].elementsEqual("encoding".utf8) }
    guard let attribute = encoding else { return nil }
    return String(decoding: bytes[attribute.value], as: UTF8.self)
  }
}
