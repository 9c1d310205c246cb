internal import VirtNest

extension HostFacts {
  func qemuVersion(as role: Role) -> Diagnostic {
    let source = "QEMU 3.1, hw/ppc/spapr_caps.c: cap-nested-hv"
    func finding(_ level: Diagnostic.Severity, _ reason: String, _ remedy: String? = nil)
      -> Diagnostic
    {
      Diagnostic(level: level, subject: "qemu", reason: reason, source: source, remedy: remedy)
    }
    // An L1 without QEMU can get it; a host without it has no guests at all.
    guard let path = values["qemu.path"] else {
      return finding(
        role == .l0 ? .error : .warning, "there is no QEMU for Power",
        installation("qemu-system-ppc"))
    }
    guard let qemu else { return finding(.warning, "the version of \(path) is not known") }
    if role == .l1 { return finding(.note, "QEMU \(qemu)") }
    if qemu < NestedAPI.hv.firstQEMU {
      return finding(.error, "QEMU \(qemu) is too old: cap-nested-hv came with 3.1")
    }
    if let capabilities = qemuCapabilities, !capabilities.contains("cap-nested-hv") {
      return finding(.error, "\(path), QEMU \(qemu), was built without cap-nested-hv")
    }
    if machineTypes.isEmpty { return finding(.error, "\(path) has no pseries machine") }
    if !isPower, qemu < Version(7, 0) {
      return finding(.warning, "QEMU \(qemu): under TCG a guest can nest since 7.0")
    }
    if qemu < Version(4, 1) {
      return finding(.warning, "QEMU \(qemu) has cap-nested-hv; 4.1 or later is what was tested")
    }
    return finding(.note, "QEMU \(qemu), with \(machineTypes.count) pseries machine types")
  }

  func emulatorScript() -> Diagnostic? {
    guard values["qemu.script"] == "yes", let path = values["qemu.path"] else { return nil }
    return Diagnostic(
      level: .warning, subject: "emulator",
      reason: "\(path) is a script and may add to what a definition says; guests that rely on it "
        + "are made independent of it by: virt-nest patch --mechanism feature",
      source: "virt-nest wrapper")
  }

  func libvirtVersion(as role: Role) -> Diagnostic {
    let source = "libvirt 4.10.0, docs/formatdomain: nested-hv"
    func finding(_ level: Diagnostic.Severity, _ reason: String, _ remedy: String? = nil)
      -> Diagnostic
    {
      Diagnostic(level: level, subject: "libvirt", reason: reason, source: source, remedy: remedy)
    }
    guard let libvirt else {
      return finding(.warning, "there is no libvirt", installation("libvirt-daemon-system"))
    }
    if role == .l0, libvirt < Version(4, 10) {
      return finding(
        .warning, "libvirt \(libvirt) does not know <nested-hv>: use --mechanism commandline")
    }
    return finding(.note, "libvirt \(libvirt)")
  }

  func security(as role: Role) -> Diagnostic? {
    guard role == .l0 else { return nil }
    let source = "libvirt docs/drvqemu: security"
    if values["selinux"] == "enforcing" {
      return Diagnostic(
        level: .note, subject: "security",
        reason: "SELinux is enforcing: an emulator wrapper needs the label qemu_exec_t, which "
          + "virt-nest wrapper --install-script gives it",
        source: source)
    }
    if values["apparmor"] == "on" {
      return Diagnostic(
        level: .note, subject: "security",
        reason: "AppArmor is on: an emulator wrapper needs a rule, which virt-nest wrapper "
          + "--install-script adds",
        source: source)
    }
    return Diagnostic(
      level: .note, subject: "security", reason: "neither SELinux nor AppArmor confines guests",
      source: source)
  }

  func hugePages() -> Diagnostic? {
    guard let total = values["hugepages.total"], let size = values["hugepages.kib"] else {
      return nil
    }
    return Diagnostic(
      level: .note, subject: "hugepages",
      reason: total == "0"
        ? "none reserved (of \(size) KiB): a guest with --hugepages does not start"
        : "\(total) of \(size) KiB, \(values["hugepages.free"] ?? "?") free",
      source: "Linux Documentation/admin-guide/mm/hugetlbpage.rst")
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
