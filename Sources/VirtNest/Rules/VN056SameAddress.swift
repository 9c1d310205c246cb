internal import LosslessXML

extension Rule {
  static let sameAddress = Rule(
    56, .warning, "The same MAC address twice",
    reason: """
      Two interfaces of one address in one network disturb each other, and DHCP gives both the same \
      address. libvirt does not look. Interfaces of a team share theirs on purpose.
      """,
    source: "libvirt, docs/formatdomain.rst (mac, teaming); \(measured)", versions: "all",
    search: .together { subjects in
      repeated(subjects) { subject -> [(MACAddress, Element)] in
        subject.devices("interface").compactMap { interface in
          guard interface.child("teaming") == nil, let element = interface.child("mac"),
            let address = element["address"].flatMap({ MACAddress($0) })
          else { return nil }
          return (address, element)
        }
      } hit: { claim, first, place in
        // That it is the same guest is said already.
        if claim.isSameGuest(as: first) { return nil }
        return Hit(
          claim.element, attribute: "address", "the same address is in \(place)",
          do:
            "Give one of them another; virt-nest patch -i --new-identity derives it from the name.")
      }
    })
}
