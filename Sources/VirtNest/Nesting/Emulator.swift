/// What is known of an `<emulator>` by its path.
public enum Emulator {
  /// Where `virt-nest wrapper` installs the wrapper unless it is told otherwise.
  public static let defaultWrapper = "/usr/bin/qemu-system-ppc64-nested"

  /// Whether a path is QEMU itself by its name, as distributions have it.
  public static func isQEMU(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    if ["qemu-kvm", "kvm", "qemu", "kvm-spice"].contains(name) { return true }
    guard name.hasPrefix("qemu-system-") else { return false }
    // An architecture has no dash in it: qemu-system-ppc64, not qemu-system-ppc64-nested.
    return !name.dropFirst("qemu-system-".count).contains("-")
  }

  /// Whether a path is a wrapper of ours: what it adds is known.
  public static func isOurWrapper(_ path: String) -> Bool {
    path == defaultWrapper || (path.hasSuffix("-nested") && !isQEMU(path))
  }
}
