internal import LosslessXML

/// An L1 guest, as far as a definition says.
///
/// Read from a definition it is what the definition says; given to a definition it is a partial
/// guest: what is `nil` is left alone.
public struct Guest: Hashable, Sendable {
  /// Name of the domain; libvirt takes no `/` and no line end in it.
  public var name: String?
  /// Its uuid; libvirt makes one up at each definition where there is none.
  public var uuid: DomainUUID?
  /// libosinfo's id of the system in it, such as `http://fedoraproject.org/fedora/43`.
  public var osinfoID: String?
  /// How it is run: `kvm`, or `qemu` for TCG.
  public var domainType: String?
  /// `ppc64le` or `ppc64`.
  public var architecture: String?
  /// The machine type.
  public var machine: MachineType?
  /// Memory at the start.
  public var memory: MemorySize?
  /// Memory that the balloon leaves at the start; it follows ``memory`` where it was equal.
  public var currentMemory: MemorySize?
  /// Whether memory comes from huge pages of the host.
  public var usesHugePages: Bool?
  /// Size of these pages; `nil` for the host's default.
  public var hugePageSize: MemorySize?
  /// Virtual CPUs.
  public var vcpus: VirtualCPUs?
  /// The CPU model.
  public var cpu: CPU?
  /// Path of QEMU on the host; `nil` lets libvirt choose.
  public var emulator: String?
  /// Kinds of devices in the order in which the firmware tries them: `hd`, `cdrom`, `network`, `fd`.
  package var bootDevices: [String]?
  /// Its first console.
  package var console = Console()
  /// Disks in the order of the definition; they are changed in words.
  public var disks: [Disk] = []
  /// Network interfaces in the order of the definition; they are changed in words.
  public var interfaces: [NetworkInterface] = []
  /// Capabilities of the machine other than nesting.
  package var features: [PSeriesFeature: String] = [:]

  /// A guest of which nothing is said.
  public init() {}

  /// Reads the guest that a definition describes.
  public init(reading definition: DomainDefinition) {
    self.init(reading: definition, Property.all)
    let devices = definition.domain.child("devices")
    disks = devices?.children("disk").map { Disk(reading: $0) } ?? []
    interfaces = devices?.children("interface").map { NetworkInterface(reading: $0) } ?? []
  }

  /// Reads a part of what a definition describes.
  init(reading definition: DomainDefinition, _ properties: [Property]) {
    let domain = definition.domain
    for property in properties { property.read(domain, &self) }
  }
}
