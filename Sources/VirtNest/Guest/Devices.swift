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
    bootOrder = element.child("boot")?.number("order")
    isReadOnly = element.child("readonly") != nil
  }
}

/// A network interface of a guest.
///
/// Properties that are `nil` are not given, or libvirt's choice.
public struct NetworkInterface: Hashable, Sendable {
  /// What it is connected to.
  public enum Source: Hashable, Sendable {
    /// A network of libvirt's.
    case network(String)
    /// A bridge of the host.
    case bridge(String)
    /// A device of the host, through macvtap.
    case direct(device: String, mode: String?)
    /// QEMU's user-mode network.
    case user
    /// Anything else: `ethernet`, `hostdev` and a PCI address, `vdpa` and a device, `udp` ….
    case other(type: String, name: String?)
  }

  /// What it is connected to.
  public var source: Source?
  /// Its address; a created guest's derives from the name.
  public var mac: MACAddress?
  /// The device that the guest sees: `virtio`.
  public var model: String?
  /// Name of its device on the host.
  public var target: String?
  /// Place in the order of boot devices, from 1.
  public var bootOrder: Int?

  /// Reads an `<interface>`.
  init(reading element: Element) {
    let source = element.child("source")
    switch element["type"] {
    case "network": self.source = (source?["network"]).map { .network($0) }
    case "bridge": self.source = (source?["bridge"]).map { .bridge($0) }
    case "direct":
      self.source = (source?["dev"]).map { .direct(device: $0, mode: source?["mode"]) }
    case "user": self.source = .user
    case "ethernet": self.source = .other(type: "ethernet", name: element.child("target")?["dev"])
    case "hostdev":
      self.source = .other(type: "hostdev", name: source.flatMap { HostAddress.text(of: $0) })
    case let type?:
      let names = ["dev", "path", "name", "address", "switchid"]
      self.source = .other(type: type, name: names.lazy.compactMap { source?[$0] }.first)
    case nil: break
    }
    mac = element.child("mac")?["address"].flatMap { MACAddress($0) }
    model = element.child("model")?["type"]
    target = element.child("target")?["dev"]
    bootOrder = element.child("boot")?.number("order")
  }
}

/// The MAC address of a network interface: 6 bytes, written in libvirt's canonical form.
public struct MACAddress: Hashable, Sendable, CustomStringConvertible {
  /// The 6 bytes, in the order in which they are written.
  public let bytes: [UInt8]

  /// Reads what libvirt reads as a MAC address, or `nil`.
  ///
  /// Six numbers of one or two hexadecimal digits of either case, with colons between them. Space
  /// in front is refused; at the first space or control character behind them reading ends, and
  /// anything may follow (libvirt, `src/util/virmacaddr.c`, `virMacAddrParse`).
  public init?(_ text: some StringProtocol) {
    let address = text.utf8.prefix { $0 > UInt8(ascii: " ") }
    let numbers = address.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard numbers.count == 6 else { return nil }
    var bytes: [UInt8] = []
    for number in numbers {
      let digits = number.compactMap(\.hexadecimalValue)
      guard digits.count == number.count, (1...2).contains(digits.count) else { return nil }
      bytes.append(digits.reduce(0) { $0 << 4 | $1 })
    }
    self.bytes = bytes
  }

  /// The address with these bytes.
  init(bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
    self.bytes = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5]
  }

  /// Whether it addresses a group of interfaces; libvirt refuses such an address for one.
  public var isMulticast: Bool { bytes[0] & 1 == 1 }

  /// Lower-case digits in pairs with colons between them, as libvirt prints them.
  public var description: String {
    bytes.map(\.hexadecimalDigits).joined(separator: ":")
  }
}
