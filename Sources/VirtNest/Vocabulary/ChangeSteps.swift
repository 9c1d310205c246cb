internal import LosslessXML

/// The steps of a change that are more than a row of the table.
extension DomainEditor {
  /// Refuses values that libvirt refuses, whoever gave them.
  mutating func check(_ guest: Guest) {
    if let name = guest.name, name != domain.child("name")?.text {
      do { try GuestName.check(name) } catch {
        diagnostics.append(.error("change", error.description))
      }
    }
    for (option, text) in guest.freeTexts where !text.isRepresentableInXML {
      diagnostics.append(.error("change", "\(option): XML cannot carry a character of '\(text)'"))
    }
  }

  /// Derives the uuid from the name; one that was given stays.
  mutating func deriveIdentity(
    _ identity: GuestChanges.Identity?, _ before: Guest, _ wanted: inout Guest
  ) {
    guard let identity, let name = wanted.name ?? before.name else {
      if wanted.name != nil, wanted.name != before.name, before.uuid != nil {
        diagnostics.append(
          .note(
            "change",
            "uuid, addresses and paths are still those of '\(before.name ?? "")'",
            advice: "To derive uuid and addresses from the new name: \(.newIdentity)."))
      }
      return
    }
    let derived = GuestIdentity(name: name, identity: identity.text)
    wanted.uuid = wanted.uuid ?? derived.uuid
  }

  /// Derives the addresses of the interfaces from the guest's name; one that a word gives stays.
  mutating func deriveAddresses(_ identity: GuestChanges.Identity?) {
    guard let identity, let name = newName else { return }
    let derived = GuestIdentity(name: name, identity: identity.text)
    let existing = domain.devices("interface")
    for (index, element) in existing.enumerated() where !removed.contains(element) {
      let address = derived.macAddress(ofInterface: index)
      guard let mac = element.child("mac") else {
        if hasAddition(named: "mac", in: element) { continue }
        addOrExtend(Step("mac"), in: element) {
          $0.setAttribute("address", to: address.description)
        }
        continue
      }
      let isSet = attribute("address", of: mac) != mac["address"]
      if isSet || mac["address"].flatMap({ MACAddress($0) }) == address { continue }
      setAttribute("address", of: mac, to: address.description)
    }
  }

  /// Makes a guest that runs under TCG anywhere, and says what else binds it to a host.
  mutating func emulate(_ before: Guest, _ wanted: inout Guest) {
    wanted.domainType = wanted.domainType ?? "qemu"
    let generation = before.cpu?.mode == "custom" ? before.cpu?.powerGeneration : nil
    let isNamedByQEMU = before.cpu?.model?.hasPrefix("POWER") == true
    if wanted.cpu == nil, !(isNamedByQEMU && (generation ?? 0) >= 9) {
      wanted.cpu = CPU(mode: "custom", model: "POWER9")
    }
    let topology = wanted.vcpus?.topology ?? before.vcpus?.topology
    if let topology, topology.threads > 1, let vcpus = wanted.vcpus ?? before.vcpus {
      // TCG: "cannot support more than 1 thread/core on a pseries machine".
      wanted.vcpus = vcpus
      wanted.vcpus?.topology = Topology(
        sockets: topology.sockets, dies: topology.dies, cores: topology.cores * topology.threads,
        threads: 1)
    }
    if wanted.emulator == nil { remove(at: ["devices", "emulator"]) }
    let binding: [(place: [Step], what: String)] = [
      (["memoryBacking", "hugepages"], "huge pages"), (["numatune"], "NUMA placement"),
      (["cputune"], "CPU pinning"), (["devices", "hostdev"], "a device of the host"),
    ]
    for (place, what) in binding {
      guard let element = domain.first(place) else { continue }
      diagnostics.append(
        .warning("change", "\(what) binds the guest to its host still", at: element.place))
    }
  }
}

extension Guest {
  /// Texts that are the user's own, by the option that gives them.
  fileprivate var freeTexts: [(option: String, text: String)] {
    let texts: [(option: String, text: String?)] = [
      ("machine", machine?.text), ("cpu", cpu?.model), ("emulator", emulator),
      ("console", console.logFile), ("virt-type", domainType),
    ]
    return texts.compactMap { option, text in text.map { (option, $0) } }
  }
}
