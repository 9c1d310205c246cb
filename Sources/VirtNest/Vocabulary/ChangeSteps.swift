internal import LosslessXML

/// The steps of a change that are more than a row of the table.
extension DomainEditor {
  /// Refuses values that libvirt refuses, whoever gave them.
  mutating func check(_ guest: Guest) {
    if let name = guest.name {
      do { try GuestName.check(name) } catch {
        diagnostics.append(.error("change", error.description))
      }
    }
    for (option, text) in guest.freeTexts where !text.isRepresentableInXML {
      diagnostics.append(.error("change", "\(option): XML cannot carry a character of '\(text)'"))
    }
  }

  /// Adds, changes and removes single devices.
  mutating func applyDevices(_ changes: GuestChanges) {
    guard changes.hasDeviceChanges else { return }
    let devices = domain.child("devices")
    let disks = devices?.children("disk") ?? []
    var taken = Set(disks.compactMap { $0.child("target")?["dev"] })
    for target in changes.removedDisks {
      guard let disk = find(target, among: disks) else { continue }
      taken.remove(target)
      self.changes.remove(disk)
    }
    for edited in changes.editedDisks {
      guard let disk = find(edited.selector, among: disks) else { continue }
      change(disk, to: edited.device, taken: &taken)
    }
    for disk in changes.addedDisks {
      if let target = disk.target, taken.contains(target) {
        diagnostics.append(
          .error(
            "change", "there is a disk '\(target)' already; change it by --edit-disk \(target),…"))
        continue
      }
      add(disk, taken: &taken)
    }
    let interfaces = devices?.children("interface") ?? []
    for selector in changes.removedInterfaces {
      guard let interface = find(selector, amongInterfaces: interfaces) else { continue }
      self.changes.remove(interface)
    }
    for edited in changes.editedInterfaces {
      guard let interface = find(edited.selector, amongInterfaces: interfaces) else { continue }
      change(interface, to: edited.device)
    }
    for interface in changes.addedInterfaces { add(interface) }
  }

  private mutating func find(_ target: String, among disks: [Element]) -> Element? {
    let matching = disks.filter { $0.child("target")?["dev"] == target }
    if matching.count == 1 { return matching.first }
    let known = disks.compactMap { $0.child("target")?["dev"] }.joined(separator: ", ")
    diagnostics.append(
      .error(
        "change",
        matching.isEmpty
          ? "there is no disk '\(target)'; the guest has \(known.isEmpty ? "none" : known)"
          : "there are \(matching.count) disks '\(target)'", at: matching.last?.place))
    return nil
  }

  private mutating func find(_ selector: String, amongInterfaces all: [Element]) -> Element? {
    let mac = MACAddress(selector)
    let matching = all.enumerated().filter { index, element in
      let interface = NetworkInterface(reading: element)
      return (mac != nil && interface.mac == mac) || interface.target == selector
        || String(index + 1) == selector
    }.map(\.element)
    if matching.count == 1 { return matching.first }
    let known = all.enumerated().map { index, element in
      "\(index + 1)" + (element.child("mac")?["address"].map { " (\($0))" } ?? "")
    }.joined(separator: ", ")
    diagnostics.append(
      .error(
        "change",
        matching.isEmpty
          ? "there is no interface '\(selector)'; the guest has \(known.isEmpty ? "none" : known)"
          : "'\(selector)' means \(matching.count) interfaces", at: matching.last?.place))
    return nil
  }

  /// Derives uuid and addresses from the name; what was given in words stays.
  mutating func deriveIdentity(
    _ identity: GuestChanges.Identity?, _ before: Guest, _ wanted: inout Guest
  ) {
    guard let identity, let name = wanted.name ?? before.name else {
      if wanted.name != nil, wanted.name != before.name, before.uuid != nil {
        diagnostics.append(
          .note(
            "change",
            "uuid, addresses and paths are those of '\(before.name ?? "")'; "
              + "--new-identity derives uuid and addresses from the new name"))
      }
      return
    }
    let derived = GuestIdentity(name: name, identity: identity.text)
    wanted.uuid = wanted.uuid ?? derived.uuid
    if let given = wanted.interfaces {
      for index in given.indices where given[index].mac == nil {
        wanted.interfaces?[index].mac = derived.macAddress(ofInterface: index)
      }
      return
    }
    let existing = domain.child("devices")?.children("interface") ?? []
    for (index, element) in existing.enumerated() {
      var interface = NetworkInterface()
      interface.mac = derived.macAddress(ofInterface: index)
      change(element, to: interface)
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
    var texts: [(option: String, text: String?)] = [
      ("--machine", machine?.text), ("--cpu", cpu?.model), ("--emulator", emulator),
      ("--boot kernel", boot.kernel), ("--boot initrd", boot.initrd),
      ("--boot kernel_args", boot.kernelArguments), ("--console", console.logFile),
      ("--virt-type", domainType),
    ]
    for disk in disks ?? [] {
      texts.append(("--disk", disk.source?.description))
      texts.append(("--disk", disk.serial))
    }
    for interface in interfaces ?? [] {
      texts.append(("--network", interface.source.map { String(describing: $0) }))
    }
    return texts.compactMap { option, text in text.map { (option, $0) } }
  }
}
