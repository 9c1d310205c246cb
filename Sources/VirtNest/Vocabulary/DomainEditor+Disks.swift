internal import LosslessXML

/// The sources of disks, and what is void when they change.
extension DomainEditor {
  mutating func prepareDisk(_ edit: inout WordEdit) throws(InvalidValue) {
    try edit.setPermissions()
    let element = edit.element
    let device = edit.value("device") ?? element?["device"] ?? "disk"
    if let source = try edit.diskSource() {
      try edit.setSource(source, of: device)
    } else if edit.given["path"] == "" || edit.given["vol"] == "" {
      edit.void("source")
      edit.removed.formUnion(WordEdit.partsOfDiskSource)
    }
    if let element, device == "cdrom", element["device"] != "cdrom",
      element.child("target")?["bus"] == "virtio"
    {
      // A virtio disk cannot be a CD-ROM drive.
      try edit.derive("target.bus", "scsi")
      try edit.derive("readonly", "on")
      needSCSIController()
    }
    if let bus = edit.value("target.bus"), let element, element.child("target")?["bus"] != bus {
      // The name's letters and the address belong to the old bus; libvirt gives a new address.
      try edit.derive("target.dev", freeTarget(ofBus: bus))
      edit.removeUnlessSet(["address"])
      if bus == "scsi" { needSCSIController() }
    }
    guard element == nil else { return }
    try edit.derive("device", device)
    if edit.sets("driver") { try edit.derive("driver.name", "qemu") }
    let bus = edit.value("target.bus") ?? (device == "disk" ? "virtio" : "scsi")
    try edit.derive("target.dev", freeTarget(ofBus: bus))
    try edit.derive("target.bus", bus)
    if device == "cdrom" { try edit.derive("readonly", "on") }
    if bus == "scsi" { needSCSIController() }
  }

