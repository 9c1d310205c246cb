internal import LosslessXML

/// SHA-1 (FIPS 180-4), which derives identifiers from names.
///
/// No secret depends on it.
enum SHA1 {
  /// The 20 bytes of the digest of `message`.
  static func digest(of message: [UInt8]) -> [UInt8] {
    let state = words(of: message)
    return [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      for index in state.indices {
        UnsafeMutableRawBufferPointer(digest).storeBytes(
          of: state[index].bigEndian, toByteOffset: index * 4, as: UInt32.self)
      }
      count = 20
    }
  }

  /// The five words of the digest of `message`.
  static func words(of message: consuming [UInt8]) -> InlineArray<5, UInt32> {
    var state: InlineArray<5, UInt32> = [
      0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0,
    ]
    let bits = UInt64(message.count) * 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    withUnsafeBytes(of: bits.bigEndian) { message += $0 }
    message.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 64) {
        mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]), into: &state)
      }
    }
    return state
  }

  private static func mix(_ block: UnsafeRawBufferPointer, into state: inout InlineArray<5, UInt32>)
  {
    var words = InlineArray<80, UInt32>(repeating: 0)
    for t in 0..<16 {
      words[t] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: t * 4, as: UInt32.self))
    }
    for t in 16..<80 {
      words[t] = (words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotatedLeft(by: 1)
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    // Four loops: one that chooses the function in each round takes twice as long.
    for t in 0..<20 {
      let next = a.rotatedLeft(by: 5) &+ (b & c | ~b & d) &+ e &+ 0x5a82_7999 &+ words[t]
      (a, b, c, d, e) = (next, a, b.rotatedLeft(by: 30), c, d)
    }
    for t in 20..<40 {
      let next = a.rotatedLeft(by: 5) &+ (b ^ c ^ d) &+ e &+ 0x6ed9_eba1 &+ words[t]
      (a, b, c, d, e) = (next, a, b.rotatedLeft(by: 30), c, d)
    }
    for t in 40..<60 {
      let next = a.rotatedLeft(by: 5) &+ (b & c | b & d | c & d) &+ e &+ 0x8f1b_bcdc &+ words[t]
      (a, b, c, d, e) = (next, a, b.rotatedLeft(by: 30), c, d)
    }
    for t in 60..<80 {
      let next = a.rotatedLeft(by: 5) &+ (b ^ c ^ d) &+ e &+ 0xca62_c1d6 &+ words[t]
      (a, b, c, d, e) = (next, a, b.rotatedLeft(by: 30), c, d)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
  }
}

extension UInt32 {
  fileprivate func rotatedLeft(by count: UInt32) -> UInt32 {
    self &<< count | self &>> (32 - count)
  }
}
