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
    let finding = Topic(
      "cpu", "QEMU hw/ppc/spapr_caps.c: 'Nested-HV only supported on POWER9 and later'")
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
    let finding = Topic("platform", "Linux Documentation/arch/powerpc/kvm-nested.rst")
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
    let finding = Topic(
      "mmu", "Linux arch/powerpc/kvm/book3s_hv_nested.c, kvmhv_nested_init: radix or ENODEV")
    guard let usesRadix else {
      return finding(
        .warning, "it is not known whether the MMU is in radix mode",
        fix: "grep MMU /proc/cpuinfo")
    }
    if usesRadix { return finding(.note, "radix") }
    if values["kernel.disable_radix"] == "yes" {
      return finding(
        .error,
        "the MMU is in hash mode, because disable_radix is on the kernel command line; remove it "
          + "and reboot",
        fix: ["debian", "ubuntu"].contains(values["os.id"])
          ? "sed -i 's/disable_radix[^ \"]*//' /etc/default/grub && update-grub"
          : "grubby --update-kernel=ALL --remove-args=disable_radix")
    }
    return finding(
      .error,
      "the MMU is in hash mode; possible causes are a CPU compatibility mode before POWER9, "
        + "max-cpu-compat=power8 for this guest, and a kernel that is too old")
  }

  private func kernelVersion(as role: Role) -> Diagnostic {
    let needsV2 = platform == .lpar
    let first = needsV2 ? Version(6, 7) : Version(4, 20)
    let finding = Topic(
      "kernel",
      needsV2
        ? "Linux 6.7, 'KVM: PPC: Add support for nestedv2 guests'"
        : "Linux 4.20, 'KVM: PPC: Book3S HV: Nested guest entry via hypercall'")
    let release = values["kernel.release"] ?? "unknown"
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
    let finding = Topic(
      "kvm_hv", role == .l1 ? nesting : "Linux arch/powerpc/kvm/book3s_hv.c")
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
        .error, "kvm-hv is not loaded, so no guest can run under KVM" + refused,
        fix: "modprobe kvm-hv")
    case .missing:
      return finding(
        .error, "the module kvm-hv of the running kernel is not installed",
        fix: values["os.id"] == "ubuntu"
          ? "apt-get install linux-modules-extra-\(values["kernel.release"] ?? "generic")" : nil)
    case nil:
      return finding(
        .warning, "it is not known whether kvm-hv can be loaded" + refused, fix: "modprobe kvm-hv")
    }
  }

  private func startAtBoot() -> Diagnostic? {
    guard module == .loaded || module == .available else { return nil }
    let finding = Topic("boot", "systemd modules-load.d(5)")
    if values["kvm_hv.boot.load"] == "yes" {
      return finding(.note, "kvm-hv is loaded at every boot")
    }
    return finding(
      .warning, "kvm-hv is not loaded at the next boot",
      fix: "echo kvm-hv > /etc/modules-load.d/kvm-hv.conf")
  }

  private static let nested = Topic(
    "nested", "Linux arch/powerpc/kvm/book3s_hv.c, parameter nested: on unless it is switched off")

  private func nestedNow() -> Diagnostic? {
    guard module == .loaded else { return nil }
    switch values["kvm_hv.nested"] {
    case "Y", "1":
      return Self.nested(.note, "guests are allowed to nest")
    case nil:
      return Self.nested(
        .error, "kvm_hv has no parameter 'nested', so this kernel does not support nesting")
    default:
      return Self.nested(
        .error,
        "the parameter 'nested' of kvm_hv is off, so a guest with cap-nested-hv does not start",
        fix: "echo Y > /sys/module/kvm_hv/parameters/nested")
    }
  }

  private func nestedAtNextBoot() -> Diagnostic? {
    guard let value = values["kvm_hv.boot.nested"], !["Y", "y", "1", "on"].contains(value) else {
      return nil
    }
    return Self.nested(
      .warning,
      "nested=\(value) takes effect at the next boot; remove it from /etc/modprobe.d or the kernel "
        + "command line",
      fix: "grep -rn 'kvm[-_]hv' /etc/modprobe.d /proc/cmdline")
  }
}

/// What findings about a host are about, in one word, and where the rule comes from.
private struct Topic {
  let subject: Diagnostic.Code
  let source: String

  init(_ subject: Diagnostic.Code, _ source: String) {
    (self.subject, self.source) = (subject, source)
  }

