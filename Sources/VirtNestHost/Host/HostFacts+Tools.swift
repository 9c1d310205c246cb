internal import LosslessXML
internal import VirtNest

extension HostFacts {
  func qemuVersion(as role: Role) -> Diagnostic {
    let source = "QEMU 3.1, hw/ppc/spapr_caps.c: cap-nested-hv"
    func finding(_ level: Diagnostic.Severity, _ reason: String, _ remedy: String? = nil)
      -> Diagnostic
    {
      Diagnostic(level: level, subject: "qemu", reason: reason, source: source, remedy: remedy)
    }
    // An error only for a host: without QEMU it has no guests. An L1 can install it later.
    guard let path = values["qemu.path"] else {
      return finding(
        role == .l0 ? .error : .warning, "QEMU for Power is not installed",
        installation("qemu-system-ppc"))
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

  func emulatorScript() -> Diagnostic? {
    guard values["qemu.script"] == "yes", let path = values["qemu.path"] else { return nil }
    return Diagnostic(
      level: .warning, subject: "emulator",
      reason: "\(path) is a script and may change the options that libvirt gives QEMU; to make "
        + "guests independent of it, use: virt-nest patch --mechanism feature",
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
      return finding(
        .warning, "libvirt is not installed", installation("libvirt-daemon-system"))
    }
    if role == .l0, libvirt < Version(4, 10) {
      return finding(
        .warning, "libvirt \(libvirt) does not support <nested-hv>; use --mechanism commandline")
    }
    return finding(.note, "libvirt \(libvirt)")
  }

  func security(as role: Role) -> Diagnostic? {
    guard role == .l0 else { return nil }
    let source = "libvirt docs/drvqemu: security"
    if values["selinux"] == "enforcing" {
      return Diagnostic(
        level: .note, subject: "security",
        reason: "SELinux is enforcing; an emulator wrapper needs the label qemu_exec_t, which the "
          + "script of virt-nest wrapper --install-script sets",
        source: source)
    }
    if values["apparmor"] == "on" {
      return Diagnostic(
        level: .note, subject: "security",
        reason: "AppArmor is on; an emulator wrapper needs a rule, which the script of virt-nest "
          + "wrapper --install-script adds",
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
        ? "no huge pages (\(size) KiB) are reserved, so a guest with --hugepages does not start"
        : "\(total) huge pages of \(size) KiB, \(values["hugepages.free"] ?? "?") free",
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
