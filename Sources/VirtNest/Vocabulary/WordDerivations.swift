internal import LosslessXML

/// What hangs on a device's source, bus or kind: the few words that stand for several places, and the
/// parts that are void when the source changes.
extension DomainEditor {
  /// Whether a key stands for several places, so that it is not looked up in the table.
  static func isDerivation(_ key: String, _ kind: WordKind) -> Bool {
    kind.derivedKeys.contains(key)
  }

  /// Adds what follows from the values that are asked for.
  mutating func prepare(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ change: WordChange
  ) throws(InvalidValue) {
    var given: [String: String] = [:]
    for assignment in change.assignments {
      let key = assignment.key.isEmpty ? kind.first ?? "" : assignment.key
      if Self.isDerivation(key, kind) { given[key] = assignment.value }
    }
    switch kind.element {
    case "disk": try prepareDisk(&edit, kind, element, given, change)
    case "interface": try prepareInterface(&edit, kind, element, given, change)
    case "hostdev": try prepareHostDevice(&edit, kind, given, change)
    case "graphics": if element == nil { needUSB() }
    case "": if let id = given["os_full_id"] { setSystem(id) }
    case "controller": if element == nil { try prepareController(&edit, kind) }
    default: break
    }
  }

  /// Says by libosinfo's id what system the guest has; no id takes out what is said.
  private mutating func setSystem(_ id: String) {
    let place: [Step] = ["metadata", .libosinfo]
    if !id.isEmpty {
      setAttribute("id", at: place + [.libosinfoOS], to: id)
    } else if let system = domain.first(place) {
      removeFromContainer(system)
    }
  }

  // MARK: Disks

  private mutating func prepareDisk(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    let device = edit.value("device", in: kind) ?? element?["device"] ?? "disk"
    let source = try diskSource(edit, kind, given, change)
    let changesSource =
      source.map { source in
        element.map { element in
          source.values.contains { key, value in
            (try? WordPlace(key, in: kind.path))?.value(in: element) != value
          } || element["type"] ?? "file" != source.type
        } ?? true
      } ?? false
    if let source, changesSource {
      let type = edit.value("type", in: kind) ?? source.type
      try edit.derive("type", type, in: kind)
      for (key, value) in source.values { try edit.ask(key, value, in: kind) }
      if element != nil {
        edit.stripped.insert("source")
        edit.removed.formUnion(["backingStore", "mirror", "auth", "encryption"])
      }
      if edit.value("driver.type", in: kind) == nil, let file = source.file {
        let format = try Self.format(of: file, device: device, change.text)
        try edit.derive(
          "driver.name", element.flatMap { $0.child("driver")?["name"] } ?? "qemu", in: kind)
        try edit.derive("driver.type", format, in: kind)
      }
    } else if given["path"] == "" || given["vol"] == "" {
      edit.stripped.insert("source")
      edit.removed.formUnion(["backingStore", "mirror", "auth", "encryption"])
    }
    if let element, device == "cdrom", element["device"] != "cdrom",
      element.child("target")?["bus"] == "virtio"
    {
      // A virtio disk cannot be a CD-ROM drive.
      try edit.derive("target.bus", "scsi", in: kind)
      try edit.derive("readonly", "on", in: kind)
      needSCSIController()
    }
    if let bus = edit.value("target.bus", in: kind), let element,
      element.child("target")?["bus"] != bus
    {
      // The name's letters and the address belong to the old bus; libvirt gives a new address.
      try edit.derive("target.dev", freeTarget(ofBus: bus), in: kind)
      edit.removed.insert("address")
    }
    guard element == nil else { return }
    try edit.derive("device", device, in: kind)
    if edit.values.contains(where: { $0.place.steps.first?.name == "driver" }) {
      try edit.derive("driver.name", "qemu", in: kind)
    }
    let bus = edit.value("target.bus", in: kind) ?? (device == "disk" ? "virtio" : "scsi")
    try edit.derive("target.dev", freeTarget(ofBus: bus), in: kind)
    try edit.derive("target.bus", bus, in: kind)
    if device == "cdrom" { try edit.derive("readonly", "on", in: kind) }
    if bus == "scsi" { needSCSIController() }
  }

  private struct DiskSource {
    var type: String
    var values: [(key: String, value: String)]
    /// The file or volume whose name says the format.
    var file: String?
  }

