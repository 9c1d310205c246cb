internal import LosslessXML

/// Words that say what an option about the guest as a whole says: `memory`, `vcpus`, and the devices of
/// `boot`.
extension WordChange {
  /// Keys that the options about memory and CPUs have, and libvirt does not.
  static func sizeKeys(_ kind: String) -> [String] {
    switch kind {
    case "memory":
      [
        "memory", "currentMemory", "maxmemory", "maxMemory", "hotplugmemorymax",
        "hotplugmemoryslots", "hugepages",
      ]
    case "vcpus": ["vcpus", "vcpu", "maxvcpus", "sockets", "dies", "cores", "threads"]
    default: []
    }
  }

  /// The devices that `boot=` takes by their names alone.
  static let bootDevices = ["hd", "cdrom", "network", "fd"]

  /// What an option about the guest as a whole says: the option is a word without its `--edit`.
  ///
  /// - Returns: what is left of the word; `nil` where nothing is.
  /// - Throws: ``InvalidValue`` for what is wrong in the value.
  package static func option(
    _ kind: String, _ value: String, of guest: inout Guest
  ) throws(InvalidValue) -> WordChange? {
    guard !value.isEmpty else { throw InvalidValue(kind, value, "it has no value") }
    return try WordChange(.edit, kind, parts: value).taken(by: &guest)
  }

  /// Puts what the word says of the guest as a whole into it.
  ///
  /// - Returns: what is left of the word; `nil` where nothing is.
  /// - Throws: ``InvalidValue`` as the option does.
  func taken(by guest: inout Guest) throws(InvalidValue) -> WordChange? {
    guard var rest = try identityTaken(by: &guest) else { return nil }
    guard verb == .edit, selector == nil else { return rest }
    let known = try WordKind.named(kind)
    switch known.name {
    case "memory": try takeMemory(&guest, &rest)
    case "vcpus": try takeCPUs(&guest, &rest)
    case "cpu":
      guest.cpu = try CPU(askedBy: self) ?? guest.cpu
      return self
    case "boot":
      let devices = assignments.filter { $0.key.isEmpty }.map(\.value)
      for (index, device) in devices.enumerated()
      where !Self.bootDevices.contains(device) || devices[..<index].contains(device) {
        throw InvalidValue(
          "boot", device,
          device == "uefi"
            ? "a pseries guest has no UEFI: it boots by SLOF, or as kernel= and initrd= say"
            : "the devices are \(Self.bootDevices.joined(separator: ", ")), each once; all else is "
              + "KEY=VALUE, as in kernel=/boot/vmlinux")
      }
      if !devices.isEmpty { guest.bootDevices = devices }
      rest.assignments.removeAll { $0.key.isEmpty }
    default: return rest
    }
    // What is left stands directly below the root, with names of libvirt's alone.
    if known.path.isEmpty {
      rest.kind = WordKind.root.name
      for index in rest.assignments.indices {
        rest.assignments[index].key = known.dotted(rest.assignments[index].key)
      }
    }
    return rest.assignments.isEmpty ? nil : rest
  }

  /// Puts a name, a uuid and an emulator, on which more hangs than the place where they stand, into a guest.
  ///
  /// - Returns: what is left of the word; `nil` where nothing is.
  /// - Throws: ``InvalidValue`` for what is none, and beside another one.
  package func identityTaken(by guest: inout Guest) throws(InvalidValue) -> WordChange? {
    let known = try WordKind.named(kind)
    guard verb != .remove, selector == nil,
      known.path.isEmpty || [["name"], ["uuid"], ["devices", "emulator"]].contains(known.path)
    else { return self }
    var rest = self
    rest.assignments = []
    for assignment in assignments {
      let (key, value) = (assignment.key.isEmpty ? known.name : assignment.key, assignment.value)
      let before = guest
      switch key {
      case _ where value.isEmpty:
        rest.assignments.append(assignment)
      case "name": guest.name = value
      case "uuid":
        guard let uuid = DomainUUID(value) else {
          throw InvalidValue("uuid", value, "it is not a uuid")
        }
        guest.uuid = uuid
      case "emulator": guest.emulator = value
      default: rest.assignments.append(assignment)
      }
      let others = [
        before.name == guest.name ? nil : before.name,
        before.emulator == guest.emulator ? nil : before.emulator,
        before.uuid == guest.uuid ? nil : before.uuid?.description,
      ]
      if let other = others.compactMap(\.self).first {
        throw InvalidValue(key, value, "another change asks for '\(other)'")
      }
    }
    return rest.assignments.isEmpty ? nil : rest
  }

  /// What gives a guest a CPU.
  init(_ cpu: CPU) {
    verb = .edit
    kind = "cpu"
    assignments = [("mode", cpu.mode), ("model", cpu.model)].compactMap { key, value in
      value.map { Assignment(key: key, value: $0) }
    }
    text = "cpu,\(cpu)"
  }

