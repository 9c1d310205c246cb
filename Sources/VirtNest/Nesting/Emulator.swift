internal import LosslessXML

/// What is known of an `<emulator>` by its path.
public enum Emulator {
  /// Where `virt-nest wrapper` installs the wrapper unless it is told otherwise.
  public static let defaultWrapper = "/usr/bin/qemu-system-ppc64-nested"

  private static let plainNames = ["qemu-kvm", "kvm", "qemu", "kvm-spice"]

  /// Whether a path is QEMU itself by its name, as distributions have it.
  package static func isQEMU(_ path: String) -> Bool {
    let bytes = path.utf8
    let isSlash = { (byte: UInt8) in byte == UInt8(ascii: "/") }
    guard let end = bytes.lastIndex(where: { !isSlash($0) }) else { return false }
    let start = bytes[...end].lastIndex(where: isSlash).map { bytes.index(after: $0) }
    let name = String(path[(start ?? bytes.startIndex)...end])
    // An architecture has no dash in it: qemu-system-ppc64, not qemu-system-ppc64-nested.
    if name.hasPrefix("qemu-system-") {
      return !name.utf8.dropFirst("qemu-system-".utf8.count).contains(UInt8(ascii: "-"))
    }
    return plainNames.contains(name)
  }

  /// Whether a path is a wrapper of ours: what it adds is known.
  package static func isOurWrapper(_ path: String) -> Bool {
    path == defaultWrapper || (path.hasSuffix("-nested") && !isQEMU(path))
  }
}
