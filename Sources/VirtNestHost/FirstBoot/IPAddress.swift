internal import Glibc
internal import LosslessXML

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes, in the order in which they are written.
  package let bytes: [UInt8]

  /// Reads an address as inet_pton(3) does: no short forms, no leading zeros in IPv4.
  package init?(_ text: some StringProtocol) {
    let isSix = text.contains(":")
    var bytes = [UInt8](repeating: 0, count: isSix ? 16 : 4)
    guard inet_pton(isSix ? AF_INET6 : AF_INET, String(text), &bytes) == 1 else { return nil }
    self.bytes = bytes
  }

  /// Whether it is an IPv6 address.
  package var isSix: Bool { bytes.count == 16 }

  /// Whether it is an IPv6 address that holds on its link only (fe80::/10).
  package var isLinkLocal: Bool { isSix && bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }

  /// Whether the first `prefix` bits are those of another address of the same kind.
  package func shares(_ prefix: Int, bitsWith other: IPAddress) -> Bool {
    bytes.count == other.bytes.count
      && (0..<prefix).allSatisfy { bit(at: $0) == other.bit(at: $0) }
  }

  /// Whether all bits from one on have a value.
  func isFilled(from start: Int, with value: UInt8) -> Bool {
    (start..<bytes.count * 8).allSatisfy { bit(at: $0) == value }
  }

  private func bit(at index: Int) -> UInt8 { bytes[index / 8] >> UInt8(7 - index % 8) & 1 }

  /// The shortest form, as inet_ntop(3) writes it.
  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(isSix ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
      preconditionFailure("4 or 16 bytes always have a form")
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
