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
    guard verb == .edit, selector == nil else { return self }
    var rest = self
    let known = try WordKind.named(kind)
    switch known.name {
    case "memory": try takeMemory(&guest, &rest)
    case "vcpus": try takeCPUs(&guest, &rest)
    case "boot":
      let devices = assignments.filter { $0.key.isEmpty }.map(\.value)
      for (index, device) in devices.enumerated()
      where !Self.bootDevices.contains(device) || devices[..<index].contains(device) {
        throw InvalidValue(
          "boot", device,
          "the devices are \(Self.bootDevices.joined(separator: ", ")), each once; all else is "
            + "KEY=VALUE, as in kernel=/boot/vmlinux")
      }
      if !devices.isEmpty { guest.bootDevices = devices }
      rest.assignments.removeAll { $0.key.isEmpty }
    default: return self
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
    let parts = mine.map { assignment in
      assignment.key.isEmpty || assignment.key == "vcpu"
        ? "vcpus=\(assignment.value)" : "\(assignment.key)=\(assignment.value)"
    }
    guest.vcpus = try VirtualCPUs(parts.joined(separator: ","))
    rest.assignments = assignments.filter { !mine.contains($0) }
  }
}
