internal import LosslessXML

/// A disk or CD-ROM of a guest.
///
/// Properties that are `nil` are not given, or libvirt's choice.
public struct Disk: Hashable, Sendable {
  /// Where the data is.
  public enum Source: Hashable, Sendable {
    /// A file on the host.
    case file(String)
    /// A block device of the host.
    case block(String)
    /// A volume in a storage pool.
    case volume(pool: String, name: String)
    /// Anything else, such as `rbd` and `pool/image`, or `nvme` and the controller's address.
    case other(kind: String, name: String?)

    /// The path or volume, as virt-install writes it.
    public var description: String {
      switch self {
      case .file(let path), .block(let path): path
      case .volume(let pool, let name): "\(pool)/\(name)"
      case .other(let kind, let name): name.map { "\(kind) \($0)" } ?? kind
      }
    }
  }

  /// Where the data is; `nil` for an empty CD-ROM drive.
  public var source: Source?
  /// `disk`, `cdrom`, `lun` or `floppy`.
  public var device: String?
  /// Format of the data: `qcow2`, `raw`.
  public var format: String?
  /// `virtio`, `scsi`, `sata`, `usb`.
  public var bus: String?
  /// Name of the disk in the definition, such as `vda`; it orders the disks of a bus.
  public var target: String?
  /// QEMU's cache mode: `none`, `writeback` ….
  public var cache: String?
  /// What a discard does: `unmap`, `ignore`.
  public var discard: String?
  /// Native or threaded I/O: `native`, `threads`, `io_uring`.
  public var io: String?
  /// Serial number that the guest sees.
  public var serial: String?
  /// Place in the order of boot devices, from 1.
  public var bootOrder: Int?
  /// Whether the guest may not write to it.
  public var isReadOnly: Bool?

  /// Reads a `<disk>`.
  init(reading element: Element) {
    let source = element.child("source")
    switch element["type"] ?? "file" {
    case "file": self.source = (source?["file"]).map { .file($0) }
    case "block": self.source = (source?["dev"]).map { .block($0) }
    case "volume":
      if let pool = source?["pool"], let name = source?["volume"] {
        self.source = .volume(pool: pool, name: name)
      }
    case "dir": self.source = (source?["dir"]).map { .other(kind: "dir", name: $0) }
    case "network":
      self.source = (source?["protocol"]).map { .other(kind: $0, name: source?["name"]) }
    case "vhostuser": self.source = .other(kind: "vhostuser", name: source?["path"])
    case "nvme":
      let address = source.flatMap { HostAddress.text(of: $0) }
      self.source = .other(kind: "nvme", name: address)
    case let type:
      self.source = source.map { _ in .other(kind: type, name: nil) }
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
}
