internal import LosslessXML
package import VirtNest

/// An SSH public key: a line of `authorized_keys` without options.
///
/// The key itself is read, so that one that was cut off is not put into a guest.
package struct PublicKey: Hashable, Sendable {
  /// The line: type, base64 and comment.
  package let line: String

  /// Reads one key.
  ///
  /// - Throws: ``InvalidValue`` with the reason; a private key is not shown in it.
  package init(_ line: String) throws(InvalidValue) {
    let words = line.unicodeScalars.split(
      maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" }
    ).map { String($0) }
    func refusal(_ reason: String) -> InvalidValue {
      InvalidValue("ssh key", String(line.prefix(40)), reason)
    }
    guard !line.contains("PRIVATE KEY") else { throw Self.isPrivate }
    guard line.unicodeScalars.allSatisfy({ $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7F) })
    else { throw refusal("it has control characters") }
    guard let type = words.first, let form = Self.forms[type] else {
      if line.contains(" ssh-") || line.contains(" ecdsa-") || line.contains(" sk-") {
        throw refusal("a key with options in front is not taken; put it into your own user-data")
      }
      if words.first.map({ $0.contains("-cert-v01@") }) ?? false {
        throw refusal("this is a certificate; give the key that it was made of")
      }
      throw refusal(
        "it must be a line such as 'ssh-ed25519 AAAA… name', of the type "
          + Self.forms.keys.sorted().joined(separator: ", "))
    }
    guard words.count > 1 else { throw refusal("the key behind its type is missing") }
    guard let blob = Base64.decoded(words[1]) else {
      throw refusal("the key is cut off or is not base64")
    }
    guard let fields = Self.fields(of: blob), fields.count == form.count + 1 else {
      throw refusal("the key is cut off, or has something behind it")
    }
    guard fields[0] == Array(type.utf8) else { throw refusal("the key is of another type") }
    for (field, isValid) in zip(fields.dropFirst(), form) where !isValid(field) {
      throw refusal("the key is damaged, or too short to be safe")
    }
    self.line = line
  }

  /// The keys of a file, without comments and empty lines.
  ///
  /// - Throws: ``InvalidValue`` if a line is not a public key, or if there is no key.
  package static func keys(inFile bytes: [UInt8]) throws(InvalidValue) -> [PublicKey] {
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]), !bytes.starts(with: [0xFF, 0xFE]),
      !bytes.starts(with: [0xFE, 0xFF])
    else {
      throw InvalidValue("ssh key", "", "the file begins with a byte order mark; save it without")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InvalidValue("ssh key", "", "the file is not UTF-8 text")
    }
    guard !text.contains("PRIVATE KEY") else { throw isPrivate }
    var keys: [PublicKey] = []
    for scalars in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      let line = String(scalars).trimmingSpaces
      if line.isEmpty || line.hasPrefix("#") { continue }
      keys.append(try PublicKey(line))
    }
    guard !keys.isEmpty else { throw InvalidValue("ssh key", "", "the file contains no key") }
    return keys
  }

  private static let isPrivate = InvalidValue(
    "ssh key", "…", "this is a private key; use the file that ends in .pub")

  private typealias Field = @Sendable ([UInt8]) -> Bool

  /// What stands behind the type in each kind of key (RFC 4253, 5656, 8709; OpenSSH, `PROTOCOL.u2f`).
  private static let forms: [String: [Field]] = [
    "ssh-ed25519": [has(32)],
    // OpenSSH refuses an RSA key below 1,024 bits (SSH_RSA_MINIMUM_MODULUS_SIZE).
    "ssh-rsa": [{ !$0.isEmpty }, { $0.count >= 128 }],
    "ecdsa-sha2-nistp256": [named("nistp256"), has(65)],
    "ecdsa-sha2-nistp384": [named("nistp384"), has(97)],
    "ecdsa-sha2-nistp521": [named("nistp521"), has(133)],
    "sk-ssh-ed25519@openssh.com": [has(32), { !$0.isEmpty }],
    "sk-ecdsa-sha2-nistp256@openssh.com": [named("nistp256"), has(65), { !$0.isEmpty }],
  ]

  private static func has(_ count: Int) -> Field { { $0.count == count } }

  private static func named(_ curve: String) -> Field { { $0 == Array(curve.utf8) } }

  /// The fields of a key, each with its length in front; `nil` if the last one is cut off.
  private static func fields(of blob: [UInt8]) -> [[UInt8]]? {
    var fields: [[UInt8]] = []
    var rest = blob[...]
    while !rest.isEmpty {
      let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 4 + length else { return nil }
      fields.append(Array(rest.dropFirst(4).prefix(length)))
      rest = rest.dropFirst(4 + length)
    }
    return fields
  }
}

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
