internal import LosslessXML

/// The `machine` attribute: a machine type and, in definitions for old libvirt, properties behind it.
public struct MachineType: Hashable, Sendable, CustomStringConvertible {
  /// The attribute's value.
  public var text: String

  /// A machine type, as it is written.
  public init(_ text: String) { self.text = text }

  /// The machine type alone.
  public var name: String {
    guard let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return text }
    return String(text[..<comma])
  }

  /// Whether it is a pSeries machine of QEMU, the only kind with the nested capabilities.
  ///
  /// QEMU's versions are `pseries-N.M`; vendors have `pseries-rhel8.6.0`, `pseries-bionic` and the
  /// like.
  public var isPSeries: Bool {
    let name = name
    return name == "pseries" || name.hasPrefix("pseries-")
  }

  /// The vendor whose QEMU alone has this machine type; `nil` where QEMU's own releases do.
  package var vendor: String? {
    guard isPSeries, name != "pseries" else { return nil }
    let version = name.dropFirst("pseries-".count)
    if version.first?.isNumber == true { return nil }
    return version.hasPrefix("rhel") ? "Red Hat" : "Ubuntu"
  }

  /// The value as it is written.
  public var description: String { text }
}