  /// A name for a disk of a bus that no disk has or will have.
  func freeTarget(ofBus bus: String) -> String {
    let targets = domain.devices("disk").compactMap { $0.child("target") }
    var taken = Set(targets.flatMap { [$0["dev"], attribute("dev", of: $0)] }.compactMap(\.self))
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

private struct DiskSource {
  var type: String
  /// What short words stand for.
  var values: [(key: String, value: String)] = []
  /// The file, volume or image whose name may say the format.
  var file: String?
}

extension WordEdit {
  /// What describes a disk's source, beside the source itself.
  fileprivate static let partsOfDiskSource: Set = ["backingStore", "mirror", "auth", "encryption"]

  /// `perms=` of virt-install: ro, sh or rw.
  fileprivate mutating func setPermissions() throws(InvalidValue) {
    switch given["perms"] {
    case nil, "rw": break
    case "ro": try set("readonly", "on")
    case "sh": try set("shareable", "on")
    case .some(let text): throw refusal("perms is ro, rw or sh, not '\(text)'")
    }
  }

  /// The source that is asked for; `nil` where it stays.
  fileprivate func diskSource() throws(InvalidValue) -> DiskSource? {
    let type = value("type")
    if let volume = given["vol"], !volume.isEmpty {
      let parts = volume.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2, given["path"] == nil else {
        throw refusal("a volume is vol=POOL/NAME, without a path")
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
        throw refusal("libvirt takes absolute paths only, as in /var/lib/…")
      }
      let type = type ?? (path.hasPrefix("/dev/") ? "block" : "file")
      let key = kind.source(type)?.short ?? "source.file"
      return DiskSource(type: type, values: [(key, path)], file: path)
    }
    let found = kind.sourceType(element?["type"]) { value($0) != nil }
    guard let type = type ?? found else {
      let isMoved = values.contains { $0.value != nil && $0.place.isAddressOfSource }
      return isMoved ? DiskSource(type: element?["type"] ?? "nvme") : nil
    }
    guard type != element?["type"] ?? "file" || found != nil else { return nil }
    let file = ["source.file", "source.volume", "source.name", "source.dev"].lazy
      .compactMap { value($0) }.first
    return DiskSource(type: type, file: file)
  }

  fileprivate mutating func setSource(
    _ source: DiskSource, of device: String
  ) throws(InvalidValue) {
    for (key, value) in source.values { try ask(key, value) }
    let isNewType = element?["type"] ?? "file" != source.type
    let keys = ["file", "dev", "dir", "pool", "volume", "protocol", "name", "path", "index"]
    let changed = keys.filter { key in
      value("source." + key).map { $0 != element?.child("source")?[key] } ?? false
    }
    if let element { try keepOneWay(toHostsOf: element) }
    guard
      element == nil || isNewType || !changed.isEmpty || changes(where: \.isAddressOfSource)
    else { return }
    try derive("type", source.type)
    if element != nil, isNewType { try need(source.type, of: device) }
    switch source.type {
    case "nvme":
      try derive("source.type", "pci")
      try derive("source.managed", "yes")
    case "vhostuser": try derive("source.type", "unix")
    // QEMU makes a file system of a folder, and libvirt lets no guest write to it.
    case "dir" where device == "disk": try derive("readonly", "on")
    default: break
    }
    if let element {
      if source.type == "network", !isNewType, !changed.contains("protocol") {
        // Another image of the same cluster: hosts and secret stay.
        removed.formUnion(Self.partsOfDiskSource.subtracting(["auth"]))
        removedBelow["source"] = ["snapshot", "encryption", "slices", "reservations", "seclabel"]
        if element.child("source")?["query"] != nil { try derive("source.query", nil) }
      } else {
        void("source")
        removeUnlessSet(Self.partsOfDiskSource)
      }
      if isNewType, source.type == "vhostuser" {
        // The other end does all of this; libvirt refuses it here.
        for key in ["cache", "io", "discard", "detect_zeroes", "copy_on_read", "error_policy"]
        where element.child("driver")?[key] != nil {
          try derive("driver." + key, nil)
        }
        removed.formUnion(["iotune", "blockio", "readonly", "shareable", "transient"])
      }
    }
    if element == nil, source.type == "network", source.file == nil { return }
    guard value("driver.type") == nil,
      element == nil || isNewType || source.type != "network" && source.file != nil
        || changed.contains("protocol"),
      let format = try format(of: source, device)
    else { return }
    try derive("driver.name", element?.child("driver")?["name"] ?? "qemu")
    try derive("driver.type", format)
  }

  /// A host of a network disk is reached by its name or by a socket: one takes the other's place.
  private mutating func keepOneWay(toHostsOf element: Element) throws(InvalidValue) {
    for (index, host) in (element.child("source")?.children("host") ?? []).enumerated() {
      let key = "source.host\(index)."
      let names = ["name", "port"].contains { value(key + $0) != nil }
      guard names || value(key + "socket") != nil else { continue }
      for part in names ? ["socket", "transport"] : ["name", "port"]
      where host[part] != nil && (part != "transport" || host[part] == "unix") {
        try derive(key + part, nil)
      }
    }
  }

  /// Refuses a type of source that lacks what it needs.
  private func need(_ type: String, of device: String) throws(InvalidValue) {
    var keys = kind.source(type)?.keys ?? []
    // A drive may be empty, and a server of NBD has one image.
    if type == "file", device != "disk" { keys = [] }
    if type == "network", value("source.protocol") == "nbd" { keys = ["source.protocol"] }
    try need(keys, for: type)
    if device == "lun", !["block", "network", "volume"].contains(type) {
      throw refusal("device=lun needs a block device, an iSCSI disk or a volume")
    }
  }

  /// The format of a source; `nil` where it stays as it is.
  private func format(of source: DiskSource, _ device: String) throws(InvalidValue) -> String? {
    switch source.type {
    case "block", "nvme", "vhostuser", "vhostvdpa": return "raw"
    case "dir": return "fat"
    case "network" where ["rbd", "iscsi"].contains(value("source.protocol")): return "raw"
    default:
      guard let file = source.file else {
        guard source.type == "network" else { return nil }
        throw refusal("add the format of the image: format=raw or format=qcow2")
      }
      let format = Self.format(named: file, of: device)
      // A wrong guess loses data: a guest that writes to a qcow2 image as raw destroys it.
      guard format != nil || change.keepsFormat else {
        throw refusal(
          "the name does not say the format of the image: add format=qcow2 or format=raw")
      }
      return format
    }
  }

  /// The format of an image by its name; `nil` where that does not say.
  static func format(named path: String, of device: String) -> String? {
    let known = [
      "qcow2": "qcow2", "raw": "raw", "iso": "raw", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc",
      "qed": "qed", "qcow": "qcow",
    ]
    if path.hasPrefix("/dev/") || device == "cdrom" || device == "floppy" { return "raw" }
    let suffix = path.split(separator: "/").last?.split(separator: ".").last.map(String.init) ?? ""
    return known[suffix.lowercased()]
  }
}

extension WordPlace {
  /// Whether it is a part of the address that a source names.
  var isAddressOfSource: Bool { leads(to: "source") && leads(to: "address") }
}
