internal import LosslessXML
package import VirtNest

extension HostFacts {
  /// The kind of machine, as far as it matters for nesting.
  package enum Platform: Equatable, Sendable {
    /// Bare metal, under OPAL.
    case powerNV
    /// A PowerVM partition.
    case lpar
    /// A QEMU guest, under KVM or TCG.
    case qemuGuest
    /// Not a Power machine, or an unknown one.
    case other
  }

  /// The state of the kernel module kvm-hv.
  package enum Module: String, Equatable, Sendable {
    /// It is loaded.
    case loaded
    /// It is built into the kernel, but not active.
    case builtin
    /// It is installed and not loaded.
    case available
    /// It is not installed for the running kernel.
    case missing
  }

  /// The role in which a machine is examined.
  package enum Role: String, Equatable, Sendable, CaseIterable {
    /// A host whose guests run guests of their own.
    case l0
    /// A guest that runs guests of its own; also a PowerVM partition.
    case l1
  }

  /// Whether this is a Power machine.
  package var isPower: Bool { values["arch"]?.hasPrefix("ppc64") ?? false }

  /// The kind of machine.
  ///
  /// Linux prints `platform` and `machine` in `/proc/cpuinfo` (`arch/powerpc/platforms`). For a
  /// guest of QEMU's spapr machine this contains `emulated by qemu`, and under KVM the device tree
  /// contains `linux,kvm`.
  package var platform: Platform {
    switch values["cpu.platform"]?.lowercased() {
    case "powernv": return .powerNV
    case "pseries":
      let isGuest =
        values["hypervisor"]?.hasPrefix("linux,kvm") ?? false
        || values["machine"]?.contains("qemu") ?? false
      return isGuest ? .qemuGuest : .lpar
    default: return .other
    }
  }

  /// The role that fits the machine: L1 for a guest or a partition, L0 for all others.
  package var role: Role {
    switch platform {
    case .lpar, .qemuGuest: .l1
    case .powerNV, .other: .l0
    }
  }

  /// 9 for POWER9, also for a later CPU in POWER9 compatibility mode.
  package var powerGeneration: Int? {
    guard let model = values["cpu.model"]?.uppercased(),
      let range = model.firstRange(of: "POWER")
    else { return nil }
    return Int(model[range.upperBound...].prefix { ("0"..."9").contains($0) })
  }

  /// Whether the kernel uses the radix MMU; `nil` if that is not known.
  package var usesRadix: Bool? { values["cpu.mmu"].map { $0.lowercased().hasPrefix("radix") } }

  /// The kernel's version, without the distribution's suffix.
  package var kernel: Version? { values["kernel.release"].flatMap { Version($0) } }

  /// The state of the module `kvm_hv`.
  package var module: Module? { values["kvm_hv.module"].flatMap { Module(rawValue: $0) } }

  /// QEMU's version.
  package var qemu: Version? { values["qemu.version"].flatMap { Version($0) } }

  /// The version of libvirt's daemon, or of virsh if there is no daemon.
  package var libvirt: Version? {
    (values["libvirt.version"] ?? values["virsh.version"]).flatMap { Version($0) }
  }

  /// The nesting capabilities that `-machine pseries,help` lists; `nil` if the facts have no list.
  package var qemuCapabilities: [String]? { values["qemu.nested"].map { words($0) } }

  /// QEMU's pseries machine types.
  package var machineTypes: [String] { words(values["qemu.machines"] ?? "") }

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

extension HostFacts {
  /// The mechanism that guests of a host should use for nesting, and why.
  package struct Recommendation: Equatable, Sendable {
    /// The mechanism; `nil` if the definitions of the host's guests need no setting for nesting.
    package var mechanism: NestingMechanism?
    /// The API between host and guests.
    package var api: NestedAPI
    /// The reason, as a sentence.
    package var reason: String

    /// The recommendation as a JSON object.
    package var json: JSONWriter.Value {
      [
        "mechanism": .optional(mechanism?.rawValue), "api": .string(api.rawValue),
        "reason": .string(reason),
      ]
    }
  }

  /// The mechanism that `auto` chooses for guests of this host.
  ///
  /// It is never `machine`, which current libvirt refuses, nor `wrapper`, which a definition does not
  /// show.
  package var recommendedMechanism: Recommendation {
    if platform == .lpar {
      return Recommendation(
        mechanism: nil, api: .papr,
        reason: "guests of a PowerVM partition are L2 and need no setting for nesting")
    }
    guard let libvirt else {
      return Recommendation(
        mechanism: .feature, api: .hv,
        reason: "the version of libvirt is not known; libvirt supports <nested-hv> since 4.10.0")
    }
    if libvirt < Version(4, 10) {
      return Recommendation(
        mechanism: .commandline, api: .hv,
        reason: "libvirt \(libvirt) does not support <nested-hv>, which needs 4.10.0 or later")
    }
    return Recommendation(
      mechanism: .feature, api: .hv, reason: "libvirt \(libvirt) supports <nested-hv>")
  }
}
