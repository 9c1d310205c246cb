internal import LosslessXML

/// The sources of interfaces, and what is void when they change.
extension DomainEditor {
  func prepareInterface(_ edit: inout WordEdit) throws(InvalidValue) {
    try edit.setInterfaceSource()
    guard edit.element == nil else { return }
    if edit.value("type") == nil {
      throw edit.refusal(
        "say what it is connected to: network=NAME, bridge=DEVICE, type=direct,source=DEVICE or user"
      )
    }
    if edit.value("mac.address") == nil, let name = newName {
      let number = elements(of: edit.kind).count + newElements(named: "interface").count
      let identity = GuestIdentity(name: name, identity: identityText)
      try edit.derive("mac.address", identity.macAddress(ofInterface: number).description)
    }
  }
}

extension WordEdit {
  fileprivate mutating func setInterfaceSource() throws(InvalidValue) {
    guard let source = try interfaceSource() else { return }
    for (key, value) in source.values { try ask(key, value) }
    let isNewType = element?["type"] != source.type
    guard isNewType || changes(where: \.namesSource) else { return }
    try derive("type", source.type)
    if element != nil, isNewType {
      try need(kind.source(source.type)?.keys ?? [], for: source.type)
    }
    switch source.type {
    case "hostdev":
      if isNewType { try derive("managed", "yes") }
      try set("source.address.type", "pci")
    case "vhostuser": try derive("source.type", "unix")
    default: break
    }
    // libvirt refuses these two with any other card.
    if ["vhostuser", "vdpa"].contains(source.type),
      element?.child("model")?["type"].map({ !$0.hasPrefix("virtio") }) ?? true
    {
      try derive("model.type", "virtio")
    }
    if let element { try voidSource(of: element, source.type) }
  }

  /// Removes what describes the old source: its place, its port, its tap device.
  private mutating func voidSource(of element: Element, _ type: String) throws(InvalidValue) {
    void("source")
    removeUnlessSet(["virtualport"])
    guard let old = element["type"], old != type else { return }
    removeUnlessSet([
      "backend", "ip", "route", "portForward", "tune", "target", "script", "downscript", "guest",
      "port", "bandwidth",
    ])
    if !["network", "bridge", "ethernet"].contains(type) { removeUnlessSet(["filterref"]) }
    // A host device's driver is vfio, every other's a part of QEMU or the kernel.
    if old == "hostdev" || type == "hostdev" { removeUnlessSet(["driver"]) }
    for key in ["managed", "trustGuestRxFilters"] where element[key] != nil {
      try derive(key, nil)
    }
  }

  /// The source that is asked for; `nil` where there is neither an old nor a new one.
  private func interfaceSource() throws(InvalidValue)
    -> (type: String, values: [(key: String, value: String)])?
  {
    if let bridge = given["bridge"] { return ("bridge", [("source.bridge", bridge)]) }
    if let network = given["network"] {
      if network == "user" { return ("user", []) }
      let isNamed = change.assignments.contains { $0.key == "network" }
      guard isNamed || network == "default" else {
        throw refusal("write network=\(network) or bridge=\(network)")
      }
      return ("network", [("source.network", network)])
    }
    let inferred = ["network", "bridge"].first { value("source." + $0) != nil }
    guard let type = given["type"] ?? inferred ?? element?["type"] else { return nil }
    guard let source = given["source"] else { return (type, []) }
    if type == "hostdev" {
      guard let address = HostAddress(source), address.type == "pci" else {
        throw refusal("give a PCI address such as 0035:03:00.0")
      }
      return (type, address.values)
    }
    guard let key = kind.source(type)?.short else {
      throw refusal("an interface of type \(type) has no source=")
    }
    return (type, [(key, source)])
  }
}

extension WordPlace {
  /// Whether it says what an interface is connected to.
  fileprivate var namesSource: Bool {
    guard steps.first?.name == "source" else { return false }
    let keys = ["network", "bridge", "dev", "path", "name", "address", "port"]
    return leads(to: "address") || keys.contains { leaf == .attribute($0) }
  }
}
