internal import LosslessXML

/// The sources of disks, and what is void when they change.
extension DomainEditor {
  mutating func prepareDisk(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) {
    try preparePermissions(&edit, kind, given["perms"], change)
    let device = edit.value("device", in: kind) ?? element?["device"] ?? "disk"
    if let source = try diskSource(edit, kind, element, given, change) {
      try prepare(source, &edit, kind, element, device, change)
    } else if given["path"] == "" || given["vol"] == "" {
      edit.void("source")
      edit.removed.formUnion(Self.partsOfSource)
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
      if !edit.sets("address") { edit.removed.insert("address") }
      if bus == "scsi" { needSCSIController() }
    }
    guard element == nil else { return }
    try edit.derive("device", device, in: kind)
    if edit.sets("driver") { try edit.derive("driver.name", "qemu", in: kind) }
    let bus = edit.value("target.bus", in: kind) ?? (device == "disk" ? "virtio" : "scsi")
    try edit.derive("target.dev", freeTarget(ofBus: bus), in: kind)
    try edit.derive("target.bus", bus, in: kind)
    if device == "cdrom" { try edit.derive("readonly", "on", in: kind) }
    if bus == "scsi" { needSCSIController() }
  }

  /// `perms=` of virt-install: ro, sh or rw.
  private func preparePermissions(
    _ edit: inout WordEdit, _ kind: WordKind, _ permissions: String?, _ change: WordChange
  ) throws(InvalidValue) {
    switch permissions {
    case nil, "rw": break
    case "ro": edit.values.append(try Self.value("readonly", "on", kind))
    case "sh": edit.values.append(try Self.value("shareable", "on", kind))
    case .some(let text):
      throw InvalidValue("disk", change.text, "perms is ro, rw or sh, not '\(text)'")
    }
  }

  /// What describes a disk's source, beside the source itself.
  private static let partsOfSource: Set = ["backingStore", "mirror", "auth", "encryption"]

  /// The type of a source that says this.
  static let typesBySource = [
    ("source.file", "file"), ("source.dir", "dir"), ("source.pool", "volume"),
    ("source.volume", "volume"), ("source.protocol", "network"), ("source.dev", "block"),
    ("source.name", "network"), ("source.path", "vhostuser"),
  ]

  private struct DiskSource {
    var type: String
    /// What short words stand for.
    var values: [(key: String, value: String)] = []
    /// The file, volume or image whose name may say the format.
    var file: String?
  }

  private mutating func prepare(
    _ source: DiskSource, _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?,
    _ device: String, _ change: WordChange
  ) throws(InvalidValue) {
    for (key, value) in source.values { try edit.ask(key, value, in: kind) }
    let isNewType = element?["type"] ?? "file" != source.type
    let keys = ["file", "dev", "dir", "pool", "volume", "protocol", "name", "path", "index"]
    let changed = keys.filter { key in
      guard let value = edit.value("source." + key, in: kind) else { return false }
      return element?.child("source")?[key] != value
    }
    let changesAddress = edit.values.contains { value in
      value.value != nil && value.place.leads(to: "address") && value.place.leads(to: "source")
        && element.map { !isSame(value, in: $0) } ?? true
    }
    if let element { try prepareHosts(&edit, kind, of: element) }
    guard element == nil || isNewType || !changed.isEmpty || changesAddress else { return }
    try edit.derive("type", source.type, in: kind)
    if element != nil, isNewType { try need(source.type, edit, kind, device, change) }
    switch source.type {
    case "nvme":
      try edit.derive("source.type", "pci", in: kind)
      try edit.derive("source.managed", "yes", in: kind)
    case "vhostuser": try edit.derive("source.type", "unix", in: kind)
    // QEMU makes a file system of a folder, and libvirt lets no guest write to it.
    case "dir" where device == "disk": try edit.derive("readonly", "on", in: kind)
    default: break
    }
    if let element {
      if source.type == "network", !isNewType, !changed.contains("protocol") {
        // Another image of the same cluster: hosts and secret stay.
        edit.removed.formUnion(Self.partsOfSource.subtracting(["auth"]))
        edit.removedBelow["source"] = [
          "snapshot", "encryption", "slices", "reservations", "seclabel",
        ]
        if element.child("source")?["query"] != nil {
          try edit.derive("source.query", nil, in: kind)
        }
      } else {
        edit.void("source")
        edit.removed.formUnion(Self.partsOfSource.filter { !edit.sets($0) })
      }
      if isNewType, source.type == "vhostuser" {
        // The other end does all of this; libvirt refuses it here.
        for key in ["cache", "io", "discard", "detect_zeroes", "copy_on_read", "error_policy"]
        where element.child("driver")?[key] != nil {
          try edit.derive("driver." + key, nil, in: kind)
        }
        edit.removed.formUnion(["iotune", "blockio", "readonly", "shareable", "transient"])
      }
    }
    if element == nil, source.type == "network", source.file == nil { return }
    guard edit.value("driver.type", in: kind) == nil,
      element == nil || isNewType || source.type != "network" && source.file != nil
        || changed.contains("protocol"),
      let format = try format(of: source, edit, kind, device, change)
    else { return }
    try edit.derive(
      "driver.name", element.flatMap { $0.child("driver")?["name"] } ?? "qemu", in: kind)
    try edit.derive("driver.type", format, in: kind)
  }

