internal import LosslessXML

extension Property {
  /// The interfaces as a whole: those that are there are changed in place, the rest added or removed.
  static let interfaces = Property(
    name: "network",
    isGiven: { $0.interfaces != nil },
    read: { domain, guest in
      guest.interfaces =
        domain.child("devices")?.children("interface").map { NetworkInterface(reading: $0) } ?? []
    },
    write: { guest, editor in
      guard let wanted = guest.interfaces else { return }
      let existing = editor.domain.child("devices")?.children("interface") ?? []
      for (element, interface) in zip(existing, wanted) { editor.change(element, to: interface) }
      for element in existing.dropFirst(wanted.count) { editor.changes.remove(element) }
      for interface in wanted.dropFirst(existing.count) { editor.add(interface) }
    })
}

extension NetworkInterface {
  /// Reads an `<interface>`.
  init(reading element: Element) {
    self.init()
    let source = element.child("source")
    switch element["type"] {
    case "network": self.source = (source?["network"]).map { .network($0) }
    case "bridge": self.source = (source?["bridge"]).map { .bridge($0) }
    case "direct":
      self.source = (source?["dev"]).map { .direct(device: $0, mode: source?["mode"]) }
    case "user": self.source = .user
    default: break
    }
    mac = element.child("mac")?["address"].flatMap { MACAddress($0) }
    model = element.child("model")?["type"]
    target = element.child("target")?["dev"]
    bootOrder = element.child("boot")?["order"].flatMap { Int($0) }
  }

  /// A new `<interface>`, as libvirt prints it; its model is virtio where none is said.
  func newElement() -> NewElement {
    let source = source ?? .network("default")
    var element = NewElement("interface", ["type": Self.type(of: source)])
    if let mac { element.children.append(NewElement("mac", ["address": mac.description])) }
    let attributes = Self.attributes(of: source)
    if !attributes.isEmpty {
      var child = NewElement("source")
      for (name, value) in attributes { child.setAttribute(name, to: value) }
      element.children.append(child)
    }
    if let target { element.children.append(NewElement("target", ["dev": target])) }
    element.children.append(NewElement("model", ["type": model ?? "virtio"]))
    if let bootOrder { element.children.append(NewElement("boot", ["order": String(bootOrder)])) }
    return element
  }

  fileprivate static func attributes(of source: Source) -> [(name: String, value: String)] {
    switch source {
    case .network(let name): [("network", name)]
    case .bridge(let name): [("bridge", name)]
    case .direct(let device, let mode): [("dev", device)] + (mode.map { [("mode", $0)] } ?? [])
    case .user: []
    }
  }
}

extension DomainEditor {
  /// Adds an interface.
  mutating func add(_ interface: NetworkInterface) {
    add(interface.newElement(), to: ["devices"])
  }

  /// Changes an interface in place to what another says of itself.
  mutating func change(_ element: Element, to interface: NetworkInterface) {
    let old = NetworkInterface(reading: element)
    if let source = interface.source, source != old.source {
      set(source, of: element, was: old.source)
    }
    if let mac = interface.mac, mac != old.mac {
      setChild("mac", "address", of: element, to: mac.description, unless: nil)
    }
    setChild("model", "type", of: element, to: interface.model, unless: old.model)
    setChild("target", "dev", of: element, to: interface.target, unless: old.target)
    if let order = interface.bootOrder, order != old.bootOrder {
      setChild("boot", "order", of: element, to: String(order), unless: nil)
    }
  }

  private mutating func set(
    _ source: NetworkInterface.Source, of element: Element, was old: NetworkInterface.Source?
  ) {
    setAttribute(
      "type", of: element, to: NetworkInterface.type(of: source), unless: element["type"])
    let wanted = NetworkInterface.attributes(of: source)
    guard let child = element.child("source") else {
      var child = NewElement("source")
      for (name, value) in wanted { child.setAttribute(name, to: value) }
      if !wanted.isEmpty { add(child, toExisting: element) }
      return
    }
    if wanted.isEmpty {
      changes.remove(child)
      return
    }
    for attribute in child.attributes {
      let name = element.document.text(in: attribute.name)
      if !wanted.contains(where: { $0.name == name }) { changes.removeAttribute(name, of: child) }
    }
    for (name, value) in wanted { setAttribute(name, of: child, to: value) }
  }
}
