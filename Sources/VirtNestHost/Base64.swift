internal import LosslessXML

/// Base64 with padding (RFC 4648).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The bytes that a text stands for; `nil` if it is not base64, or is cut off.
  static func decoded(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    let digits = characters.prefix { $0 != UInt8(ascii: "=") }
    guard characters.count % 4 == 0, characters.count - digits.count <= 2,
      characters.dropFirst(digits.count).allSatisfy({ $0 == UInt8(ascii: "=") })
    else { return nil }
    var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
    for character in digits {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  /// The text of bytes, in lines of 76 characters, as MIME has it.
  static func lines(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: 57).map { start in
      var line: [UInt8] = []
      for group in stride(from: start, to: min(start + 57, bytes.count), by: 3) {
        let part = bytes[group..<min(group + 3, bytes.count)]
        let bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
        for digit in 0..<4 {
          line.append(
            digit <= part.count
              ? alphabet[Int(bits >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "="))
        }
      }
      return String(decoding: line, as: UTF8.self)
    }
  }
}
