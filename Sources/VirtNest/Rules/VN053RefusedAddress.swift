internal import LosslessXML

extension Rule {
  static let refusedAddress = Rule(
    53, .error, "A MAC address that libvirt refuses",
    reason: """
      libvirt says "expected unicast mac address, found multicast", or that it cannot parse the \
      address. An address is a group's where its second digit is odd.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainNetDefParseXML; \(measured)",
    versions: "all"
  ) { subject in
    subject.devices("interface").compactMap { interface in
      guard let element = interface.child("mac"), let text = element["address"] else { return nil }
      let address = MACAddress(text)
      guard address.map(\.isMulticast) ?? true else { return nil }
      return Hit(
        element, attribute: "address",
        address == nil ? "'\(text)' is no MAC address" : "'\(text)' is the address of a group",
        do: "Write one such as 52:54:00:12:34:56, or take <mac> out and let libvirt choose.")
    }
  }
}
