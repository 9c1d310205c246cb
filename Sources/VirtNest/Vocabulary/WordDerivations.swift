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
    prepareBootOrder(edit, kind, element)
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
    case "tpm": try prepareTPM(&edit, kind, element, given)
    case "memory" where kind.isDevice: try prepareMemoryDevice(&edit, kind)
    case "sysinfo": try prepareSystemInformation(&edit, kind, element, given)
    case "os": try prepareBoot(&edit, kind, element, given)
    // libvirt would choose another one.
    case "vsock" where edit.value("cid.address", in: kind) != nil:
      try edit.derive("cid.auto", "no", in: kind)
    case "" where kind.name == "metadata": if let id = given["os_full_id"] { setSystem(id) }
    case "" where kind.name == "iothreads": try checkThreads(edit, change)
    default: break
    }
    if let element { voidMisfits(&edit, kind, element) }
    for text in (edit.values + edit.outside).compactMap(\.value) where !text.isRepresentableInXML {
      throw InvalidValue(
        change.verb.rawValue, change.text, "XML cannot carry one of its characters")
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
    guard let text = given["host"] ?? given["name"] else {
      if let element, let type = edit.value("type", in: kind), type != element["type"] {
        edit.void("source")
        edit.removed.formUnion(["address", "driver", "rom"])
      }
      return
    }
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
    guard let element else {
      // As virt-install: passthrough, libvirt's default, wants a QEMU that runs as root; virtiofs knows
      // no other.
      if edit.value("driver.type", in: kind) != "virtiofs" {
        try edit.derive("accessmode", "mapped", in: kind)
      }
      return
    }
    if element["type"] ?? "mount" != type { edit.void("source") }
  }

  private func prepareTPM(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    // virt-install's first part is the backend, or its device, or `default`.
    switch given["type"] {
    case nil, "default": break
    case let path? where path.hasPrefix("/"):
      edit.values.append(try Self.value("backend.type", "passthrough", kind))
      edit.values.append(try Self.value("backend.device.path", path, kind))
    case let model? where try WordPlace("model", in: kind.path).values.contains(model):
      edit.values.append(try Self.value("model", model, kind))
    case let type?: edit.values.append(try Self.value("backend.type", type, kind))
    }
    let type = edit.value("backend.type", in: kind)
    if let type, element == nil, type != "emulator" {
      try edit.derive("backend.version", nil, in: kind)
    }
    guard let element, let type, type != element.child("backend")?["type"] else { return }
    edit.void("backend")
  }

  /// Sizes are in MiB where nothing says a unit, as virt-install has them; libvirt's are in KiB.
  private func prepareMemoryDevice(
    _ edit: inout WordEdit, _ kind: WordKind
  ) throws(InvalidValue) {
    for key in WordKind.sizesOfMemoryDevice {
      let place = try WordPlace(key, in: kind.path)
      guard let index = edit.values.lastIndex(where: { $0.place == place }),
        let text = edit.values[index].value, edit.value(key + ".unit", in: kind) == nil
      else { continue }
      let size = try MemorySize(text)
      edit.values[index].value = String(size.inKibibytes)
      try edit.ask(key + ".unit", "KiB", in: kind)
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
    // libvirt reads the text where there is no type, and the source where there is one.
    if edit.value("nvram", in: kind) != nil {
      try edit.derive("nvram.type", nil, in: kind)
    } else if let (_, type) = Self.typesBySource.first(where: {
      edit.value("nvram." + $0.0, in: kind) != nil
    }) {
      try edit.derive("nvram.type", type, in: kind)
    }
    guard let text = given["initargs"] else { return }
    let arguments = text.split(separator: " ").map(String.init)
    if element?.children("initarg").map(\.text) != arguments { edit.removed.insert("initarg") }
    for (index, argument) in arguments.enumerated() {
      edit.values.append(try Self.value("initarg\(index)", argument, kind))
    }
  }
}
