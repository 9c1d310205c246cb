internal import LosslessXML

extension WordKind {
  /// The keys that stand for several places.
  var derivedKeys: [String] {
    switch element {
    case "disk": ["path", "vol", "size", "perms"]
    case "interface": ["network", "bridge", "source", "type"]
    case "hostdev": ["host", "name"]
    case "cpu": ["model"] + Self.featurePolicies
    case "sysinfo": ["type", "uuid"]
    case "os": ["bootloader", "bootloader_args", "domain_type", "emulator", "initargs"]
    case "filesystem": ["source"]
    case "graphics": ["listen"]
    case "controller": ["address"]
    case "memory" where isDevice: ["target_size", "target_label_size"]
    case "serial", "parallel", "console", "channel", "smartcard":
      ["host", "bind_host", "target.address", "target_address"] + Self.connectionKeys
    case "redirdev": ["server"] + Self.connectionKeys
    case "rng":
      ["backend_host", "backend_connect_host", "backend_connect_service", "backend"]
        + Self.connectionKeys.map { "backend." + $0 }
    case "qemu:commandline": ["args", "env"]
    case "" where name == "metadata": ["os_full_id"]
    case "": WordChange.sizeKeys(name)
    default: []
    }
  }

  /// What a guest may require of a feature of the processor.
  static let featurePolicies = ["force", "require", "optional", "disable", "forbid"]