  private func diskSource(
    _ edit: WordEdit, _ kind: WordKind, _ given: [String: String], _ change: WordChange
  ) throws(InvalidValue) -> DiskSource? {
    if let volume = given["vol"], !volume.isEmpty {
      let parts = volume.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2, given["path"] == nil else {
        throw InvalidValue("disk", change.text, "a volume is vol=POOL/NAME, without a path")
      }
      return DiskSource(
        type: "volume", values: [("source.pool", parts[0]), ("source.volume", parts[1])],
        file: parts[1])
    }
    if let path = given["path"], !path.isEmpty {
      guard path.hasPrefix("/") else {
        throw InvalidValue(
          "disk", change.text, "libvirt takes absolute paths only, as in /var/lib/…")
      }
      let type = edit.value("type", in: kind) ?? (path.hasPrefix("/dev/") ? "block" : "file")
      let key = type == "block" ? "source.dev" : type == "dir" ? "source.dir" : "source.file"
      return DiskSource(type: type, values: [(key, path)], file: path)
    }
    for (key, type) in [
      ("source.file", "file"), ("source.dev", "block"), ("source.dir", "dir"),
      ("source.volume", "volume"), ("source.protocol", "network"),
    ] {
      guard let value = edit.value(key, in: kind) else { continue }
      let file = ["file", "volume"].contains(type) || value.hasPrefix("/dev/") ? value : nil
      return DiskSource(type: type, values: [(key, value)], file: file)
    }
    return nil
  }

  /// The format of an image by its name.
  ///
  /// A wrong guess loses data: a guest that writes to a qcow2 image as raw destroys it.
  /// - Throws: ``InvalidValue`` where the name does not say.
  private static func format(
    of path: String, device: String, _ text: String
  ) throws(InvalidValue) -> String {
    let known = [
      "qcow2": "qcow2", "raw": "raw", "iso": "raw", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc",
      "vhdx": "vhdx", "qed": "qed", "qcow": "qcow",
    ]
    if path.hasPrefix("/dev/") || device == "cdrom" || device == "floppy" { return "raw" }
    let suffix = path.split(separator: "/").last?.split(separator: ".").last.map(String.init) ?? ""
    guard let format = known[suffix.lowercased()] else {
      throw InvalidValue(
        "disk", text,
        "the name does not say the format of the image: add format=qcow2 or format=raw")
    }
    return format
  }

  private func freeTarget(ofBus bus: String) -> String {
    let kind = WordKind.declared[0]
    var taken = Set(elements(of: kind).compactMap { $0.child("target")?["dev"] })
    for added in newElements(named: "disk") {
      for child in added.children where child.name == "target" {
        taken.formUnion(child.attributes.filter { $0.name == "dev" }.map(\.value))
      }
    }
    let prefix = bus == "virtio" ? "vd" : bus == "fdc" ? "fd" : "sd"
    return (0...taken.count).lazy.map { prefix + Self.letters($0) }.first { !taken.contains($0) }
      ?? prefix + "a"
  }

  /// `a` … `z`, `aa` ….
  private static func letters(_ index: Int) -> String {
    let last = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
    return index < 26 ? last : letters(index / 26 - 1) + last
  }

  // MARK: Interfaces

