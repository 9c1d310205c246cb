internal import LosslessXML

/// How a definition asks QEMU for nesting.
public enum NestingMechanism: String, Hashable, Sendable, CaseIterable {
  /// libvirt's own `<nested-hv state='on'/>` (libvirt 4.10.0).
  case feature
  /// `-machine cap-nested-hv=true` by `<qemu:commandline>`; taints the domain.
  case commandline
  /// `,cap-nested-hv=true` behind the machine type; refused by libvirt since 7.0 at the latest.
  case machine
  /// An `<emulator>` that adds the capability to guests with `kata` in their name.
  case wrapper
}

/// Which of the two interfaces between an L1's KVM and its L0.
public enum NestedAPI: String, Hashable, Sendable, CaseIterable {
  /// Version 1, `cap-nested-hv`: L0 is KVM on PowerNV, or TCG. QEMU 3.1.
  case hv
  /// Version 2, `cap-nested-papr`: L0 is PowerVM, or TCG. QEMU 9.0; libvirt has no element for it.
  case papr

  /// QEMU's property of the machine.
  package var machineProperty: String { "cap-nested-" + rawValue }
  /// The first QEMU that has it (QEMU, `hw/ppc/spapr_caps.c`).
  package var firstQEMU: Version { self == .hv ? Version(3, 1, 0) : Version(9, 0, 0) }
}

/// A version as libvirt, QEMU and Linux number them.
public struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Major, minor and micro number.
  public var major, minor, micro: Int

  /// A version.
  public init(_ major: Int, _ minor: Int = 0, _ micro: Int = 0) {
    (self.major, self.minor, self.micro) = (major, minor, micro)
  }

  /// Reads `9`, `9.0`, `9.0.0`, with anything that a distribution adds behind a `-`, `+` or `(`.
  public init?(_ text: String) {
    let core = text.prefix { $0.isNumber || $0 == "." }
    let rest = text.dropFirst(core.count)
    let parts = core.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...4).contains(parts.count), !parts.contains(nil),
      rest.isEmpty || "-+~( ".contains(rest.first ?? "x")
    else { return nil }
    let numbers = parts.compactMap(\.self) + [0, 0]
    self.init(numbers[0], numbers[1], numbers[2])
  }

  /// Whether a version is older than another.
  public static func < (left: Version, right: Version) -> Bool {
    (left.major, left.minor, left.micro) < (right.major, right.minor, right.micro)
  }

  /// `MAJOR.MINOR.MICRO`.
  public var description: String { "\(major).\(minor).\(micro)" }

  /// `MAJOR.MINOR`, as Linux numbers its releases.
  package var majorMinor: String { "\(major).\(minor)" }
}

/// What is known of an `<emulator>` by its path.
public enum Emulator {
  /// Where `virt-nest wrapper` installs the wrapper unless it is told otherwise.
  public static let defaultWrapper = "/usr/bin/qemu-system-ppc64-nested"

  private static let plainNames = ["qemu-kvm", "kvm", "qemu", "kvm-spice"]

  /// Whether a path is QEMU itself by its name, as distributions have it.
  package static func isQEMU(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    // An architecture has no dash in it: qemu-system-ppc64, not qemu-system-ppc64-nested.
    if name.hasPrefix("qemu-system-") { return !name.dropFirst("qemu-system-".count).contains("-") }
    return plainNames.contains(name)
  }

  /// Whether a path is a wrapper of ours: what it adds is known.
  package static func isOurWrapper(_ path: String) -> Bool {
    path == defaultWrapper || (path.hasSuffix("-nested") && !isQEMU(path))
  }
}

/// What should become of nesting.
public struct NestingChange: Hashable, Sendable {
  /// On, or off.
  public enum Wish: Hashable, Sendable {
    case on
    /// - Parameter explicit: writes `state='off'` instead of nothing.
    case off(explicit: Bool)
  }

  /// On, or off.
  public var wish: Wish
  /// The mechanism to move to; `nil` leaves a guest that is on as it is, and chooses one otherwise.
  public var mechanism: NestingMechanism?
  /// The interface to move to; `nil` leaves a guest that is on as it is, and is `hv` otherwise.
  public var api: NestedAPI?
  /// The emulator of mechanism `wrapper`, which other mechanisms and switching off take out.
  public var wrapper: String
  /// Whether guests that do not nest are left as they are.
  public var onlyWhereNesting = false
  /// The libvirt that will read the definition; `nil` for any of this decade.
  public var libvirt: Version?
  /// The QEMU that will run it; `nil` for any of this decade.
  public var qemu: Version?

  /// What should become of nesting.
  public init(
    _ wish: Wish, mechanism: NestingMechanism? = nil, api: NestedAPI? = nil,
    wrapper: String = Emulator.defaultWrapper, libvirt: Version? = nil, qemu: Version? = nil
  ) {
    self.wish = wish
    self.mechanism = mechanism
    self.api = api
    self.wrapper = wrapper
    self.libvirt = libvirt
    self.qemu = qemu
  }

  /// The first libvirt with `<nested-hv>`.
  static let firstLibvirtWithFeature = Version(4, 10, 0)
  /// The first libvirt that is known to refuse properties in the machine attribute.
  static let firstLibvirtWithoutMachineProperties = Version(7, 0, 0)

  /// The mechanism and interface to switch on.
  ///
  /// - Throws: ``InvalidValue`` where they do not go together, or the host is too old for both.
  public func choice() throws(InvalidValue) -> (mechanism: NestingMechanism, api: NestedAPI) {
    let api = api ?? .hv
    if let qemu, qemu < api.firstQEMU {
      throw InvalidValue(
        "QEMU version", qemu.description,
        "\(api.machineProperty) came with QEMU \(api.firstQEMU); this guest cannot nest there")
    }
    let tooOld = libvirt.map { $0 < Self.firstLibvirtWithFeature } ?? false
    guard let mechanism else { return (api == .papr || tooOld ? .commandline : .feature, api) }
    if api == .papr, mechanism != .commandline {
      throw InvalidValue(
        "mechanism", mechanism.rawValue,
        "libvirt has no element for cap-nested-papr: only the mechanism commandline carries it")
    }
    if mechanism == .feature, tooOld, let libvirt {
      throw InvalidValue(
        "mechanism", mechanism.rawValue,
        "libvirt \(libvirt) has no <nested-hv>, which came with \(Self.firstLibvirtWithFeature); "
          + "use the mechanism commandline")
    }
    return (mechanism, api)
  }
}
