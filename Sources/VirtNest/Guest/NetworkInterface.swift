/// A network interface of a guest.
///
/// Properties that are `nil` are left as they are, or to libvirt.
package struct NetworkInterface: Hashable, Sendable {
  /// What it is connected to.
  package enum Source: Hashable, Sendable {
    /// A network of libvirt's.
    case network(String)
    /// A bridge of the host.
    case bridge(String)
    /// A device of the host, through macvtap.
    case direct(device: String, mode: String?)
    /// QEMU's user-mode network.
    case user
  }

  /// What it is connected to.
  package var source: Source?
  /// Its address; a created guest's derives from the name.
  package var mac: MACAddress?
  /// The device that the guest sees: `virtio`.
  package var model: String?
  /// Name of its device on the host.
  package var target: String?
  /// Place in the order of boot devices, from 1.
  package var bootOrder: Int?

  /// An interface of which nothing is said.
  package init() {}

  static let keys = [
    "network", "bridge", "type", "source", "source.mode", "source_mode", "mac", "model", "target",
    "boot.order",
  ]

  /// Reads virt-install's `--network`: `network=default`, `bridge=br0,mac=…`,
  /// `type=direct,source=eno1,source.mode=bridge`, `user`, `default`.
  ///
  /// - Throws: ``InvalidValue`` for an unknown key, an address that libvirt refuses, and where the
  ///   source is not said or is said twice.
  package init(_ text: String) throws(InvalidValue) {
    let list = OptionList(text)
    let values = try list.values(for: "network", positional: "first", keys: ["first"] + Self.keys)
    try self.init(values, given: text)
    if source == nil {
      throw InvalidValue(
        "network", text,
        "say what it is connected to: network=NAME, bridge=DEVICE, type=direct,source=DEVICE or user"
      )
    }
  }

  /// Reads the keys of an interface; no key is required.
  init(_ values: [String: String], given text: String) throws(InvalidValue) {
    model = values["model"]
    target = values["target"]
    if let address = values["mac"], address.uppercased() != "RANDOM" {
      guard let mac = MACAddress(address), !mac.isMulticast else {
        throw InvalidValue(
          "network", text, "'\(address)' is no unicast address such as 52:54:00:12:34:56")
      }
      self.mac = mac
    }
    if let order = values["boot.order"] {
      guard let number = Int(order), number > 0 else {
        throw InvalidValue("network", text, "boot.order must be a number from 1")
      }
      bootOrder = number
    }
    source = try Self.source(values, text)
  }

  private static func source(
    _ values: [String: String], _ text: String
  ) throws(InvalidValue) -> Source? {
    for key in ["first", "network", "bridge", "source"] where values[key]?.isEmpty == true {
      throw InvalidValue("network", text, "\(key == "first" ? "it" : key + "=") has no value")
    }
    var found: [Source] = []
    if let network = values["network"] { found.append(.network(network)) }
    if let bridge = values["bridge"] { found.append(.bridge(bridge)) }
    switch values["first"] {
    case nil: break
    case "user": found.append(.user)
    case let name?: found.append(.network(name))
    }
    switch values["type"] {
    case nil: break
    case "user": found.append(.user)
    case "network" where values["source"] != nil: found.append(.network(values["source"] ?? ""))
    case "bridge" where values["source"] != nil: found.append(.bridge(values["source"] ?? ""))
    case "direct" where values["source"] != nil:
      let mode = values["source.mode"] ?? values["source_mode"]
      if let mode, !["bridge", "vepa", "private", "passthrough"].contains(mode) {
        throw InvalidValue(
          "network", text, "source.mode is one of bridge, vepa, private, passthrough")
      }
      found.append(.direct(device: values["source"] ?? "", mode: mode))
    case let type?:
      throw InvalidValue(
        "network", text,
        "type=\(type) is not known here, or needs source=NAME; "
          + "the types are network, bridge, direct and user")
    }
    guard found.count <= 1 else {
      throw InvalidValue("network", text, "it names more than one thing to be connected to")
    }
    return found.first
  }

  /// libvirt's `type` attribute.
  static func type(of source: Source) -> String {
    switch source {
    case .network: "network"
    case .bridge: "bridge"
    case .direct: "direct"
    case .user: "user"
    }
  }
}
