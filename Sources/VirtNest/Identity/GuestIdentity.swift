/// The identity that a guest's name gives it: its uuid and the MAC addresses of its interfaces.
///
/// The same name always gives the same identity, so that creating and defining a guest again
/// updates it instead of colliding with it.
package struct GuestIdentity: Sendable {
  private let name: String
  let namespace: DomainUUID

  private static let guests = DomainUUID(
    name: "urn:virt-nest:guest:1", namespace: .urlNamespace)

  /// The identity of the guest `name`.
  /// - Parameter identity: A text that tells sites apart which use the same names for different
  ///   guests; with another text, the same name has another identity.
  package init(name: String, identity: String? = nil) {
    self.name = name
    namespace = identity.map { DomainUUID(name: $0, namespace: Self.guests) } ?? Self.guests
  }

  /// The version 5 uuid of the name, in the namespace of the project or of the site.
  package var uuid: DomainUUID { DomainUUID(name: name, namespace: namespace) }

  /// The MAC address of interface `index`, counted from 0.
  ///
  /// 40 of its bits come from the name: 24 bits behind QEMU's `52:54:00` collide hundreds of times
  /// in 100,000 guests. 0x52 in front makes it a locally administered address of one interface.
  package func macAddress(ofInterface index: Int) -> MACAddress {
    let hash = SHA1.digest(of: namespace.bytes + "\(name)/mac/\(index)".utf8)
    return MACAddress(bytes: (0x52, hash[0], hash[1], hash[2], hash[3], hash[4]))
  }
}