  private mutating func prepareInterface(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    let source = try interfaceSource(given, element, change)
    if let source {
      let isNew =
        element.map { element in
          element["type"] != source.type
            || source.values.contains { key, value in
              element.child("source")?[String(key.dropFirst("source.".count))] != value
            }
        } ?? true
      if isNew {
        try edit.derive("type", source.type, in: kind)
        for (key, value) in source.values { try edit.ask(key, value, in: kind) }
        if let element, element["type"] != source.type {
          edit.removed.formUnion(["virtualport", "backend", "ip", "route", "portForward", "tune"])
          if element["managed"] != nil { try edit.derive("managed", nil, in: kind) }
        }
        if element != nil { edit.stripped.insert("source") }
      }
    }
    guard element == nil else { return }
    if source == nil, edit.value("type", in: kind) == nil {
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

  private func interfaceSource(
    _ given: [String: String], _ element: Element?, _ change: WordChange
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
    guard let type = given["type"] ?? (given["source"] == nil ? nil : element?["type"]) else {
      return nil
    }
    let keys = [
      "network": "source.network", "bridge": "source.bridge", "direct": "source.dev",
      "vdpa": "source.dev", "internal": "source.name",
    ]
    guard let source = given["source"] else { return (type, []) }
    guard let key = keys[type] else {
      throw InvalidValue("network", change.text, "an interface of type \(type) has no source=")
    }
    return (type, [(key, source)])
  }

  // MARK: Others

  private func prepareHostDevice(
    _ edit: inout WordEdit, _ kind: WordKind, _ given: [String: String], _ change: WordChange
  ) throws(InvalidValue) {
    guard let text = given["host"] else { return }
    guard let address = HostAddress(text) else {
      throw InvalidValue(
        "hostdev", change.text,
        "give a PCI address such as 0035:03:00.0, or a USB device as BUS.DEVICE or VENDOR:PRODUCT")
    }
    try edit.derive("mode", "subsystem", in: kind)
    try edit.derive("type", address.type, in: kind)
    try edit.derive("managed", "yes", in: kind)
    for (key, value) in address.values { try edit.ask(key, value, in: kind) }
  }

  private func prepareController(
    _ edit: inout WordEdit, _ kind: WordKind
  ) throws(InvalidValue) {
    guard let type = edit.value("type", in: kind) else { return }
    let taken = Set(elements(of: kind).filter { $0["type"] == type }.compactMap { $0["index"] })
    let free = (0...taken.count).lazy.map(String.init).first { !taken.contains($0) } ?? "0"
    try edit.derive("index", free, in: kind)
    if type == "scsi" { try edit.derive("model", "virtio-scsi", in: kind) }
  }

  /// libvirt adds a USB keyboard and mouse to any ppc64 guest with graphics.
  private mutating func needUSB() {
    let controllers = domain.child("devices")?.children("controller") ?? []
    guard let none = controllers.first(where: { $0["type"] == "usb" && $0["model"] == "none" })
    else { return }
    setAttribute("model", of: none, to: "qemu-xhci")
    diagnostics.append(
      .note(
        "word", "graphics need a USB controller on a pseries guest: its model is now qemu-xhci",
        at: none.place))
  }

  private mutating func needSCSIController() {
    let controllers = domain.child("devices")?.children("controller") ?? []
    guard !controllers.contains(where: { $0["type"] == "scsi" }),
      !newElements(named: "controller").contains(where: { element in
        element.attributes.contains { $0.name == "type" && $0.value == "scsi" }
      })
    else { return }
    add(
      NewElement("controller", ["type": "scsi", "index": "0", "model": "virtio-scsi"]),
      to: ["devices"])
    diagnostics.append(.note("word", "a SCSI disk needs its controller: virtio-scsi is added"))
  }
}

extension WordKind {
  /// The keys that stand for several places.
  var derivedKeys: [String] {
    switch element {
    case "disk": ["path", "vol", "size"]
    case "interface": ["network", "bridge", "source", "type"]
    case "hostdev": ["host"]
    case "qemu:commandline": ["args", "env"]
    case "" where name == "metadata": ["os_full_id"]
    default: []
    }
  }
}

/// The address of a device of the host.
struct HostAddress {
  let type: String
  /// The dotted keys below `<hostdev>`.
  let values: [(key: String, value: String)]

  /// Reads `0035:03:00.0`, `03:00.0`, `pci_0035_03_00_0`, `001.003` and `0x1234:0x5678`.
  init?(_ text: String) {
    let pci =
      text.hasPrefix("pci_") ? String(text.dropFirst(4)).replacing("_", with: ":") : text
    let hex = { (part: Substring, digits: Int) -> String? in
      let bare = part.hasPrefix("0x") ? part.dropFirst(2) : part
      guard !bare.isEmpty, bare.count <= digits, Int(bare, radix: 16) != nil else { return nil }
      return "0x" + String(repeating: "0", count: digits - bare.count) + bare.lowercased()
    }
    let parts = pci.split(whereSeparator: { ":.".contains($0) })
    if parts.count == 4 || parts.count == 3 && pci.contains("."), pci.contains(":") {
      let all = parts.count == 3 ? ["0000"] + parts : parts
      guard let domain = hex(all[0], 4), let bus = hex(all[1], 2), let slot = hex(all[2], 2),
        let function = hex(all[3], 1)
      else { return nil }
      type = "pci"
      values = [
        ("source.address.domain", domain), ("source.address.bus", bus),
        ("source.address.slot", slot), ("source.address.function", function),
      ]
    } else if parts.count == 2, text.contains("."), let bus = Int(parts[0]),
      let device = Int(parts[1])
    {
      type = "usb"
      values = [
        ("source.address.bus", String(bus)), ("source.address.device", String(device)),
      ]
    } else if parts.count == 2, text.contains(":"), let vendor = hex(parts[0], 4),
      let product = hex(parts[1], 4)
    {
      type = "usb"
      values = [("source.vendor.id", vendor), ("source.product.id", product)]
    } else {
      return nil
    }
  }

  /// The PCI address that a `<hostdev>`, `<interface>` or its `<source>` names, as `0035:03:00.0`; `nil`
  /// for none.
  static func text(of element: Element) -> String? {
    let source = element.isNamed("source") ? element : element.child("source")
    guard let address = source?.child("address"), let bus = address["bus"],
      let slot = address["slot"]
    else { return nil }
    let parts = [address["domain"] ?? "0x0000", bus, slot, address["function"] ?? "0x0"]
      .map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 }
    let text = parts[..<3].joined(separator: ":") + "." + parts[3]
    return HostAddress(text) == nil ? nil : text
  }

  /// Whether a `<hostdev>` or `<interface>` names this device.
  func isSame(as element: Element) -> Bool {
    let number = { (text: String?) in
      text.flatMap { Int($0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0, radix: 16) }
    }
    return values.allSatisfy { key, value in
      var here: Element? = element
      let parts = key.split(separator: ".").map(String.init)
      for part in parts.dropLast() { here = here?.child(part) }
      guard let own = here?[parts.last ?? ""] else { return value == "0x0000" }
      return number(own) == number(value)
    }
  }
}
