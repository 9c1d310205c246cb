internal import LosslessXML

/// What hangs on a device's source, bus or kind: the few words that stand for several places, and the
/// parts that are void when the source changes.
extension DomainEditor {
  /// Adds what follows from the values that are asked for.
  mutating func prepare(_ edit: inout WordEdit) throws(InvalidValue) {
    prepareBootOrder(edit)
    let kind = edit.kind
    switch kind.element {
    case "disk": try prepareDisk(&edit)
    case "interface": try prepareInterface(&edit)
    case "hostdev": try edit.prepareHostDevice()
    case "graphics":
      try edit.prepareListen()
      if edit.element == nil { needUSB() }
    case "controller": try prepareController(&edit)
    case "serial", "parallel", "console", "channel", "smartcard", "redirdev", "rng":
      try edit.prepareConnection()
    case "cpu": try edit.prepareCPU()
    case "filesystem": try edit.prepareFilesystem()
    case "tpm": try edit.prepareTPM()
    case "memory" where kind.isDevice: try edit.prepareMemoryDevice()
    case "sysinfo": try edit.prepareSystemInformation()
    case "os": try edit.prepareBoot()
    // libvirt would choose another one.
    case "vsock" where edit.value("cid.address") != nil: try edit.derive("cid.auto", "no")
    case "" where kind.name == "metadata":
      if let id = edit.given["os_full_id"] { setSystem(id) }
    case "" where kind.name == "iothreads": try checkThreads(edit)
    default: break
    }
    if let element = edit.element { voidMisfits(&edit, of: element) }
    for text in (edit.values + edit.outside).compactMap(\.value) where !text.isRepresentableInXML {
      throw edit.refusal("XML cannot carry one of its characters")
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

  private func prepareController(_ edit: inout WordEdit) throws(InvalidValue) {
    if let text = edit.given["address"] {
      guard let address = HostAddress(text), address.type == "pci" else {
        throw edit.refusal("give a PCI address such as 0:0:4.0")
      }
      try edit.ask("address.type", "pci")
      for (key, value) in address.values {
        try edit.ask(String(key.dropFirst("source.".count)), value)
      }
    }
    guard edit.element == nil, let type = edit.value("type") else { return }
    let taken = Set(
      elements(of: edit.kind).filter { $0["type"] == type }.compactMap { $0["index"] })
    let free = (0...taken.count).lazy.map(String.init).first { !taken.contains($0) } ?? "0"
    try edit.derive("index", free)
    if type == "scsi" { try edit.derive("model", "virtio-scsi") }
  }
}

extension WordEdit {
  fileprivate mutating func prepareHostDevice() throws(InvalidValue) {
    guard let text = given["host"] ?? given["name"] else {
      if let element, let type = value("type"), type != element["type"] {
        void("source")
        removed.formUnion(["address", "driver", "rom"])
      }
      return
    }
    // The element that names a host device of containers, by its type.
    let capabilities = ["net": "interface", "misc": "char", "storage": "block"]
    if let name = value("type").flatMap({ capabilities[$0] }) {
      try derive("mode", "capabilities")
      let steps = ["source", name].map { Step($0) }
      values.append(WordValue(place: WordPlace(steps: steps, leaf: .text), value: text))
      return
    }
    guard let address = HostAddress(text) else {
      throw refusal(
        "give a PCI address such as 0035:03:00.0, or a USB device as BUS.DEVICE or VENDOR:PRODUCT")
    }
    if let element, address.isSame(as: element) { return }
    try derive("mode", "subsystem")
    try derive("type", address.type)
    try derive("managed", "yes")
    for (key, value) in address.values { try ask(key, value) }
    guard let element else { return }
    void("source")
    if element["type"] != address.type { removed.formUnion(["address", "driver", "rom"]) }
  }

  fileprivate mutating func prepareCPU() throws(InvalidValue) {
    for assignment in change.assignments
    where WordKind.featurePolicies.contains(assignment.key) {
      try set("feature[name=\(assignment.value)].policy", assignment.key)
    }
    let place = WordPlace(steps: [Step("model")], leaf: .text)
    guard let cpu = try CPU(askedBy: change), let mode = cpu.mode else {
      if given["model"] == "" { values.append(WordValue(place: place, value: nil)) }
      return
    }
    guard let model = cpu.model else {
      // A mode by its key says nothing of the model beside the same mode.
      let isWhole = given["model"] != nil && element?.child("model") != nil
      guard element?["mode"] != mode || isWhole else { return }
      try ask("mode", mode)
      removed.formUnion(["model", "vendor", "feature"])
      for key in ["match", "check", "migratable"] { try derive(key, nil) }
      return
    }
    values.append(WordValue(place: place, value: model))
    // Without a mode a model is a custom one.
    if mode == "custom", element?["mode"] == nil, element.flatMap({ place.value(in: $0) }) == model
    {
      return
    }
    try ask("mode", mode)
    guard mode == "custom" else { return }
    if element?["match"] == nil { try derive("match", "exact") }
    if element?["migratable"] != nil { try derive("migratable", nil) }
  }

  fileprivate mutating func prepareFilesystem() throws(InvalidValue) {
    let keys = ["template": "name", "file": "file", "block": "dev", "ram": "usage", "bind": "dir"]
    let type = value("type") ?? element?["type"] ?? "mount"
    if let source = given["source"] { try set("source." + (keys[type] ?? "dir"), source) }
    guard let element else {
      // As virt-install: passthrough, libvirt's default, wants a QEMU that runs as root; virtiofs knows
      // no other.
      if value("driver.type") != "virtiofs" { try derive("accessmode", "mapped") }
      return
    }
    if element["type"] ?? "mount" != type { void("source") }
  }

  fileprivate mutating func prepareTPM() throws(InvalidValue) {
    // virt-install's first part is the backend, or its device, or `default`.
    switch given["type"] {
    case nil, "default": break
    case let path? where path.hasPrefix("/"):
      try set("backend.type", "passthrough")
      try set("backend.device.path", path)
    case let model? where try WordPlace("model", in: kind.path).values.contains(model):
      try set("model", model)
    case let type?: try set("backend.type", type)
    }
    guard let type = value("backend.type") else { return }
    if let element {
      if type != element.child("backend")?["type"] { void("backend") }
    } else if type != "emulator" {
      try derive("backend.version", nil)
    }
  }

  /// Sizes are in MiB where nothing says a unit, as virt-install has them; libvirt's are in KiB.
  fileprivate mutating func prepareMemoryDevice() throws(InvalidValue) {
    for key in WordKind.sizesOfMemoryDevice {
      let place = try WordPlace(key, in: kind.path)
      guard let index = values.lastIndex(where: { $0.place == place }),
        let text = values[index].value, value(key + ".unit") == nil
      else { continue }
      values[index].value = String(try MemorySize(text).inKibibytes)
      try ask(key + ".unit", "KiB")
    }
  }

  fileprivate mutating func prepareSystemInformation() throws(InvalidValue) {
    if let type = given["type"] {
      if type == "host" || type == "emulate" {
        outside.append(try WordKind.domain.value("os.smbios.mode", type))
      } else {
        try set("type", type)
      }
    } else if element == nil, !values.isEmpty {
      try derive("type", "smbios")
    }
    let key = "system.entry[name=uuid]"
    if let text = given["uuid"] ?? value(key) {
      if given["uuid"] != nil { try set(key, text) }
      // libvirt wants the same in both.
      outside.append(try WordKind.domain.value("uuid", text))
    }
  }

  fileprivate mutating func prepareBoot() throws(InvalidValue) {
    for (key, place) in [
      ("bootloader", "bootloader"), ("bootloader_args", "bootloader_args"),
      ("domain_type", "type"), ("emulator", "devices.emulator"),
    ] {
      guard let text = given[key] else { continue }
      outside.append(try WordKind.domain.value(place, text))
    }
    // libvirt reads the text where there is no type, and the source where there is one.
    if value("nvram") != nil {
      try derive("nvram.type", nil)
    } else if let type = kind.sourceType(where: { value("nvram." + $0) != nil }) {
      try derive("nvram.type", type)
    }
    guard let text = given["initargs"] else { return }
    let arguments = text.split(separator: " ").map(String.init)
    if element?.children("initarg").map(\.text) != arguments { removed.insert("initarg") }
    for (index, argument) in arguments.enumerated() { try set("initarg\(index)", argument) }
  }
}
