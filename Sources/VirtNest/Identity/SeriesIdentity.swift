/// ``GuestIdentity`` for many names, written as bytes.
struct SeriesIdentity: Sendable {
  private let namespace: [UInt8]

  init(_ text: String?) { namespace = GuestIdentity(name: "", identity: text).namespace.bytes }

  /// Appends the uuid of the guest `name`.
  func appendUUID(of name: [UInt8], to bytes: inout [UInt8]) {
    let words = SHA1.words(of: message(name))
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 {
        bytes.append(UInt8(ascii: "-"))
      }
      var byte = words.byte(index)
      if index == 6 { byte = byte & 0x0f | 0x50 }
      if index == 8 { byte = byte & 0x3f | 0x80 }
      bytes.append(hexadecimal: byte)
    }
  }

  /// Appends the MAC address of an interface of the guest `name`.
  func appendAddress(_ interface: Int, of name: [UInt8], to bytes: inout [UInt8]) {
    var message = message(name)
    message += "/mac/".utf8
    message += String(interface).utf8
    let words = SHA1.words(of: message)
    bytes.append(hexadecimal: 0x52)
    for index in 0..<5 {
      bytes.append(UInt8(ascii: ":"))
      bytes.append(hexadecimal: words.byte(index))
    }
  }

  /// What is hashed, with room for what comes behind it.
  private func message(_ name: [UInt8]) -> [UInt8] {
    var message: [UInt8] = []
    message.reserveCapacity(192 + name.count)
    message += namespace
    message += name
    return message
  }
}

extension InlineArray<5, UInt32> {
  fileprivate func byte(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: self[index / 4] >> UInt32(24 - index % 4 * 8))
  }
}

extension [UInt8] {
  fileprivate mutating func append(hexadecimal byte: UInt8) {
    let (high, low) = (byte >> 4, byte & 15)
    append(high + (high < 10 ? 0x30 : 0x57))
    append(low + (low < 10 ? 0x30 : 0x57))
  }
}
