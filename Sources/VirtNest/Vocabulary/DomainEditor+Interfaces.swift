internal import LosslessXML

/// The sources of interfaces, and what is void when they change.
extension DomainEditor {
  mutating func prepareInterface(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    if let source = try interfaceSource(edit, kind, given, element, change) {
      for (key, value) in source.values { try edit.ask(key, value, in: kind) }
      let isNewType = element.map { $0["type"] != source.type } ?? true
      let changesSource = edit.values.contains { value in
        value.value != nil && Self.namesSource(value.place)
          && element.map { !isSame(value, in: $0) } ?? true
      }
      if isNewType || changesSource {
        try edit.derive("type", source.type, in: kind)
        if element != nil, isNewType { try needInterface(source.type, edit, change) }
        try complete(source.type, &edit, kind, element)
        if let element { try voidSource(of: element, source.type, &edit, kind) }
      }
    }
    guard element == nil else { return }
    if edit.value("type", in: kind) == nil {
      throw InvalidValue(
        "network", change.text,
        "say what it is connected to: network=NAME, bridge=DEVICE, type=direct,source=DEVICE or user"
      )
    }
    if edit.value("mac.address", in: kind) == nil, let name = newName {
      let number = elements(of: kind).count + newElements(named: "interface").count
      let identity = GuestIdentity(name: name, identity: identityText)
      try edit.derive(
        "mac.address", identity.macAddress(ofInterface: number).description, in: kind)
    }
  }

  /// Whether a place says what an interface is connected to.
  private static func namesSource(_ place: WordPlace) -> Bool {
    guard place.steps.first?.name == "source" else { return false }
    if place.leads(to: "address") { return true }
    let keys = ["network", "bridge", "dev", "path", "name", "address", "port"]
    return keys.contains { place.leaf == .attribute($0) }
  }

  /// Removes what describes the old source: its place, its port, its tap device.
  private func voidSource(
    of element: Element, _ type: String, _ edit: inout WordEdit, _ kind: WordKind
  ) throws(InvalidValue) {
    edit.void("source")
    edit.removed.formUnion(["virtualport"].filter { !edit.sets($0) })
    guard let old = element["type"], old != type else { return }
    let parts = [
      "backend", "ip", "route", "portForward", "tune", "target", "script", "downscript", "guest",
      "port", "bandwidth",
    ]
    edit.removed.formUnion(parts.filter { !edit.sets($0) })
    if !["network", "bridge", "ethernet"].contains(type), !edit.sets("filterref") {
      edit.removed.insert("filterref")
    }
    // A host device's driver is vfio, every other's a part of QEMU or the kernel.
    if old == "hostdev" || type == "hostdev", !edit.sets("driver") { edit.removed.insert("driver") }
    for key in ["managed", "trustGuestRxFilters"] where element[key] != nil {
      try edit.derive(key, nil, in: kind)
    }
  }

  /// Refuses a type of interface that lacks what it needs.
  private func needInterface(
    _ type: String, _ edit: WordEdit, _ change: WordChange
  ) throws(InvalidValue) {
    let needed = [
      "network": ["source.network"], "bridge": ["source.bridge"], "direct": ["source.dev"],
      "vdpa": ["source.dev"], "internal": ["source.name"], "hostdev": ["source.address.bus"],
      "vhostuser": ["source.path", "source.mode"], "mcast": ["source.address", "source.port"],
      "server": ["source.port"], "client": ["source.address", "source.port"],
      "udp": ["source.port"],
    ]
    let missing = (needed[type] ?? []).filter { key in
      let parts = key.split(separator: ".").map(String.init)
      return !edit.values.contains {
        $0.value != nil && $0.place.steps.map(\.name) == Array(parts.dropLast())
          && $0.place.leaf == .attribute(parts.last ?? "")
      }
    }
    guard missing.isEmpty else {
      let keys = missing.map { $0 == "source.address.bus" ? "source=PCI-ADDRESS" : $0 + "=" }
      throw InvalidValue(
        "network", change.text,
        "an interface of type \(type) needs \(keys.joined(separator: " and "))")
    }
  }

  /// Adds what follows from a type of interface.
  private func complete(
    _ type: String, _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?
  ) throws(InvalidValue) {
    switch type {
    case "hostdev":
      if element?["type"] != type { try edit.derive("managed", "yes", in: kind) }
      edit.values.append(try Self.value("source.address.type", "pci", kind))
    case "vhostuser": try edit.derive("source.type", "unix", in: kind)
    default: break
    }
    // libvirt refuses these two with any other card.
    guard type == "vhostuser" || type == "vdpa" else { return }
    if element?.child("model")?["type"].map({ !$0.hasPrefix("virtio") }) ?? true {
      try edit.derive("model.type", "virtio", in: kind)
    }
  }

  private func interfaceSource(
    _ edit: WordEdit, _ kind: WordKind, _ given: [String: String], _ element: Element?,
    _ change: WordChange
  ) throws(InvalidValue) -> (type: String, values: [(key: String, value: String)])? {
    if let bridge = given["bridge"] { return ("bridge", [("source.bridge", bridge)]) }
    if let network = given["network"] {
      if network == "user" { return ("user", []) }
      let isNamed = change.assignments.contains { $0.key == "network" }
      guard isNamed || network == "default" else {
        throw InvalidValue(
          "network", change.text, "write network=\(network) or bridge=\(network)")
      }
      return ("network", [("source.network", network)])
    }
    let inferred =
      edit.value("source.network", in: kind) != nil
      ? "network" : edit.value("source.bridge", in: kind) != nil ? "bridge" : nil
    guard let type = given["type"] ?? inferred ?? element?["type"] else { return nil }
    let keys = [
      "network": "source.network", "bridge": "source.bridge", "direct": "source.dev",
      "vdpa": "source.dev", "internal": "source.name", "vhostuser": "source.path",
    ]
    guard let source = given["source"] else { return (type, []) }
    if type == "hostdev" {
      guard let address = HostAddress(source), address.type == "pci" else {
        throw InvalidValue("network", change.text, "give a PCI address such as 0035:03:00.0")
      }
      return (type, address.values)
    }
    guard let key = keys[type] else {
      throw InvalidValue("network", change.text, "an interface of type \(type) has no source=")
    }
    return (type, [(key, source)])
  }
}
