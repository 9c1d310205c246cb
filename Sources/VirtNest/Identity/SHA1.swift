/// SHA-1 (FIPS 180-4), for names that become identifiers; no secret depends on it.
enum SHA1 {
  /// The 20 bytes of the digest of `message`.
  static func digest(of message: [UInt8]) -> [UInt8] {
    var state: InlineArray<5, UInt32> = [
      0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0,
    ]
    var padded: [UInt8] = []
    padded.reserveCapacity(message.count + 72)
    padded += message
    padded.append(0x80)
    padded += repeatElement(0, count: (120 - padded.count % 64) % 64)
    withUnsafeBytes(of: (UInt64(message.count) * 8).bigEndian) { padded += $0 }
    padded.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 64) {
        mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]), into: &state)
      }
    }
    return [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      for index in state.indices {
        UnsafeMutableRawBufferPointer(digest).storeBytes(
          of: state[index].bigEndian, toByteOffset: index * 4, as: UInt32.self)
      }
      count = 20
    }
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
    for t in 0..<80 {
      let (f, k): (UInt32, UInt32) =
        switch t {
        case ..<20: (b & c | ~b & d, 0x5a82_7999)
        case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case ..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
      let next = a.rotatedLeft(by: 5) &+ f &+ e &+ k &+ words[t]
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
