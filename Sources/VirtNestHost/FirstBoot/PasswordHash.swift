internal import CLinux
internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// The hash of a password, as `/etc/shadow` has it: SHA-512, `$6$SALT$HASH`.
///
/// cloud-init takes no other kind in all its versions: it would set a `$y$` hash as the password.
package struct PasswordHash: Hashable, Sendable {
  /// `$6$…`.
  package let text: String

  /// Reads a password file: one line, the password or its hash.
  ///
  /// - Parameter guest: the guest's name, from which the salt derives. The same password gives the
  ///   same seed each time.
  /// - Throws: ``InvalidValue``, which never holds the password.
  package init(file: [UInt8], guest: String) throws(InvalidValue) {
    let line = try Self.line(of: file)
    if line.hasPrefix("$") {
      guard Self.isHash(line) else {
        throw InvalidValue(
          "password", "…",
          "it begins with $, and is not a SHA-512 hash; make one with: openssl passwd -6")
      }
      text = line
      return
    }
    // An identity of its own, so that the salt does not tell the uuid.
    let salt = GuestIdentity(name: guest, identity: "password salt").uuid.description
      .replacing("-", with: "").prefix(16)
    guard let hash = crypt(line, "$6$\(salt)").map({ String(cString: $0) }), Self.isHash(hash)
    else {
      throw InvalidValue(
        "password", "…", "crypt(3) cannot make its SHA-512 hash here; give the hash in the file")
    }
    text = hash
  }

  /// Characters that nobody takes for another one, and that are the same keys on most keyboards.
  private static let alphabet = Array("abcdefghijkmnopqrstuvwx23456789")

  /// A new password at random: 20 characters, 99 bits.
  package static func generated() -> String {
    String((0..<20).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
  }

  /// Keeps a generated password in a new file that only its owner can read.
  ///
  /// - Throws: ``VirtNestError`` if the file cannot be written, or if one is there.
  package static func keep(_ password: String, in path: FilePath) throws(VirtNestError) {
    let mask = umask(0o077)
    defer { umask(mask) }
    try OutputFile.write(Array((password + "\n").utf8), at: path)
  }

  private static func line(of file: [UInt8]) throws(InvalidValue) -> String {
    guard let content = String(validating: file, as: UTF8.self) else {
      throw InvalidValue("password", "…", "the file is not UTF-8 text")
    }
    var scalars = content.unicodeScalars[...]
    if scalars.last == "\n" { scalars.removeLast() }
    if scalars.last == "\r" { scalars.removeLast() }
    guard !scalars.isEmpty else { throw InvalidValue("password", "", "the file is empty") }
    guard scalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{FEFF}" }) else {
      throw InvalidValue(
        "password", "…", "the file must have one line, without a BOM or control characters")
    }
    // Linux-PAM reads no longer password (PAM_MAX_RESP_SIZE).
    guard scalars.utf8Count < 512 else {
      throw InvalidValue("password", "…", "it is longer than 511 bytes")
    }
    return String(scalars)
  }

  /// Whether a text is what crypt(5) calls sha512crypt.
  private static func isHash(_ text: String) -> Bool {
    var parts = text.unicodeScalars.split(separator: "$", omittingEmptySubsequences: false)[...]
    guard parts.popFirst()?.isEmpty == true, parts.popFirst().map(String.init) == "6" else {
      return false
    }
    if let rounds = parts.first.map({ String($0) }), rounds.hasPrefix("rounds=") {
      guard let number = Int(rounds.dropFirst(7)), (1000...999_999_999).contains(number) else {
        return false
      }
      parts.removeFirst()
    }
    guard parts.count == 2, let salt = parts.first, let hash = parts.last else { return false }
    return (1...16).contains(salt.count) && hash.count == 86
      && (Array(salt) + hash).allSatisfy { $0.isPlain(or: "./") }
  }
}

extension Substring.UnicodeScalarView {
  fileprivate var utf8Count: Int { reduce(0) { $0 + UTF8.width($1) } }
}
