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

/// A capability of the pSeries machine other than nesting, as `--feature NAME=VALUE` sets it.
///
/// libvirt has elements in `<features>` for all but `large-decr`, which goes through the command
/// line (libvirt, `docs/formatdomain.rst`; QEMU, `hw/ppc/spapr_caps.c`).
package enum PSeriesFeature: String, Hashable, Sendable, CaseIterable {
  case hpt
  case htm
  case ccfAssist = "ccf-assist"
  case cfpc
  case sbbc
  case ibs
  case largeDecrementer = "large-decr"

  /// The values that it takes.
  package var allowedValues: [String] {
    switch self {
    case .hpt: ["enabled", "disabled", "required"]
    case .htm, .ccfAssist, .largeDecrementer: ["on", "off"]
    case .cfpc, .sbbc: ["broken", "workaround", "fixed"]
    case .ibs: ["broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"]
    }
  }

  /// The attribute of libvirt's element that has the value; `nil` where libvirt has no element.
  var attribute: String? {
    switch self {
    case .hpt: "resizing"
    case .htm, .ccfAssist: "state"
    case .cfpc, .sbbc, .ibs: "value"
    case .largeDecrementer: nil
    }
  }

  /// QEMU's property of the machine.
  package var machineProperty: String { "cap-" + rawValue }

  /// QEMU's property that its element sets.
  var qemuProperty: String { self == .hpt ? "resize-hpt" : machineProperty }

  /// Reads `NAME=VALUE`.
  ///
  /// - Throws: ``InvalidValue`` with the names, or the values of this one.
  package static func parse(
    _ text: String
  ) throws(InvalidValue) -> (feature: PSeriesFeature, value: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, let feature = PSeriesFeature(rawValue: String(name)) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      throw InvalidValue("feature", text, "the features are \(names)")
    }
    guard parts.count == 2, feature.allowedValues.contains(String(parts[1])) else {
      let values = feature.allowedValues.joined(separator: ", ")
      throw InvalidValue("feature", text, "the values of \(name) are \(values)")
    }
    return (feature, String(parts[1]))
  }
}
