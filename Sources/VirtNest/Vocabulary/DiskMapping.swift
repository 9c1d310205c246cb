internal import LosslessXML

extension Property {
  /// The disks as a whole: those that are there are changed in place, the rest added or removed.
  static let disks = Property(
    name: "disk",
    isGiven: { $0.disks != nil },
    read: { domain, guest in
      guest.disks = domain.child("devices")?.children("disk").map { Disk(reading: $0) } ?? []
    },
    write: { guest, editor in
      guard let wanted = guest.disks else { return }
      let existing = editor.domain.child("devices")?.children("disk") ?? []
      var free = existing
      var pairs: [(disk: Disk, element: Element?)] = []
      for disk in wanted {
        let index = free.firstIndex {
          disk.target != nil && $0.child("target")?["dev"] == disk.target
        }
        pairs.append((disk, index.map { free.remove(at: $0) }))
      }
      for index in pairs.indices
      where pairs[index].element == nil && pairs[index].disk.target == nil {
        // Bus and name of a disk are wrong for a CD-ROM, and the other way round.
        let device = pairs[index].disk.device ?? "disk"
        let place = free.firstIndex { ($0["device"] ?? "disk") == device }
        pairs[index].element = place.map { free.remove(at: $0) }
      }
      for element in free { editor.changes.remove(element) }
      var taken = Set(pairs.compactMap { $0.element?.child("target")?["dev"] ?? $0.disk.target })
      for (disk, element) in pairs {
        if let element {
          let isSameSource = disk.source == nil || disk.source == Disk(reading: element).source
          var disk = disk
          // The format that was there is the other file's.
          if !isSameSource { disk.format = disk.format ?? disk.withDefaults().format }
          editor.change(element, to: disk, taken: &taken)
        } else {
          editor.add(disk, taken: &taken)
        }
      }
    })
}

extension Disk {
  /// Reads a `<disk>`.
  init(reading element: Element) {
    self.init()
    let source = element.child("source")
    switch element["type"] ?? "file" {
    case "file": self.source = (source?["file"]).map { .file($0) }
    case "block": self.source = (source?["dev"]).map { .block($0) }
    case "volume":
      if let pool = source?["pool"], let name = source?["volume"] {
        self.source = .volume(pool: pool, name: name)
      }
    default: break
    }
    device = element["device"] ?? "disk"
    let driver = element.child("driver")
    format = driver?["type"]
    cache = driver?["cache"]
    discard = driver?["discard"]
    io = driver?["io"]
    bus = element.child("target")?["bus"]
    target = element.child("target")?["dev"]
    serial = element.child("serial")?.text
    bootOrder = element.child("boot")?["order"].flatMap { Int($0) }
    isReadOnly = element.child("readonly") != nil
  }

  /// A new `<disk>`, as libvirt prints it.
  func newElement(target: String) -> NewElement {
    var element = NewElement("disk", ["type": sourceType, "device": device])
    let driver = NewElement(
      "driver",
      ["name": "qemu", "type": format, "cache": cache, "io": io, "discard": discard])
    if format != nil { element.children.append(driver) }
    if let source { element.children.append(Self.newElement(source)) }
    element.children.append(NewElement("target", ["dev": target, "bus": bus]))
    if isReadOnly == true { element.children.append(NewElement("readonly")) }
    if let serial { element.children.append(NewElement("serial", text: serial)) }
    if let bootOrder { element.children.append(NewElement("boot", ["order": String(bootOrder)])) }
    return element
  }

  private var sourceType: String {
    switch source {
    case .file, nil: "file"
    case .block: "block"
    case .volume: "volume"
    }
  }

  fileprivate static func attributes(of source: Source) -> [(name: String, value: String)] {
    switch source {
    case .file(let path): [("file", path)]
    case .block(let path): [("dev", path)]
    case .volume(let pool, let name): [("pool", pool), ("volume", name)]
    }
  }

  fileprivate static func newElement(_ source: Source) -> NewElement {
    var element = NewElement("source")
    for (name, value) in attributes(of: source) { element.setAttribute(name, to: value) }
    return element
  }
}

extension DomainEditor {
  /// Adds a disk under the next free name of its bus.
  mutating func add(_ disk: Disk, taken: inout Set<String>) {
    let disk = disk.withDefaults()
    let target = disk.target ?? Self.freeTarget(ofBus: disk.bus ?? "virtio", taken)
    taken.insert(target)
    checkBootOrder(disk.bootOrder)
    checkUSB(disk)
    add(disk.newElement(target: target), to: ["devices"])
  }