  /// The two ends of a character device's connection.
  static let connectionKeys = [
    "source.host", "source.bind_host", "source.bind_service", "source.connect_host",
    "source.connect_service",
  ]
}

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
    try prepareBootOrder(edit, kind, element, change)
    switch kind.element {
    case "disk": try prepareDisk(&edit, kind, element, given, change)
    case "interface": try prepareInterface(&edit, kind, element, given, change)
    case "hostdev": try prepareHostDevice(&edit, kind, element, given, change)
    case "graphics":
      try prepareListen(&edit, kind, element, given)
      if element == nil { needUSB() }
    case "controller": try prepareController(&edit, kind, element, given, change)
    case "serial", "parallel", "console", "channel", "smartcard", "redirdev", "rng":
      try prepareConnection(&edit, kind, element, given)
    case "cpu": try prepareCPU(&edit, kind, element, change)
    case "filesystem": try prepareFilesystem(&edit, kind, element, given)
    case "tpm": try prepareTPM(&edit, kind, element)
    case "memory" where kind.isDevice: try prepareMemoryDevice(&edit, kind, given, change)
    case "sysinfo": try prepareSystemInformation(&edit, kind, element, given)
    case "os": try prepareBoot(&edit, kind, element, given)
    case "" where kind.name == "metadata": if let id = given["os_full_id"] { setSystem(id) }
    case "" where kind.name == "iothreads": try checkThreads(edit, change)
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

  // MARK: Others

  private func prepareHostDevice(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    guard let text = given["host"] ?? given["name"] else { return }
    if let type = edit.value("type", in: kind), let key = Self.capabilities[type] {
      try edit.derive("mode", "capabilities", in: kind)
      edit.values.append(WordValue(place: WordPlace(steps: key, leaf: .text), value: text))
      return
    }
    guard let address = HostAddress(text) else {
      throw InvalidValue(
        "hostdev", change.text,
        "give a PCI address such as 0035:03:00.0, or a USB device as BUS.DEVICE or VENDOR:PRODUCT")
    }
    if let element, address.isSame(as: element) { return }
    try edit.derive("mode", "subsystem", in: kind)
    try edit.derive("type", address.type, in: kind)
    try edit.derive("managed", "yes", in: kind)
    for (key, value) in address.values { try edit.ask(key, value, in: kind) }
    guard let element else { return }
    edit.void("source")
    if element["type"] != address.type { edit.removed.formUnion(["address", "driver", "rom"]) }
  }

  /// The element that names a host device of containers, by its type.
  private static let capabilities = [
    "net": [WordPlace.Step(name: "source"), WordPlace.Step(name: "interface")],
    "misc": [WordPlace.Step(name: "source"), WordPlace.Step(name: "char")],
    "storage": [WordPlace.Step(name: "source"), WordPlace.Step(name: "block")],
  ]

  private func prepareController(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    if let text = given["address"] {
      guard let address = HostAddress(text), address.type == "pci" else {
        throw InvalidValue("controller", change.text, "give a PCI address such as 0:0:4.0")
      }
      try edit.ask("address.type", "pci", in: kind)
      for (key, value) in address.values {
        try edit.ask(String(key.dropFirst("source.".count)), value, in: kind)
      }
    }
    guard element == nil, let type = edit.value("type", in: kind) else { return }
    let taken = Set(elements(of: kind).filter { $0["type"] == type }.compactMap { $0["index"] })
    let free = (0...taken.count).lazy.map(String.init).first { !taken.contains($0) } ?? "0"
    try edit.derive("index", free, in: kind)
    if type == "scsi" { try edit.derive("model", "virtio-scsi", in: kind) }
  }

  /// libvirt takes an order for each device, or kinds of devices in order, and no order twice.
  private mutating func prepareBootOrder(
    _ edit: WordEdit, _ kind: WordKind, _ element: Element?, _ change: WordChange
  ) throws(InvalidValue) {
    guard kind.isDevice, let order = edit.value("boot.order", in: kind),
      element?.child("boot")?["order"] != order
    else { return }
    let other = domain.child("devices")?.children.first {
      $0 != element && !removed.contains($0) && $0.child("boot")?["order"] == order
    }
    if let other {
      throw InvalidValue(
        kind.element, change.text,
        "<\(other.localName)> in line \(other.location.line) has boot order \(order) already")
    }
    let general = domain.child("os")?.children("boot") ?? []
    guard let first = general.first, !touches(first) else { return }
    for boot in general { changes.remove(boot) }
    diagnostics.append(
      .note(
        "word", "<boot dev> goes: libvirt refuses it beside the boot order of a device",
        at: first.place))
  }

  /// Refuses fewer I/O threads than disks and pins name.
  private func checkThreads(_ edit: WordEdit, _ change: WordChange) throws(InvalidValue) {
    guard let text = edit.value("iothreads", in: .domain), let count = Int(text),
      domain.child("iothreadids") == nil
    else { return }
    let tune = domain.child("cputune")
    let drivers = domain.child("devices")?.children.compactMap { $0.child("driver") } ?? []
    let named =
      (tune?.children("iothreadpin") ?? []).map { ($0, $0["iothread"]) }
      + (tune?.children("iothreadsched") ?? []).map { ($0, $0["iothreads"]) }
      + drivers.map { ($0, $0["iothread"]) }
    for (element, list) in named {
      guard let last = list.flatMap({ CPUList($0) })?.numbers.max(), last > count else { continue }
      throw InvalidValue(
        "iothreads", change.text,
        "<\(element.localName)> in line \(element.location.line) names I/O thread \(last)")
    }
  }

  private func prepareListen(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    if let port = edit.value("port", in: kind), port != "-1", element?["autoport"] == "yes" {
      // libvirt would take a port of its own choice.
      try edit.derive("autoport", nil, in: kind)
    }
    guard let listen = given["listen"] else { return }
    let attribute = WordPlace(steps: [], leaf: .attribute("listen"))
    let type = WordPlace(steps: [WordPlace.Step(name: "listen")], leaf: .attribute("type"))
    if listen == "none" || listen == "socket" {
      if element.map({ type.value(in: $0) != listen }) ?? true { edit.removed.insert("listen") }
      edit.values.append(WordValue(place: type, value: listen))
      for key in listen == "none" ? ["listen", "port", "tlsPort", "autoport"] : ["listen"] {
        edit.values.append(
          WordValue(
            place: WordPlace(steps: [], leaf: .attribute(key)), value: nil, isAsked: false))
      }
    } else {
      edit.values.append(WordValue(place: attribute, value: listen.isEmpty ? nil : listen))
      if element?["listen"] != listen { edit.removed.insert("listen") }
    }
  }

  /// The ends of a character device's connection: `host=H:P` with `mode=`, `bind_host`, and the like.
  private func prepareConnection(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    let base = kind.element == "rng" ? "backend." : ""
    try prepareBackend(&edit, kind, element, given)
    let isBound = edit.value(base + "source.mode", in: kind) == "bind"
    let ends = [
      ("host", isBound && given["bind_host"] == nil ? "bind" : "connect"), ("bind_host", "bind"),
      ("server", nil), ("source.host", nil), ("source.bind_host", "bind"),
      ("source.connect_host", "connect"), ("backend.source.host", nil),
      ("backend.source.bind_host", "bind"), ("backend.source.connect_host", "connect"),
      ("backend_host", nil), ("backend_connect_host", "connect"),
    ]
    for (key, mode) in ends {
      guard let value = given[key] else { continue }
      let source = base + "source" + (mode.map { "[mode=\($0)]" } ?? "")
      let (host, port) = HostAndPort(value).parts
      if value.isEmpty || host != nil {
        edit.values.append(try Self.value(source + ".host", host ?? "", kind))
      }
      if let port { edit.values.append(try Self.value(source + ".service", port, kind)) }
    }
    for (key, mode) in [
      ("source.bind_service", "bind"), ("source.connect_service", "connect"),
      ("backend.source.bind_service", "bind"), ("backend.source.connect_service", "connect"),
      ("backend_connect_service", "connect"),
    ] {
      guard let value = given[key] else { continue }
      edit.values.append(try Self.value("\(base)source[mode=\(mode)].service", value, kind))
    }
    if let target = given["target.address"] ?? given["target_address"] {
      let (host, port) = HostAndPort(target).parts
      edit.values.append(try Self.value("target.address", host ?? "", kind))
      if let port { edit.values.append(try Self.value("target.port", port, kind)) }
    }
  }

  /// A character device or generator of random numbers says nothing of its old backend.
  private func prepareBackend(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    guard kind.element == "rng" else {
      guard kind.element != "smartcard" else { return }
      if let element, let type = edit.value("type", in: kind), type != element["type"] {
        edit.void("source")
        if !edit.sets("protocol") { edit.removed.insert("protocol") }
      } else if element == nil, kind.element == "channel" {
        if given["target.address"] != nil { try edit.derive("target.type", "guestfwd", in: kind) }
        if edit.value("type", in: kind) == "spicevmc" {
          try edit.derive("target.name", "com.redhat.spice.0", in: kind)
        }
      }
      return
    }
    var model = edit.value("backend.model", in: kind)
    if let backend = given["backend"] {
      let models = ["random", "egd", "builtin"]
      let path = WordPlace(steps: [WordPlace.Step(name: "backend")], leaf: .text)
      if models.contains(backend) {
        edit.values.append(try Self.value("backend.model", backend, kind))
        model = backend
      } else {
        edit.values.append(WordValue(place: path, value: backend))
        if model == nil { edit.values.append(try Self.value("backend.model", "random", kind)) }
        return
      }
    }
    guard let model, model != "random",
      element == nil || element?.child("backend")?["model"] != model
    else { return }
    if element == nil {
      try edit.derive("backend", nil, in: kind)
    } else {
      edit.removed.insert("backend")
    }
  }

  private func prepareCPU(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ change: WordChange
  ) throws(InvalidValue) {
    for assignment in change.assignments
    where WordKind.featurePolicies.contains(assignment.key) {
      let policy = "feature[name=\(assignment.value)].policy"
      edit.values.append(try Self.value(policy, assignment.key, kind))
    }
    let model = change.assignments.last { $0.key == "model" || $0.key.isEmpty }?.value
    guard let model else { return }
    let place = WordPlace(steps: [WordPlace.Step(name: "model")], leaf: .text)
    if ["host-model", "host-passthrough", "maximum", "host"].contains(model) {
      let mode = model == "host" ? "host-passthrough" : model
      guard element?["mode"] != mode else { return }
      edit.values.append(try Self.value("mode", mode, kind))
      edit.removed.formUnion(["model", "vendor", "feature"])
      for key in ["match", "check", "migratable"] { try edit.derive(key, nil, in: kind) }
    } else if model.isEmpty {
      edit.values.append(WordValue(place: place, value: nil))
    } else {
      edit.values.append(WordValue(place: place, value: model))
      // Without a mode a model is a custom one.
      if element?["mode"] == nil, element.flatMap({ place.value(in: $0) }) == model { return }
      try edit.derive("mode", "custom", in: kind)
      if element?["match"] == nil { try edit.derive("match", "exact", in: kind) }
      if element?["migratable"] != nil { try edit.derive("migratable", nil, in: kind) }
    }
  }

  private func prepareFilesystem(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    let keys = ["template": "name", "file": "file", "block": "dev", "ram": "usage", "bind": "dir"]
    let type = edit.value("type", in: kind) ?? element?["type"] ?? "mount"
    if let source = given["source"] {
      edit.values.append(try Self.value("source." + (keys[type] ?? "dir"), source, kind))
    }
    guard let element, element["type"] ?? "mount" != type else { return }
    edit.void("source")
  }

  private func prepareTPM(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?
  ) throws(InvalidValue) {
    let models = ["emulator", "passthrough", "external"]
    if let index = edit.values.firstIndex(where: { $0.place.leaf == .attribute("model") }),
      let given = edit.values[index].value, models.contains(given) || given.hasPrefix("/")
    {
      // virt-install's first part: the backend, or its device.
      edit.values.remove(at: index)
      if given.hasPrefix("/") { try edit.ask("backend.device.path", given, in: kind) }
      try edit.ask("backend.type", given.hasPrefix("/") ? "passthrough" : given, in: kind)
    }
    let type = edit.value("backend.type", in: kind)
    if let type, element == nil, type != "emulator" {
      try edit.derive("backend.version", nil, in: kind)
    }
    guard let element, let type, type != element.child("backend")?["type"] else { return }
    edit.void("backend")
  }

  private func prepareMemoryDevice(
    _ edit: inout WordEdit, _ kind: WordKind, _ given: [String: String], _ change: WordChange
  ) throws(InvalidValue) {
    for (key, place) in [
      ("target_size", "target.size"), ("target_label_size", "target.label.size"),
    ] {
      guard let text = given[key] else { continue }
      guard let mebibytes = UInt64(text), mebibytes < 1 << 40 else {
        throw InvalidValue("memdev", change.text, "\(key) is a number of MiB")
      }
      edit.values.append(try Self.value(place, String(mebibytes << 10), kind))
      edit.values.append(try Self.value(place + ".unit", "KiB", kind))
    }
  }

  private func prepareSystemInformation(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    if let type = given["type"] {
      if type == "host" || type == "emulate" {
        edit.outside.append(try Self.value("os.smbios.mode", type, .domain))
      } else {
        edit.values.append(try Self.value("type", type, kind))
      }
    } else if element == nil, !edit.values.isEmpty {
      try edit.derive("type", "smbios", in: kind)
    }
    let uuid = "system.entry[name=uuid]"
    let asked = try WordPlace(uuid, in: kind.path)
    if let text = given["uuid"] ?? edit.values.last(where: { $0.place == asked })?.value {
      if given["uuid"] != nil { edit.values.append(try Self.value(uuid, text, kind)) }
      // libvirt wants the same in both.
      edit.outside.append(try Self.value("uuid", text, .domain))
    }
  }

  private func prepareBoot(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    for (key, place) in [
      ("bootloader", "bootloader"), ("bootloader_args", "bootloader_args"),
      ("domain_type", "type"), ("emulator", "devices.emulator"),
    ] {
      guard let value = given[key] else { continue }
      edit.outside.append(try Self.value(place, value, .domain))
    }
    guard let text = given["initargs"] else { return }
    let arguments = text.split(separator: " ").map(String.init)
    if element?.children("initarg").map(\.text) != arguments { edit.removed.insert("initarg") }
    for (index, argument) in arguments.enumerated() {
      edit.values.append(try Self.value("initarg\(index)", argument, kind))
    }
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

  mutating func needSCSIController() {
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

/// `HOST:PORT`, where a port without a host is one of this machine.
struct HostAndPort {
  let parts: (host: String?, port: String?)

  init(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else {
      parts = (text.isEmpty ? nil : text, nil)
      return
    }
    let (host, port) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
    parts = (host.isEmpty ? "127.0.0.1" : host, port.isEmpty ? nil : port)
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
