package import LosslessXML

/// The uuid of a guest and the MAC addresses of its interfaces, derived from its name.
///
/// The same name always gives the same identity, so that creating and defining a guest again
/// updates it and causes no conflict.
package struct GuestIdentity: Sendable {
  private let name: String
  let namespace: DomainUUID

  private static let guests = DomainUUID(
    name: "urn:virt-nest:guest:1", namespace: .urlNamespace)

  /// The identity of the guest `name`.
  /// - Parameter identity: Text mixed into the derived UUID and MAC addresses, so that two sites can
  ///   use the same names for different guests.
  package init(name: String, identity: String? = nil) {
    self.name = name
    namespace = identity.map { DomainUUID(name: $0, namespace: Self.guests) } ?? Self.guests
  }

  /// The version 5 uuid of the name, in the namespace of the project or of the site.
  package var uuid: DomainUUID { DomainUUID(name: name, namespace: namespace) }

  /// The MAC address of interface `index`, counted from 0.
  ///
  /// 40 of its bits come from the name. With QEMU's prefix `52:54:00` only 24 bits would be left,
  /// and hundreds of 100,000 guests would have an address twice. The first byte, 0x52, marks a
  /// locally administered unicast address.
  package func macAddress(ofInterface index: Int) -> MACAddress {
    let hash = SHA1.digest(of: namespace.bytes + "\(name)/mac/\(index)".utf8)
    return MACAddress(bytes: (0x52, hash[0], hash[1], hash[2], hash[3], hash[4]))
  }
}

/// A part of a definition that belongs to one guest, beside its name.
///
/// `create FILE`, `--new-identity`, `template new`, the checks of templates and the rule about several
/// files all ask for these parts, so that they agree about what two guests cannot share.
package struct IdentityPart: Sendable {
  /// What becomes of the part in a copy of the guest.
  package enum Renewal: Sendable {
    /// It is derived from the name: the uuid and the MAC addresses.
    case derived
    /// It repeats another part, and follows it: the text of the element, or one of its attributes.
    case follows(Leader, attribute: String?)
    /// libvirt chooses a new value when these steps remove the old one.
    case chosenByLibvirt([Step])
    /// Only the user knows another value; the word by which it is given.
    case kept(Suggestion)
  }

  /// What other parts repeat; the raw value is its element below `<domain>`.
  package enum Leader: String, Sendable { case name, uuid }

  /// A step that removes the old value.
  package enum Step: Sendable {
    case remove(Element)
    case removeAttribute(String, Element)
    case setAttribute(String, Element, to: String)
    case clearText(Element)
  }

  /// The element that holds it.
  package let element: Element
  /// What it is, as in "the image /srv/a.qcow2".
  package let what: String
  /// What two guests of one host cannot have at once; `nil` if libvirt and QEMU accept it twice.
  package let key: String?
  /// What becomes of it in a copy.
  package let renewal: Renewal

  /// The element, or the attribute of it that repeats another part.
  var range: Range<Int> {
    guard case .follows(_, let name?) = renewal, let attribute = element.attribute(named: name)
    else { return element.range }
    return attribute.name.lowerBound..<attribute.value.upperBound
  }
}

extension DomainDefinition {
  /// The parts that belong to this guest, in the order of the document.
  package var identityParts: [IdentityPart] {
    var parts = IdentityParts(domain)
    parts.collect()
    return parts.found
  }

  /// Those of them that others write of the guest, some of which repeat its name or uuid.
  var writtenByOthers: [IdentityPart] {
    var parts = IdentityParts(domain)
    parts.collectWrittenByOthers()
    return parts.found
  }
}

/// SHA-1 (FIPS 180-4), which derives identifiers from names.
///
/// No secret depends on it.
enum SHA1 {
  /// The 20 bytes of the digest of `message`.
  static func digest(of message: [UInt8]) -> [UInt8] {
    var message = message
    let bits = UInt64(message.count) * 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    message += bytes(of: bits)
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    for start in stride(from: 0, to: message.count, by: 64) {
      mix(message[start..<start + 64], into: &state)
    }
    return state.flatMap { bytes(of: $0) }
  }

  private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
      block[index..<index + 4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    }
    for t in 16..<80 {
      words.append(
        (words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotatedLeft(by: 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for t in 0..<80 {
      let (function, constant): (UInt32, UInt32) =
        switch t {
        case 0..<20: (b & c | ~b & d, 0x5a82_7999)
        case 20..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case 40..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
      let next = a.rotatedLeft(by: 5) &+ function &+ e &+ constant &+ words[t]
      (a, b, c, d, e) = (next, a, b.rotatedLeft(by: 30), c, d)
    }
    for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
  }
}

extension UInt32 {
  fileprivate func rotatedLeft(by count: UInt32) -> UInt32 {
    self &<< count | self &>> (32 - count)
  }
}