  /// Changes a disk in place to what another says of itself.
  mutating func change(_ element: Element, to disk: Disk, taken: inout Set<String>) {
    let old = Disk(reading: element)
    if let source = disk.source, source != old.source { set(source, of: element, was: old.source) }
    if let device = disk.device {
      setAttribute("device", of: element, to: device, unless: old.device)
    }
    setChild("driver", "type", of: element, to: disk.format, unless: old.format)
    setChild("driver", "cache", of: element, to: disk.cache, unless: old.cache)
    setChild("driver", "io", of: element, to: disk.io, unless: old.io)
    setChild("driver", "discard", of: element, to: disk.discard, unless: old.discard)
    if let bus = disk.bus, bus != old.bus {
      setChild("target", "bus", of: element, to: bus, unless: nil)
      checkUSB(disk)
      // The name's letters and the address belong to the old bus; libvirt gives a new address.
      let target = disk.target ?? Self.freeTarget(ofBus: bus, taken)
      taken.insert(target)
      setChild("target", "dev", of: element, to: target, unless: old.target)
      if let address = element.child("address") { changes.remove(address) }
    } else {
      setChild("target", "dev", of: element, to: disk.target, unless: old.target)
    }
    if let serial = disk.serial, serial != old.serial { setText("serial", of: element, to: serial) }
    if let order = disk.bootOrder, order != old.bootOrder {
      checkBootOrder(order)
      setChild("boot", "order", of: element, to: String(order), unless: nil)
    }
    switch (disk.isReadOnly, element.child("readonly")) {
    case (true?, nil): add(NewElement("readonly"), toExisting: element)
    case (false?, let readOnly?): changes.remove(readOnly)
    default: break
    }
  }

  private mutating func set(_ source: Disk.Source, of element: Element, was old: Disk.Source?) {
    let type =
      switch source {
      case .file: "file"
      case .block: "block"
      case .volume: "volume"
      }
    setAttribute("type", of: element, to: type)
    guard let child = element.child("source"), old != nil else {
      // What the source was is not known here, and nothing of it may stay.
      if let other = element.child("source") { changes.remove(other) }
      add(Disk.newElement(source), toExisting: element)
      return
    }
    let wanted = Disk.attributes(of: source)
    for name in old.map({ Disk.attributes(of: $0).map(\.name) }) ?? []
    where !wanted.contains(where: { $0.name == name }) {
      changes.removeAttribute(name, of: child)
    }
    for (name, value) in wanted { setAttribute(name, of: child, to: value) }
  }

  /// libvirt: "USB is disabled for this domain, but USB devices are present".
  private mutating func checkUSB(_ disk: Disk) {
    guard disk.bus == "usb",
      let disabled = domain.child("devices")?.children("controller").first(where: {
        $0["type"] == "usb" && $0["model"] == "none"
      })
    else { return }
    diagnostics.append(
      .error(
        "change",
        "the guest has no USB, since this controller is 'none'; use bus=scsi for the disk",
        at: disabled.place))
  }

  /// libvirt: "per-device boot elements cannot be used together with os/boot elements".
  fileprivate mutating func checkBootOrder(_ order: Int?) {
    guard order != nil, let boot = domain.first(["os", "boot"]) else { return }
    diagnostics.append(
      .error(
        "change",
        "libvirt refuses boot.order of a device beside <boot dev=…/> here; remove that one first: "
          + "--delete-xpath /domain/os/boot", at: boot.place))
  }

  private static func freeTarget(ofBus bus: String, _ taken: Set<String>) -> String {
    let prefix = Disk.targetPrefix(ofBus: bus)
    for index in 0... {
      let name = prefix + letters(index)
      if !taken.contains(name) { return name }
    }
    preconditionFailure("there is always another name")
  }

  /// `a` … `z`, `aa` ….
  private static func letters(_ index: Int) -> String {
    let last = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
    return index < 26 ? last : letters(index / 26 - 1) + last
  }
}

extension DomainEditor {
  mutating func setAttribute(
    _ name: String, of element: Element, to value: String, unless old: String?
  ) {
    if value != old { setAttribute(name, of: element, to: value) }
  }

  /// Sets an attribute of a child, which is made where there is none; `nil` leaves it alone.
  mutating func setChild(
    _ child: String, _ attribute: String, of element: Element, to value: String?,
    unless old: String?
  ) {
    guard let value, value != old else { return }
    if let existing = element.child(child) {
      setAttribute(attribute, of: existing, to: value)
    } else {
      addOrExtend(NewElement(child), in: element) { $0.setAttribute(attribute, to: value) }
    }
  }

  mutating func setText(_ child: String, of element: Element, to value: String) {
    if let existing = element.child(child) {
      changes.setText(of: existing, to: value)
    } else {
      add(NewElement(child, text: value), toExisting: element)
    }
  }
}
