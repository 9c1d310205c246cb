package import VirtNest

extension HostFacts {
  /// What the machine is, as far as nesting is concerned.
  package enum Platform: Equatable, Sendable {
    /// Bare metal, under OPAL.
    case powerNV
    /// A partition of PowerVM.
    case lpar
    /// A guest of QEMU, under KVM or TCG.
    case qemuGuest
    /// Not a Power machine, or not one that the facts tell of.
    case other
  }

  /// The state of the kernel's module kvm-hv.
  package enum Module: String, Equatable, Sendable {
    /// It is running.
    case loaded
    /// It is a part of the kernel, but does not run.
    case builtin
    /// It can be loaded.
    case available
    /// The kernel has no such module installed.
    case missing
  }

  /// What a machine is looked at as.
  package enum Role: String, Equatable, Sendable, CaseIterable {
    /// A host, whose guests are to run guests.
    case l0
    /// A guest that is to run guests. A partition of PowerVM is one too.
    case l1
  }

  /// Whether the machine is a Power one.
  package var isPower: Bool { values["arch"]?.hasPrefix("ppc64") ?? false }

  /// What the machine is.
  ///
  /// Linux prints `platform` and `machine` in `/proc/cpuinfo` (`arch/powerpc/platforms`); QEMU's
  /// spapr puts `emulated by qemu` there, and KVM `linux,kvm` into the device tree.
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

  /// What the machine can only be looked at as: a guest or a partition as an L1, all else as an L0.
  package var role: Role {
    switch platform {
    case .lpar, .qemuGuest: .l1
    case .powerNV, .other: .l0
    }
  }

  /// 9 for POWER9, also in a compatibility mode of a later one.
  package var powerGeneration: Int? {
    guard let model = values["cpu.model"]?.uppercased(),
      let range = model.firstRange(of: "POWER")
    else { return nil }
    return Int(model[range.upperBound...].prefix { ("0"..."9").contains($0) })
  }

  /// Whether the kernel uses the radix MMU, where that is known.
  package var usesRadix: Bool? { values["cpu.mmu"].map { $0.lowercased().hasPrefix("radix") } }

  /// The kernel's version, without what a distribution adds.
  package var kernel: Version? { values["kernel.release"].flatMap { Version($0) } }

  /// The state of the module `kvm_hv`.
  package var module: Module? { values["kvm_hv.module"].flatMap { Module(rawValue: $0) } }

  /// QEMU's version.
  package var qemu: Version? { values["qemu.version"].flatMap { Version($0) } }

  /// The version of libvirt's daemon, else of virsh.
  package var libvirt: Version? {
    (values["libvirt.version"] ?? values["virsh.version"]).flatMap { Version($0) }
  }

  /// The capabilities of nesting that `-machine pseries,help` lists; `nil` where it was not asked.
  package var qemuCapabilities: [String]? { values["qemu.nested"].map { words($0) } }

  /// QEMU's pseries machine types.
  package var machineTypes: [String] { words(values["qemu.machines"] ?? "") }

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
