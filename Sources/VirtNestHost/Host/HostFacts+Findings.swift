internal import LosslessXML
package import VirtNest

extension HostFacts {
  /// What the facts mean for nesting, in the order in which problems should be fixed.
  /// - Parameter role: The role in which the machine is examined; ``role`` if `nil`.
  package func findings(as role: Role? = nil) -> [Diagnostic] {
    let role = role ?? self.role
    var findings = [cpu(), platform(as: role)]
    // On another machine there is nothing to fix.
    if isPower {
      findings += [mmu(), kernelVersion(as: role), moduleState(as: role), startAtBoot()]
      if role == .l0 { findings += [nestedNow(), nestedAtNextBoot()] }
    }
    findings += [qemuVersion(as: role), emulatorScript(), libvirtVersion(as: role)]
    findings += [security(as: role), hugePages()]
    return findings.compactMap(\.self)
  }

  private func cpu() -> Diagnostic {
    let source = "QEMU hw/ppc/spapr_caps.c: 'Nested-HV only supported on POWER9 and later'"
    func finding(_ level: Diagnostic.Severity, _ reason: String) -> Diagnostic {
      Diagnostic(level: level, subject: "cpu", reason: reason, source: source)
    }
    guard isPower else {
      return finding(
        .error,
        "the architecture of this machine is \(values["arch"] ?? "unknown"), and KVM for Power "
          + "guests needs POWER9 or later; guests made with --emulated run here, slowly")
    }
    guard let generation = powerGeneration else {
      return finding(
        .warning,
        "the CPU '\(values["cpu.model"] ?? "unknown")' is not known; nesting needs POWER9 or later")
    }
    return generation >= 9
      ? finding(.note, "POWER\(generation)")
      : finding(.error, "the CPU is a POWER\(generation), and nesting needs POWER9 or later")
  }

  private func platform(as role: Role) -> Diagnostic? {
    let source = "Linux Documentation/arch/powerpc/kvm-nested.rst"
    func finding(_ level: Diagnostic.Severity, _ reason: String) -> Diagnostic {
      Diagnostic(level: level, subject: "platform", reason: reason, source: source)
    }
    switch (platform, role) {
    case (.powerNV, .l0): return finding(.note, "bare metal: guests can nest with API v1")
    case (.powerNV, .l1):
      return finding(.warning, "this is bare metal, so it is a host (L0) and its guests are L1")
    case (.lpar, .l0):
      return finding(
        .error,
        "this is a PowerVM partition, so it is an L1; its guests are L2 and cannot nest further. "
          + "Their definitions need no setting for nesting")
    case (.lpar, .l1): return finding(.note, "a PowerVM partition: an L1 with API v2")
    case (.qemuGuest, .l0):
      return finding(.warning, "this is a guest itself; a third level of guests is untested")
    case (.qemuGuest, .l1): return finding(.note, "a QEMU guest: an L1 if its host allows nesting")
    case (.other, _):
      return isPower
        ? finding(.warning, "the platform '\(values["cpu.platform"] ?? "unknown")' is not known")
        : nil
    }
  }

  private func mmu() -> Diagnostic {
    let source = "Linux arch/powerpc/kvm/book3s_hv_nested.c, kvmhv_nested_init: radix or ENODEV"
    guard let usesRadix else {
      return Diagnostic(
        level: .warning, subject: "mmu", reason: "it is not known whether the MMU is in radix mode",
        source: source, remedy: "grep MMU /proc/cpuinfo")
    }
    if usesRadix {
      return Diagnostic(level: .note, subject: "mmu", reason: "radix", source: source)
    }
    if values["kernel.disable_radix"] == "yes" {
      return Diagnostic(
        level: .error, subject: "mmu",
        reason: "the MMU is in hash mode, because disable_radix is on the kernel command line; "
          + "remove it and reboot",
        source: source,
        remedy: ["debian", "ubuntu"].contains(values["os.id"])
          ? "sed -i 's/disable_radix[^ \"]*//' /etc/default/grub && update-grub"
          : "grubby --update-kernel=ALL --remove-args=disable_radix")
    }
    return Diagnostic(
      level: .error, subject: "mmu",
      reason: "the MMU is in hash mode; possible causes are a CPU compatibility mode before "
        + "POWER9, max-cpu-compat=power8 for this guest, and a kernel that is too old",
      source: source)
  }