  /// A finding.
  ///
  /// - Parameter fix: the command for root that fixes it.
  func callAsFunction(
    _ severity: Diagnostic.Severity, _ reason: String, fix: String? = nil
  ) -> Diagnostic {
    Diagnostic(severity, subject, reason, advice: fix.map { "\($0)" }, reference: source)
  }
}

extension HostFacts {
  fileprivate func qemuVersion(as role: Role) -> Diagnostic {
    let finding = Topic("qemu", "QEMU 3.1, hw/ppc/spapr_caps.c: cap-nested-hv")
    // An error only for a host: without QEMU it has no guests. An L1 can install it later.
    guard let path = values["qemu.path"] else {
      return finding(
        role == .l0 ? .error : .warning, "QEMU for Power is not installed",
        fix: installation("qemu-system-ppc"))
    }
    guard let qemu else { return finding(.warning, "the version of \(path) is not known") }
    if role == .l1 { return finding(.note, "QEMU \(qemu)") }
    if qemu < NestedAPI.hv.firstQEMU {
      return finding(.error, "QEMU \(qemu) is too old; cap-nested-hv needs 3.1 or later")
    }
    if let capabilities = qemuCapabilities, !capabilities.contains("cap-nested-hv") {
      return finding(.error, "\(path) (QEMU \(qemu)) was built without cap-nested-hv")
    }
    if machineTypes.isEmpty { return finding(.error, "\(path) has no pseries machine type") }
    if !isPower, qemu < Version(7, 0) {
      return finding(.warning, "QEMU \(qemu) is too old to nest under TCG; use 7.0 or later")
    }
    if qemu < Version(4, 1) {
      return finding(.warning, "QEMU \(qemu) has cap-nested-hv, but only 4.1 and later are tested")
    }
    return finding(.note, "QEMU \(qemu), with \(machineTypes.count) pseries machine types")
  }

  fileprivate func emulatorScript() -> Diagnostic? {
    guard values["qemu.script"] == "yes", let path = values["qemu.path"] else { return nil }
    return Topic("emulator", "virt-nest wrapper")(
      .warning,
      "\(path) is a script and may change the options that libvirt gives QEMU; to make guests "
        + "independent of it, use: virt-nest patch --mechanism feature")
  }

  fileprivate func libvirtVersion(as role: Role) -> Diagnostic {
    let finding = Topic("libvirt", "libvirt 4.10.0, docs/formatdomain: nested-hv")
    guard let libvirt else {
      return finding(
        .warning, "libvirt is not installed", fix: installation("libvirt-daemon-system"))
    }
    if role == .l0, libvirt < Version(4, 10) {
      return finding(
        .warning, "libvirt \(libvirt) does not support <nested-hv>; use --mechanism commandline")
    }
    return finding(.note, "libvirt \(libvirt)")
  }

  fileprivate func security(as role: Role) -> Diagnostic? {
    guard role == .l0 else { return nil }
    let finding = Topic("security", "libvirt docs/drvqemu: security")
    if values["selinux"] == "enforcing" {
      return finding(
        .note,
        "SELinux is enforcing; an emulator wrapper needs the label qemu_exec_t, which the script of "
          + "virt-nest wrapper --install-script sets")
    }
    if values["apparmor"] == "on" {
      return finding(
        .note,
        "AppArmor is on; an emulator wrapper needs a rule, which the script of virt-nest wrapper "
          + "--install-script adds")
    }
    return finding(.note, "neither SELinux nor AppArmor confines guests")
  }

  fileprivate func hugePages() -> Diagnostic? {
    guard let total = values["hugepages.total"], let size = values["hugepages.kib"] else {
      return nil
    }
    return Topic("hugepages", "Linux Documentation/admin-guide/mm/hugetlbpage.rst")(
      .note,
      total == "0"
        ? "no huge pages (\(size) KiB) are reserved, so a guest with --hugepages does not start"
        : "\(total) huge pages of \(size) KiB, \(values["hugepages.free"] ?? "?") free")
  }

  private func installation(_ debianPackage: String) -> String? {
    switch values["os.id"] {
    case "debian", "ubuntu": "apt-get install \(debianPackage)"
    case "fedora", "centos", "rhel", "almalinux", "rocky":
      debianPackage.hasPrefix("qemu") ? "dnf install qemu-kvm" : "dnf install libvirt"
    default: nil
    }
  }
}
