internal import LosslessXML

/// The uuid of a domain: 16 bytes, written in libvirt's canonical form.
public struct DomainUUID: Hashable, Sendable, CustomStringConvertible {
  /// The 16 bytes, in the order in which they are written.
  public let bytes: [UInt8]

  /// Reads what libvirt reads as a uuid, or `nil`.
  ///
  /// Digits of either case, dashes and spaces anywhere between the bytes, white space around
  /// (libvirt, `src/util/viruuid.c`, `virUUIDParse`).
  public init?(_ text: some StringProtocol) {
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text.utf8.drop(while: \.isSpaceToLibvirt) {
      if bytes.count == 16 {
        guard byte.isSpaceToLibvirt else { return nil }
      } else if let value = byte.hexadecimalValue {
        if let digit = high {
          bytes.append(digit << 4 | value)
          high = nil
        } else {
          high = value
        }
      } else if high != nil || byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
        return nil
      }
    }
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// The version 5 uuid of `name` in `namespace` (RFC 4122, section 4.3).
  ///
  /// `uuidgen --sha1 --namespace NAMESPACE --name NAME` prints the same.
  init(name: String, namespace: DomainUUID) {
    var bytes = Array(SHA1.digest(of: namespace.bytes + name.utf8).prefix(16))
    bytes[6] = bytes[6] & 0x0f | 0x50
    bytes[8] = bytes[8] & 0x3f | 0x80
    self.bytes = bytes
  }

  /// The namespace for names that are URLs (RFC 4122, appendix C).
  static let urlNamespace = DomainUUID(bytes: [
    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
  ])

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Lower-case digits in groups of 8, 4, 4, 4 and 12, as libvirt prints them.
  public var description: String {
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text += "-" }
      text += byte.hexadecimalDigits
    }
    return text
  }
}

extension UInt8 {
  /// White space as `g_ascii_isspace` has it: no vertical tab.
  fileprivate var isSpaceToLibvirt: Bool {
    [0x20, 0x09, 0x0a, 0x0c, 0x0d].contains(self)
  }

  /// The value of this byte as an ASCII hexadecimal digit of either case.
  var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Two lower-case hexadecimal digits.
  var hexadecimalDigits: String { digits(2, radix: 16) }
}

extension BinaryInteger {
  /// The digits of a number that is not negative, with zeros before them up to a width.
  package func digits(_ width: Int, radix: Int = 10) -> String {
    let digits = String(self, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
