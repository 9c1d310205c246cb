internal import LosslessXML
internal import VirtNest

/// The addresses that others on a host have, as far as libvirt knows them: its networks themselves,
/// what their DHCP servers have given out or keep for a guest, and other guests of `virt-nest up`.
struct UsedAddresses {
  /// An address, and whose it is in words.
  private var owners: [IPAddress: String] = [:]

  /// Asks a libvirt.
  ///
  /// - Parameters:
  ///   - guest: the guest that is to get addresses; what it has itself is not in use.
  ///   - networks: the names of libvirt's networks that it has interfaces in.
  /// - Throws: ``VirtNestError``.
  init(beside guest: Guest, networks: [String], on libvirt: Virsh) async throws {
    let answers = try await libvirt.answers(
      to: networks.flatMap { network in
        let name = Virsh.quoted(network)
        return ["net-dumpxml --network \(name)", "net-dhcp-leases --network \(name)"]
      })
    let own = Set(guest.interfaces.compactMap(\.mac))
    for (index, network) in networks.enumerated() {
      // Where there is no such network, libvirt says so when the guest starts.
      if let root = try? Document(answers[2 * index].xml).root {
        addNetwork(root, named: network, own)
      }
      for lease in answers[2 * index + 1].output.split(whereSeparator: \.isNewline) {
        let words = lease.split(separator: " ")
        guard let mac = words.lazy.compactMap({ MACAddress(String($0)) }).first, !own.contains(mac),
          let address = words.lazy.compactMap({ Self.address($0) }).first
        else { continue }
        owners[address] = "the DHCP server of the network '\(network)' has given it to \(mac)"
      }
    }
    for other in try await HostGuest.all(on: libvirt) where other.name != guest.name {
      let record = try? UpRecord(in: other.definition)
      for address in (record?.addresses ?? []).compactMap({ IPAddress($0) }) {
        owners[address] = "the guest '\(other.name)' has it"
      }
    }
  }

  private mutating func addNetwork(_ root: Element, named network: String, _ own: Set<MACAddress>) {
    for ip in root.children where ip.localName == "ip" {
      if let address = ip["address"].flatMap({ IPAddress($0) }) {
        owners[address] = "the network '\(network)' has it on the host itself"
      }
      for host in ip.child("dhcp")?.children.filter({ $0.localName == "host" }) ?? [] {
        guard let address = host["ip"].flatMap({ IPAddress($0) }) else { continue }
        let mac = host["mac"].flatMap { MACAddress($0) }
        let name = host["name"]
        if mac.map(own.contains) ?? (name == nil) { continue }
        owners[address] =
          "the network '\(network)' keeps it for \(mac?.description ?? name ?? "another guest")"
      }
    }
  }

  /// The address in a word such as `192.168.122.5/24`.
  private static func address(_ word: Substring) -> IPAddress? {
    let parts = word.split(separator: "/")
    return parts.count == 2 ? IPAddress(parts[0]) : nil
  }

  /// Refuses an address that another has.
  ///
  /// - Throws: ``VirtNestError``.
  func require(_ address: StaticAddress) throws(VirtNestError) {
    guard let owner = owners[address.address] else { return }
    throw VirtNestError(
      .storage,
      "the address \(address.address) is in use: \(owner); give the guest another address")
  }
}

extension UpPlan {
  /// Refuses addresses that others on the host have, and networks without which the guest does not start.
  ///
  /// - Throws: ``VirtNestError``.
  static func requireFree(
    _ addresses: [StaticAddress], for guest: Guest, on libvirt: Virsh
  ) async throws {
    func networks(_ interfaces: [NetworkInterface]) -> [String] {
      interfaces.reduce(into: []) { names, interface in
        if case .network(let name) = interface.source, !names.contains(name) { names.append(name) }
      }
    }
    if !addresses.isEmpty {
      let own = addresses.filter { $0.interface <= guest.interfaces.count }
        .map { guest.interfaces[$0.interface - 1] }
      let used = try await UsedAddresses(beside: guest, networks: networks(own), on: libvirt)
      for address in addresses { try used.require(address) }
    }
    let all = networks(guest.interfaces)
    let answers = try await libvirt.answers(
      to: all.map { "net-info --network " + Virsh.quoted($0) })
    for (name, answer) in zip(all, answers) {
      guard answer["Active"] != "yes" else { continue }
      throw VirtNestError(
        .storage,
        answer["Active"] == nil
          ? "there is no network '\(name)' on \(libvirt.displayName); virsh net-list --all lists what there "
            + "is, and --network chooses another"
          : "the network '\(name)' on \(libvirt.displayName) is not running: virsh net-start "
            + shellOperand(name))
    }
  }
}
