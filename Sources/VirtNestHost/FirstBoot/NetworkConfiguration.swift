internal import Glibc
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

/// A fixed address of a guest's interface: `10.0.0.5/24,gateway=10.0.0.1,dns=10.0.0.2`.
package struct StaticAddress: Hashable, Sendable {
  /// The address.
  package let address: IPAddress
  /// How many of its bits name the network.
  package let prefix: Int
  /// The router to everything else.
  package let gateway: IPAddress?
  /// Name servers.
  package let nameServers: [IPAddress]
  /// Domains that names are looked up in.
  package let searchDomains: [String]
  /// The number of the guest's interface, from 1.
  package let interface: Int

  /// Reads the value of an option; `dns` and `search` may be repeated.
  ///
  /// - Throws: ``InvalidValue``, also for an address that no interface can have, and for a gateway
  ///   that is not in the network.
  package init(_ text: String) throws(InvalidValue) {
    func refusal(_ reason: String) -> InvalidValue { InvalidValue("address", text, reason) }
    func read(_ value: String, _ what: String) throws(InvalidValue) -> IPAddress {
      guard let address = IPAddress(value) else {
        throw refusal("the \(what) '\(value)' is not an IPv4 or IPv6 address")
      }
      return address
    }
    var items = OptionList(text).items[...]
    let parts = (items.popFirst().flatMap { $0.key == nil ? $0.value : nil } ?? "")
      .split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(parts[0]) else {
      throw refusal("it begins with an address and the length of its network: 10.0.0.5/24")
    }
    let bits = address.isSix ? 128 : 32
    guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]),
      (1...bits).contains(prefix)
    else { throw refusal("the length of its network is a number from 1 to \(bits)") }
    var (gateway, servers, domains, interface): (IPAddress?, [IPAddress], [String], Int?)
    (gateway, servers, domains, interface) = (nil, [], [], nil)
    for item in items {
      switch item.key {
      case "gateway" where gateway == nil: gateway = try read(item.value, "gateway")
      case "dns": servers.append(try read(item.value, "name server"))
      case "search":
        guard FirstBoot.isHostname(item.value) else {
          throw refusal("'\(item.value)' is not the name of a domain")
        }
        domains.append(item.value)
      case "interface" where interface == nil:
        guard let number = Int(item.value), (1...99).contains(number) else {
          throw refusal("interface is a number from 1 on")
        }
        interface = number
      case let key?:
        throw refusal(
          ["gateway", "interface"].contains(key)
            ? "'\(key)' is given twice"
            : "there is no '\(key)' here; the keys are gateway, dns, search, interface")
      case nil:
        throw refusal(
          "'\(item.value)' is not KEY=VALUE; the keys are gateway, dns, search, interface")
      }
    }
    if let reason = Self.reason(against: address, prefix, gateway) { throw refusal(reason) }
    self.address = address
    self.prefix = prefix
    self.gateway = gateway
    nameServers = servers
    searchDomains = domains
    self.interface = interface ?? 1
  }

  private static func reason(
    against address: IPAddress, _ prefix: Int, _ gateway: IPAddress?
  ) -> String? {
    let first = address.bytes[0]
    if address.isFilled(from: 0, with: 0) || (address.isSix ? first == 0xFF : first >= 224)
      || (address.isSix ? address.description == "::1" : first == 127 || first == 0)
    {
      return "no interface can have this address"
    }
    // RFC 3021: a network of two addresses has neither a name nor a broadcast address.
    if !address.isSix, prefix < 31 {
      if address.isFilled(from: prefix, with: 0) { return "this is the address of the network" }
      if address.isFilled(from: prefix, with: 1) { return "this is the broadcast address" }
    }
    guard let gateway else { return nil }
    if gateway == address { return "the gateway is another machine, with another address" }
    if !gateway.isLinkLocal, !gateway.shares(prefix, bitsWith: address) {
      return "the gateway \(gateway) is not in the network \(address)/\(prefix)"
    }
    return nil
  }
}

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes, in the order in which they are written.
  package let bytes: [UInt8]

  /// Reads an address as inet_pton(3) does: no short forms, no leading zeros in IPv4.
  package init?(_ text: some StringProtocol) {
    let isSix = text.contains(":")
    var bytes = [UInt8](repeating: 0, count: isSix ? 16 : 4)
    guard inet_pton(isSix ? AF_INET6 : AF_INET, String(text), &bytes) == 1 else { return nil }
    self.bytes = bytes
  }

  /// Whether it is an IPv6 address.
  package var isSix: Bool { bytes.count == 16 }

  /// Whether it is an IPv6 address that holds on its link only (fe80::/10).
  package var isLinkLocal: Bool { isSix && bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }

  /// Whether the first `prefix` bits are those of another address of the same kind.
  package func shares(_ prefix: Int, bitsWith other: IPAddress) -> Bool {
    bytes.count == other.bytes.count
      && (0..<prefix).allSatisfy { bit(at: $0) == other.bit(at: $0) }
  }

  /// Whether all bits from one on have a value.
  func isFilled(from start: Int, with value: UInt8) -> Bool {
    (start..<bytes.count * 8).allSatisfy { bit(at: $0) == value }
  }

  private func bit(at index: Int) -> UInt8 { bytes[index / 8] >> UInt8(7 - index % 8) & 1 }

  /// The shortest form, as inet_ntop(3) writes it.
  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(isSix ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
      preconditionFailure("4 or 16 bytes always have a form")
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
