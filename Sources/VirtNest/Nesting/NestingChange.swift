internal import LosslessXML

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
