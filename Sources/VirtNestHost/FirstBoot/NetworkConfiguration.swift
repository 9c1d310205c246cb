internal import LosslessXML
package import VirtNest

/// cloud-init's `network-config`.
package struct NetworkConfiguration: Hashable, Sendable {
  /// The file.
  package let text: String
  /// The fixed addresses in it; empty for a file of the user's, which is not read.
  package let addresses: [StaticAddress]

  /// A file of the user's, which is taken as it is.
  ///
  /// - Throws: ``InvalidValue`` if it is not text, or empty.
  package init(file: [UInt8]) throws(InvalidValue) {
    text = try OwnUserData.text(of: file, for: "network-config")
    addresses = []
  }

  /// A configuration of version 2, as netplan reads it, with fixed addresses.
  ///
  /// Interfaces are found by their MAC addresses, because their names differ between systems. Those
  /// without a fixed address ask by DHCP: cloud-init leaves an interface alone that is not in the file.
  /// - Parameter interfaces: the MAC addresses of the guest's interfaces; `nil` for one that libvirt
  ///   has yet to choose.
  /// - Throws: ``InvalidValue`` for an interface that the guest lacks, or that has no MAC address.
  package init(
    _ addresses: [StaticAddress], interfaces: [MACAddress?]
  ) throws(InvalidValue) {
    var text = "version: 2\nethernets:\n"
    for address in addresses where address.interface > interfaces.count {
      throw InvalidValue(
        "address", "\(address.address)/\(address.prefix)",
        "the guest has no interface \(address.interface)")
    }
    for (index, mac) in interfaces.enumerated() {
      let own = addresses.filter { $0.interface == index + 1 }
      guard let mac else {
        if own.isEmpty { continue }
        throw InvalidValue(
          "address", "\(own[0].address)/\(own[0].prefix)",
          "interface \(index + 1) has no MAC address to be found by; give it one in the definition")
      }
      text += "  nest\(index):\n    match:\n      macaddress: \(yamlQuoted(mac.description))\n"
      text += own.isEmpty ? "    dhcp4: true\n" : Self.lines(own)
    }
    self.text = text
    self.addresses = addresses
  }

  private static func lines(_ addresses: [StaticAddress]) -> String {
    func list(_ values: [String], _ indentation: String) -> String {
      values.map { "\(indentation)- \(yamlQuoted($0))\n" }.joined()
    }
    var text =
      "    addresses:\n" + list(addresses.map { "\($0.address)/\($0.prefix)" }, "      ")
    let gateways = addresses.compactMap(\.gateway)
    if !gateways.isEmpty { text += "    routes:\n" }
    for gateway in gateways {
      // Older netplan does not know the word default here.
      let all = gateway.isSix ? "::/0" : "0.0.0.0/0"
      text += "      - to: \(yamlQuoted(all))\n        via: \(yamlQuoted(gateway.description))\n"
    }
    let servers = addresses.flatMap(\.nameServers).map(\.description)
    let domains = addresses.flatMap(\.searchDomains)
    if !servers.isEmpty || !domains.isEmpty { text += "    nameservers:\n" }
    if !servers.isEmpty { text += "      addresses:\n" + list(servers, "        ") }
    if !domains.isEmpty { text += "      search:\n" + list(domains, "        ") }
    return text
  }
}
