/// A disk or CD-ROM of a guest.
///
/// Properties that are `nil` are left as they are, or to libvirt.
package struct Disk: Hashable, Sendable {
  /// Where the data is.
  package enum Source: Hashable, Sendable {
    /// A file on the host.
    case file(String)
    /// A block device of the host.
    case block(String)
    /// A volume in a storage pool.
    case volume(pool: String, name: String)

    /// The path or volume, as virt-install writes it.
    package var description: String {
      switch self {
      case .file(let path), .block(let path): path
      case .volume(let pool, let name): "\(pool)/\(name)"
      }
    }
  }

  /// Where the data is; `nil` for an empty CD-ROM drive.
  package var source: Source?
  /// `disk`, `cdrom`, `lun` or `floppy`.
  package var device: String?
  /// Format of the data: `qcow2`, `raw`.
  package var format: String?
  /// `virtio`, `scsi`, `sata`, `usb`.
  package var bus: String?
  /// Name of the disk in the definition, such as `vda`; it orders the disks of a bus.
  package var target: String?
  /// QEMU's cache mode: `none`, `writeback` ….
  package var cache: String?
  /// What a discard does: `unmap`, `ignore`.
  package var discard: String?
  /// Native or threaded I/O: `native`, `threads`, `io_uring`.
  package var io: String?
  /// Serial number that the guest sees.
  package var serial: String?
  /// Place in the order of boot devices, from 1.
  package var bootOrder: Int?
  /// Whether the guest may not write to it.
  package var isReadOnly: Bool?

  /// A disk of which nothing is said.
  package init() {}

  static let keys = [
    "path", "vol", "device", "format", "bus", "target", "cache", "discard", "io", "serial",
    "boot.order", "readonly", "type", "size", "seed",
  ]

  /// Reads virt-install's `--disk`: a path, or `path=…,format=qcow2,bus=virtio`.
  ///
  /// The format of a new disk follows its path: `.qcow2` is qcow2, everything else is raw.
  /// - Throws: ``InvalidValue`` for an unknown key, and for `size=`, since a definition has no place
  ///   for a size.
  package init(_ text: String) throws(InvalidValue) {
    let list = OptionList(text)
    let values = try list.values(for: "disk", positional: "path", keys: Self.keys)
    if let seed = values["seed"] {
      guard values.count == 1 else {
        throw InvalidValue("disk", text, "seed=PATH goes with no other key")
      }
      try self.init(seed: seed)
      return
    }
    self = try Disk(values, given: text)
    if source == nil, device != "cdrom", device != "floppy" {
      throw InvalidValue(
        "disk", text, "say where it is, as in path=/var/lib/libvirt/images/a.qcow2")
    }
  }

  /// The image that cloud-init reads at the first boot: a CD-ROM.
  ///
  /// - Throws: ``InvalidValue`` for a relative path.
  package init(seed path: String) throws(InvalidValue) {
    try self.init(["path": path, "device": "cdrom", "type": "file"], given: path)
  }

  /// Reads the keys of a disk; no key is required.
  init(_ values: [String: String], given text: String) throws(InvalidValue) {
    if values["size"] != nil {
      let path = values["path"] ?? "PATH"
      throw InvalidValue(
        "disk", text,
        "a definition does not make images; make it first: qemu-img create -f qcow2 "
          + "\(path) \(values["size"] ?? "20")G")
    }
    device = values["device"]
    if let device {
      try Self.check(device, among: ["disk", "cdrom", "lun", "floppy"], "device", text)
    }
    format = values["format"]
    bus = values["bus"]
    if let bus {
      try Self.check(bus, among: ["virtio", "scsi", "sata", "usb", "fdc"], "bus", text)
    }
    target = values["target"]
    cache = values["cache"]
    discard = values["discard"]
    io = values["io"]
    serial = values["serial"]
    if let order = values["boot.order"] {
      guard let number = Int(order), number > 0 else {
        throw InvalidValue("disk", text, "boot.order must be a number from 1")
      }
      bootOrder = number
    }
    if let readOnly = values["readonly"] {
      try Self.check(readOnly, among: ["on", "off", "yes", "no"], "readonly", text)
      isReadOnly = readOnly == "on" || readOnly == "yes"
    }
    try readSource(values, text)
  }

  private mutating func readSource(
    _ values: [String: String], _ text: String
  ) throws(InvalidValue) {
    if let volume = values["vol"] {
      let parts = volume.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2, values["path"] == nil else {
        throw InvalidValue("disk", text, "a volume is vol=POOL/NAME, without a path")
      }
      source = .volume(pool: parts[0], name: parts[1])
    } else if let path = values["path"], !path.isEmpty {
      guard path.hasPrefix("/") else {
        throw InvalidValue("disk", text, "libvirt takes absolute paths only, as in /var/lib/…")
      }
      let type = values["type"] ?? (path.hasPrefix("/dev/") ? "block" : "file")
      try Self.check(type, among: ["file", "block"], "type", text)
      source = type == "block" ? .block(path) : .file(path)
    }
  }

  private static func check(
    _ value: String, among allowed: [String], _ key: String, _ text: String
  ) throws(InvalidValue) {
    guard allowed.contains(value) else {
      throw InvalidValue(
        "disk", text, "\(key) is one of \(allowed.joined(separator: ", ")), not '\(value)'")
    }
  }

  /// The disk with what a new one needs said: device, format, bus.
  func withDefaults() -> Disk {
    var disk = self
    disk.device = device ?? "disk"
    let isCD = disk.device == "cdrom"
    disk.bus = bus ?? (isCD || disk.device == "lun" ? "scsi" : "virtio")
    if isCD { disk.isReadOnly = isReadOnly ?? true }
    guard disk.format == nil, let source else { return disk }
    if case .file(let path) = source, path.hasSuffix(".qcow2"), !isCD {
      disk.format = "qcow2"
    } else {
      disk.format = "raw"
    }
    return disk
  }

  /// Letters that libvirt's names of disks begin with, by bus.
  static func targetPrefix(ofBus bus: String) -> String {
    switch bus {
    case "virtio": "vd"
    case "fdc": "fd"
    default: "sd"
    }
  }
}