  private func takeMemory(
    _ guest: inout Guest, _ rest: inout WordChange
  ) throws(InvalidValue) {
    var sizes: [String: MemorySize] = [:]
    let unit = assignments.last { $0.key == "unit" && !$0.value.isEmpty }?.value
    rest.assignments = []
    for assignment in assignments {
      let key = assignment.key.isEmpty ? "memory" : assignment.key
      switch key {
      case _ where assignment.value.isEmpty && !assignment.key.isEmpty:
        rest.assignments.append(assignment)
      case "memory", "currentMemory", "maxmemory":
        guard sizes[key] == nil else {
          throw InvalidValue("memory", text, "'\(key)' is given twice")
        }
        let isNumber = assignment.value.utf8.last.map { (0x30...0x39).contains($0) } ?? false
        sizes[key] = try MemorySize(assignment.value + (isNumber ? unit ?? "" : ""))
      case "unit": continue
      case "maxMemory", "hotplugmemorymax":
        let size = try MemorySize(assignment.value).inKibibytes
        rest.assignments.append(Assignment(key: "maxMemory", value: String(size)))
        rest.assignments.append(Assignment(key: "maxMemory.unit", value: "KiB"))
      case "hotplugmemoryslots":
        rest.assignments.append(Assignment(key: "maxMemory.slots", value: assignment.value))
      case "hugepages": guest.usesHugePages = ["yes", "on"].contains(assignment.value)
      default: rest.assignments.append(assignment)
      }
    }
    // In virt-install's older words memory= is the memory at the start beside maxmemory=.
    if let most = sizes["maxmemory"] {
      sizes["currentMemory"] = sizes["currentMemory"] ?? sizes["memory"]
      sizes["memory"] = most
    }
    guest.memory = sizes["memory"] ?? guest.memory
    guest.currentMemory = sizes["currentMemory"] ?? guest.currentMemory
  }

  private func takeCPUs(_ guest: inout Guest, _ rest: inout WordChange) throws(InvalidValue) {
    let mine = assignments.filter {
      ($0.key.isEmpty || Self.sizeKeys("vcpus").contains($0.key)) && !$0.value.isEmpty
    }
    guard !mine.isEmpty else { return }
    // virt-install takes the most CPUs for all that there are where nothing else is said.
    let isMostAlone = mine.allSatisfy { $0.key == "maxvcpus" }
    let parts = mine.map { assignment in
      assignment.key.isEmpty || assignment.key == "vcpu" || isMostAlone
        ? "vcpus=\(assignment.value)" : "\(assignment.key)=\(assignment.value)"
    }
    guest.vcpus = try VirtualCPUs(parts.joined(separator: ","))
    rest.assignments = assignments.filter { !mine.contains($0) }
  }
}

extension WordChange {
  /// The changes that say what a guest has of a kind, as virt-install's options do.
  ///
  /// The k-th text changes the k-th device that the guest has, further ones add one; of controllers,
  /// the k-th of the type, or the one of the index. What libvirt allows once is changed. `none` alone
  /// removes all, unless it is a value of the kind's first key, such as a memory balloon's model.
  /// - Parameters:
  ///   - name: the kind, by any of its names.
  ///   - texts: keys and values, as they stand behind the kind and a comma.
  ///   - definition: the guest; `nil` to look at the texts alone.
  /// - Throws: ``InvalidValue`` for a text that is not such, and for `none` beside others.
  package static func having(
    _ name: String, _ texts: [String], in definition: DomainDefinition?
  ) throws(InvalidValue) -> [WordChange] {
    guard !texts.isEmpty else { return [] }
    let kind = try WordKind.named(name)
    let editor = definition.map { DomainEditor($0) }
    let elements = editor?.elements(of: kind) ?? []
    if texts.contains("none"), !kind.takesNone {
      guard texts.count == 1 else {
        throw InvalidValue(name, "none", "it goes with no other \(name)")
      }
      return elements.isEmpty ? [] : [try WordChange(.remove, name + (kind.isMany ? ":all" : ""))]
    }
    var changes: [WordChange] = []
    var taken: Set<Element> = []
    for text in texts {
      var added = try WordChange(kind.isMany ? .add : .edit, name, parts: text)
      added.addsEqual = true
      let fits = elements.first { !taken.contains($0) && added.isAbout($0, kind) }
      guard kind.isMany, let element = fits ?? (kind.isSingle ? elements.first : nil) else {
        changes.append(added)
        continue
      }
      if !kind.isSingle { taken.insert(element) }
      let selector = editor?.selector(for: element, kind)
      changes.append(try WordChange(.edit, name, selector: selector, parts: text))
    }
    return changes
  }

  /// Whether the change is about a device of the guest, as far as its kind tells them apart.
  private func isAbout(_ element: Element, _ kind: WordKind) -> Bool {
    guard kind.element == "controller" else { return true }
    let type = assignments.first { $0.key == "type" || $0.key.isEmpty }?.value
    let index = assignments.first { $0.key == "index" }?.value
    return element["type"] == type && (index == nil || element["index"] ?? "0" == index)
  }
}

extension WordKind {
  /// Whether a definition may have several of it.
  var isMany: Bool { isDevice || element == "seclabel" }

  /// Whether libvirt allows one alone, although it is a device.
  var isSingle: Bool { ["memballoon", "vsock", "iommu", "nvram"].contains(element) }

  /// Whether `none` is a value of its first key.
  fileprivate var takesNone: Bool {
    guard let first, let place = try? WordPlace(aliases[first] ?? first, in: path) else {
      return false
    }
    return place.values.contains("none")
  }
}