  /// A host of a network disk is reached by its name or by a socket: one takes the other's place.
  private func prepareHosts(
    _ edit: inout WordEdit, _ kind: WordKind, of element: Element
  ) throws(InvalidValue) {
    for (index, host) in (element.child("source")?.children("host") ?? []).enumerated() {
      let host = (key: "source.host\(index).", element: host)
      let names = ["name", "port"].contains { edit.value(host.key + $0, in: kind) != nil }
      let gone = names ? ["socket", "transport"] : ["name", "port"]
      guard names || edit.value(host.key + "socket", in: kind) != nil else { continue }
      for key in gone
      where host.element[key] != nil && (key != "transport" || host.element[key] == "unix") {
        try edit.derive(host.key + key, nil, in: kind)
      }
    }
  }

  /// Refuses a type of source that lacks what it needs.
  private func need(
    _ type: String, _ edit: WordEdit, _ kind: WordKind, _ device: String,
    _ change: WordChange
  ) throws(InvalidValue) {
    let needed = [
      "block": ["source.dev"], "dir": ["source.dir"], "network": ["source.protocol"],
      "volume": ["source.pool", "source.volume"], "nvme": ["source.namespace"],
      "vhostuser": ["source.path"], "vhostvdpa": ["source.dev"],
    ]
    var all = needed[type] ?? []
    if type == "file", device == "disk" { all = ["source.file"] }
    if type == "network", edit.value("source.protocol", in: kind) != "nbd" {
      all.append("source.name")
    }
    let missing = all.filter { edit.value($0, in: kind) == nil }
    guard missing.isEmpty else {
      throw InvalidValue(
        "disk", change.text,
        "a disk of type \(type) needs \(missing.map { $0 + "=" }.joined(separator: " and "))")
    }
    if type == "nvme" {
      guard edit.value("source.address.bus", in: kind) != nil else {
        throw InvalidValue(
          "disk", change.text, "a disk of type nvme needs source.address.domain=, bus= and so on")
      }
    }
    if device == "lun", !["block", "network", "volume"].contains(type) {
      throw InvalidValue(
        "disk", change.text, "device=lun needs a block device, an iSCSI disk or a volume")
    }
  }

  private func diskSource(
    _ edit: WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String],
    _ change: WordChange
  ) throws(InvalidValue) -> DiskSource? {
    let type = edit.value("type", in: kind)
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
      if let remote = RemoteImage(path) {
        return DiskSource(type: "network", values: remote.values, file: path)
      }
      guard path.hasPrefix("/") else {
        throw InvalidValue(
          "disk", change.text, "libvirt takes absolute paths only, as in /var/lib/…")
      }
      let type = type ?? (path.hasPrefix("/dev/") ? "block" : "file")
      let keys = ["block": "source.dev", "dir": "source.dir", "vhostuser": "source.path"]
      return DiskSource(type: type, values: [(keys[type] ?? "source.file", path)], file: path)
    }
    let found = Self.typesBySource.first { edit.value($0.0, in: kind) != nil }
    guard let type = type ?? found?.1 else {
      let isMoved = edit.values.contains {
        $0.value != nil && $0.place.leads(to: "address") && $0.place.leads(to: "source")
      }
      return isMoved ? DiskSource(type: element?["type"] ?? "nvme") : nil
    }
    guard type != element?["type"] ?? "file" || found != nil else { return nil }
    let file = ["source.file", "source.volume", "source.name", "source.dev"].lazy
      .compactMap { edit.value($0, in: kind) }.first
    return DiskSource(type: type, file: file)
  }

  /// The format of a source; `nil` where it stays as it is.
  private func format(
    of source: DiskSource, _ edit: WordEdit, _ kind: WordKind, _ device: String,
    _ change: WordChange
  ) throws(InvalidValue) -> String? {
    switch source.type {
    case "block", "nvme", "vhostuser", "vhostvdpa": return "raw"
    case "dir": return "fat"
    case "network" where ["rbd", "iscsi"].contains(edit.value("source.protocol", in: kind)):
      return "raw"
    default:
      guard let file = source.file else {
        if source.type == "network" {
          throw InvalidValue(
            "disk", change.text, "add the format of the image: format=raw or format=qcow2")
        }
        return nil
      }
      if change.keepsFormat { return try? Self.formatByName(of: file, device: device, "") }
      return try Self.formatByName(of: file, device: device, change.text)
    }
  }

  /// The format of an image by its name.
  ///
  /// A wrong guess loses data: a guest that writes to a qcow2 image as raw destroys it.
  /// - Throws: ``InvalidValue`` where the name does not say.
  static func formatByName(
    of path: String, device: String, _ text: String
  ) throws(InvalidValue) -> String {
    let known = [
      "qcow2": "qcow2", "raw": "raw", "iso": "raw", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc",
      "qed": "qed", "qcow": "qcow",
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
}
