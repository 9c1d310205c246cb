/// What should be different in a definition.
package struct GuestChanges: Hashable, Sendable {
  /// A partial guest: what is `nil` is left alone.
  ///
  /// Its disks and interfaces, where they are given, take the place of all that are there.
  package var guest = Guest()
  /// Disks that are added.
  package var addedDisks: [Disk] = []
  /// Disks that are changed, by the name of their target, to what the disk says of itself.
  package var editedDisks: [Edited<Disk>] = []
  /// Disks that are removed, by the name of their target.
  package var removedDisks: [String] = []
  /// Interfaces that are added.
  package var addedInterfaces: [NetworkInterface] = []
  /// Interfaces that are changed, by address, name on the host, or number from 1.
  package var editedInterfaces: [Edited<NetworkInterface>] = []
  /// Interfaces that are removed, by address, name on the host, or number from 1.
  package var removedInterfaces: [String] = []
  /// Sections and devices that are added, changed and removed, in this order.
  package var words: [WordChange] = []
  /// Lets a number pick a device that is removed.
  package var byNumber = false
  /// What should become of nesting; `nil` leaves it alone.
  package var nesting: NestingChange?
  /// Makes a guest that runs under TCG anywhere.
  package var emulated = false
  /// Derives uuid and addresses anew from the name.
  package var identity: Identity?
  /// Changes by expressions, for whatever the guest above does not describe.
  package var xpathEdits = XPathEdits()
  /// Does what is refused for the guest's own good.
  package var force = false

  /// A device and what it should become.
  package struct Edited<Device: Hashable & Sendable>: Hashable, Sendable {
    /// Which one.
    package var selector: String
    /// What should be different: what is `nil` is left alone.
    package var device: Device

    /// A device and what it should become.
    package init(_ selector: String, _ device: Device) {
      self.selector = selector
      self.device = device
    }
  }

  /// Changes by expressions.
  package struct XPathEdits: Hashable, Sendable {
    /// The changes; all look at the definition as it was.
    package var edits: [XPathEdit] = []
    /// Namespace names by prefix, beside `qemu` and `libosinfo`.
    package var namespaces: [String: String] = [:]
    /// Takes an expression that finds nothing for done.
    package var ifPresent = false

    /// No changes yet.
    package init() {}
  }

  /// How uuid and addresses are derived.
  package struct Identity: Hashable, Sendable {
    /// Hashed in, where two sites use the same names.
    package var text: String?

    /// From the name, and a text where one is given.
    package init(text: String? = nil) { self.text = text }
  }

  /// No changes yet.
  package init() {}

  /// Whether single devices are added, changed or removed.
  var hasDeviceChanges: Bool {
    !(addedDisks.isEmpty && editedDisks.isEmpty && removedDisks.isEmpty
      && addedInterfaces.isEmpty && editedInterfaces.isEmpty && removedInterfaces.isEmpty)
  }
}

extension GuestChanges.Edited where Device == Disk {
  /// Reads `TARGET,KEY=VALUE…` with the keys of `--disk`.
  ///
  /// - Throws: ``InvalidValue`` where the target is missing or a key is unknown.
  package init(disk text: String) throws(InvalidValue) {
    let (selector, values) = try selected(text, option: "edit-disk", keys: Disk.keys)
    try self.init(selector, Disk(values, given: text))
  }
}

extension GuestChanges.Edited where Device == NetworkInterface {
  /// Reads `INTERFACE,KEY=VALUE…` with the keys of `--network`.
  ///
  /// - Throws: ``InvalidValue`` where the interface is not said or a key is unknown.
  package init(network text: String) throws(InvalidValue) {
    let (selector, values) = try selected(text, option: "edit-network", keys: NetworkInterface.keys)
    try self.init(selector, NetworkInterface(values, given: text))
  }
}

private func selected(
  _ text: String, option: String, keys: [String]
) throws(InvalidValue) -> (selector: String, values: [String: String]) {
  var values = try OptionList(text).values(
    for: option, positional: "selector", keys: ["selector"] + keys)
  guard let selector = values.removeValue(forKey: "selector"), !values.isEmpty else {
    throw InvalidValue(option, text, "say which one first, then what changes: vda,cache=none")
  }
  return (selector, values)
}
