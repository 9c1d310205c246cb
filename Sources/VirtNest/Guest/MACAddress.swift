internal import LosslessXML

/// The MAC address of a network interface: 6 bytes, written in libvirt's canonical form.
public struct MACAddress: Hashable, Sendable, CustomStringConvertible {
  /// The 6 bytes, in the order in which they are written.
  public let bytes: [UInt8]

  /// Reads what libvirt reads as a MAC address, or `nil`.
  ///
  /// Six numbers of one or two hexadecimal digits of either case, with colons between them. Space
  /// in front is refused; at the first space or control character behind them reading ends, and
  /// anything may follow (libvirt, `src/util/virmacaddr.c`, `virMacAddrParse`).
  public init?(_ text: some StringProtocol) {
    let address = text.utf8.prefix { $0 > UInt8(ascii: " ") }
    let numbers = address.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard numbers.count == 6 else { return nil }
    var bytes: [UInt8] = []
    for number in numbers {
      let digits = number.compactMap(\.hexadecimalValue)
      guard digits.count == number.count, (1...2).contains(digits.count) else { return nil }
      bytes.append(digits.reduce(0) { $0 << 4 | $1 })
    }
    self.bytes = bytes
  }

  /// The address with these bytes.
  init(bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
    self.bytes = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5]
  }

  /// Whether it addresses a group of interfaces; libvirt refuses such an address for one.
  public var isMulticast: Bool { bytes[0] & 1 == 1 }

  /// Lower-case digits in pairs with colons between them, as libvirt prints them.
  public var description: String {
    bytes.map(\.hexadecimalDigits).joined(separator: ":")
  }
}