  private func kernelVersion(as role: Role) -> Diagnostic {
    let needsV2 = platform == .lpar
    let first = needsV2 ? Version(6, 7) : Version(4, 20)
    let source =
      needsV2
      ? "Linux 6.7, 'KVM: PPC: Add support for nestedv2 guests'"
      : "Linux 4.20, 'KVM: PPC: Book3S HV: Nested guest entry via hypercall'"
    let release = values["kernel.release"] ?? "unknown"
    func finding(_ level: Diagnostic.Severity, _ reason: String) -> Diagnostic {
      Diagnostic(level: level, subject: "kernel", reason: reason, source: source)
    }
    guard let kernel else {
      return finding(.warning, "the kernel version '\(release)' is not known")
    }
    // RHEL 8 and distributions built from it have backported nesting to Linux 4.18.
    let isBackported = !needsV2 && kernel >= Version(4, 18) && release.contains(".el8")
    if kernel >= first || isBackported { return finding(.note, "Linux \(release)") }
    return finding(
      .error,
      "Linux \(release) is too old; nesting needs \(first.major).\(first.minor) or later here")
  }

  private func moduleState(as role: Role) -> Diagnostic {
    let nesting =
      "Linux arch/powerpc/kvm/book3s_hv_nested.c, kvmhv_nested_init"
      + (platform == .lpar ? "; IBM Documentation, KVM in a PowerVM LPAR" : "")
    func finding(_ level: Diagnostic.Severity, _ reason: String, _ remedy: String? = nil)
      -> Diagnostic
    {
      Diagnostic(
        level: level, subject: "kvm_hv", reason: reason,
        source: role == .l1 ? nesting : "Linux arch/powerpc/kvm/book3s_hv.c", remedy: remedy)
    }
    let refused =
      switch platform {
      case .lpar:
        "; if modprobe prints 'No such device', the firmware (POWER10 with FW1060.10 or later is "
          + "needed) or the partition's KVM mode at the HMC does not allow it"
      case .qemuGuest:
        "; if modprobe prints 'No such device', this guest runs without cap-nested-hv"
      case .powerNV, .other: ""
      }
    switch module {
    case .loaded:
      return role == .l1 && platform != .powerNV
        ? finding(.note, "loaded, so the hypervisor allows nesting")
        : finding(.note, "loaded")
    case .available, .builtin:
      return finding(
        .error, "kvm-hv is not loaded, so no guest can run under KVM" + refused, "modprobe kvm-hv")
    case .missing:
      let ubuntu = values["os.id"] == "ubuntu"
      return finding(
        .error, "the module kvm-hv of the running kernel is not installed",
        ubuntu
          ? "apt-get install linux-modules-extra-\(values["kernel.release"] ?? "generic")" : nil)
    case nil:
      return finding(
        .warning, "it is not known whether kvm-hv can be loaded" + refused, "modprobe kvm-hv")
    }
  }

  private func startAtBoot() -> Diagnostic? {
    guard module == .loaded || module == .available else { return nil }
    let source = "systemd modules-load.d(5)"
    if values["kvm_hv.boot.load"] == "yes" {
      return Diagnostic(
        level: .note, subject: "boot", reason: "kvm-hv is loaded at every boot", source: source)
    }
    return Diagnostic(
      level: .warning, subject: "boot", reason: "kvm-hv is not loaded at the next boot",
      source: source, remedy: "echo kvm-hv > /etc/modules-load.d/kvm-hv.conf")
  }

  private static let nestedSource =
    "Linux arch/powerpc/kvm/book3s_hv.c, parameter nested: on unless it is switched off"

  private func nestedNow() -> Diagnostic? {
    guard module == .loaded else { return nil }
    switch values["kvm_hv.nested"] {
    case "Y", "1":
      return Diagnostic(
        level: .note, subject: "nested", reason: "guests are allowed to nest",
        source: Self.nestedSource)
    case nil:
      return Diagnostic(
        level: .error, subject: "nested",
        reason: "kvm_hv has no parameter 'nested', so this kernel does not support nesting",
        source: Self.nestedSource)
    default:
      return Diagnostic(
        level: .error, subject: "nested",
        reason: "the parameter 'nested' of kvm_hv is off, so a guest with cap-nested-hv does not "
          + "start",
        source: Self.nestedSource, remedy: "echo Y > /sys/module/kvm_hv/parameters/nested")
    }
  }

  private func nestedAtNextBoot() -> Diagnostic? {
    guard let value = values["kvm_hv.boot.nested"], !["Y", "y", "1", "on"].contains(value) else {
      return nil
    }
    return Diagnostic(
      level: .warning, subject: "nested",
      reason: "nested=\(value) takes effect at the next boot; remove it from /etc/modprobe.d or "
        + "the kernel command line",
      source: Self.nestedSource,
      remedy: "grep -rn 'kvm[-_]hv' /etc/modprobe.d /proc/cmdline")
  }
}

extension Diagnostic {
  /// A finding about a host.
  ///
  /// - Parameters:
  ///   - subject: what it is about, in one word.
  ///   - reason: what was found.
  ///   - source: where the rule comes from.
  ///   - remedy: the command for root that fixes it.
  init(
    level severity: Severity, subject: Code, reason: String, source: String, remedy: String? = nil
  ) {
    self.init(
      severity, subject, reason, advice: remedy.map { "\($0)" }, reference: source)
  }
}
