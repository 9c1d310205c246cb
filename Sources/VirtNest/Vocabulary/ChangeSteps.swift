internal import LosslessXML

/// The steps of a change that are more than a row of the table.
extension DomainEditor {
  /// Refuses values that libvirt refuses, whoever gave them.
  mutating func check(_ guest: Guest) {
    if let name = guest.name, name != domain.child("name")?.text {
      do { try GuestName.check(name) } catch {
        refuse(error.description)
      }
    }
    for (option, text) in guest.freeTexts where !text.isRepresentableInXML {
      refuse("\(option): XML cannot carry a character of '\(text)'")
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
