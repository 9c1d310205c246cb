internal import LosslessXML

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
