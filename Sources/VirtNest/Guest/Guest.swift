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
    disks = definition.domain.devices("disk").map { Disk(reading: $0) }
    interfaces = definition.domain.devices("interface").map { NetworkInterface(reading: $0) }
  }

  /// Reads a part of what a definition describes.
  init(reading definition: DomainDefinition, _ properties: [Property]) {
    let domain = definition.domain
    for property in properties { property.read(domain, &self) }
  }
}

/// The first console of a guest.
///
/// Properties that are `nil` are left as they are.
package struct Console: Hashable, Sendable {
  /// A file on the host that everything the guest prints is written to.
  package var logFile: String?
  /// Whether that file grows from start to start.
  package var logAppend: Bool?

  /// Nothing said.
  package init() {}

  /// Reads virt-install's `--console`: `log.file=PATH[,log.append=on]`, with or without `pty`.
  ///
  /// - Throws: ``InvalidValue`` for an unknown key or a relative path.
  package init(_ text: String) throws(InvalidValue) {
    let values = try OptionList(text).values(
      for: "console", positional: "type", keys: ["type", "log.file", "log.append"])
    guard values["type"] ?? "pty" == "pty" else {
      throw InvalidValue("console", text, "the type is pty")
    }
    logFile = values["log.file"]
    if let logFile, !logFile.hasPrefix("/") {
      throw InvalidValue("console", text, "libvirt takes absolute paths only, not '\(logFile)'")
    }
    if let append = values["log.append"] {
      guard ["on", "off", "yes", "no"].contains(append), logFile != nil else {
        throw InvalidValue("console", text, "log.append is on or off, and goes with log.file")
      }
      logAppend = append == "on" || append == "yes"
    }
  }
}

/// What libvirt demands of a domain's name.
package enum GuestName {
  /// Refuses a name that libvirt refuses, or that its QEMU driver trips over.
  ///
  /// libvirt, `src/conf/domain_conf.c`: no `/` (it names files), no line end, not empty; `.` and
  /// `..` are taken at define and break the QEMU driver's folders.
  /// - Throws: ``InvalidValue`` with the reason.
  package static func check(_ name: String) throws(InvalidValue) {
    let reason: String? =
      if name.isEmpty {
        "a name must not be empty"
      } else if name.contains("/") {
        "libvirt takes no '/' in a name"
      } else if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        "a name must not contain line ends or other control characters"
      } else if name == "." || name == ".." {
        "libvirt's QEMU driver makes files and folders of this name"
      } else if name.allSatisfy(\.isWhitespace) {
        "libvirt takes no name of white space alone"
      } else if !name.isRepresentableInXML {
        "XML cannot carry one of its characters"
      } else {
        nil
      }
    if let reason { throw InvalidValue("name", name, reason) }
  }

  /// Whether the source document's wrapper, and ours, would act on a guest of this name.
  package static func hasKata(_ name: String) -> Bool { name.lowercased().contains("kata") }
}

/// What should be different in a definition.
public struct GuestChanges: Hashable, Sendable {
  /// A partial guest: what is `nil` is left alone.
  public var guest = Guest()
  /// Sections and devices that are added, changed and removed, in this order.
  public var words: [WordChange] = []
  /// Lets a number pick a device that is removed.
  package var byNumber = false
  /// What should become of nesting; `nil` leaves it alone.
  public var nesting: NestingChange?
  /// Makes a guest that runs under TCG anywhere.
  public var emulated = false
  /// Takes away and converts what a pseries guest cannot have, and says so for each.
  public var mendsForPSeries = false
  /// Derives uuid and addresses anew from the name.
  public var identity: Identity?
  /// Changes by expressions, for whatever the guest above does not describe.
  package var xpathEdits = XPathEdits()
  /// Does what is refused for the guest's own good.
  public var force = false

  /// Changes by expressions.
  package struct XPathEdits: Hashable, Sendable {
    /// The changes; all look at the definition as it was.
    package var edits: [XPathEdit] = []
    /// Namespace names by prefix, beside `qemu` and `libosinfo`.
    package var namespaces: [String: String] = [:]
    /// Takes an expression that finds nothing for done.
    package var ifPresent = false

    /// No changes yet.
    package init() {}
  }

  /// How uuid and addresses are derived.
  public struct Identity: Hashable, Sendable {
    /// Hashed in, where two sites use the same names.
    public var text: String?

    /// Whether the definition is that of another guest, so that what both share is said.
    package var isCopy = true

    /// From the name, and a text where one is given.
    public init(text: String? = nil) { self.text = text }
  }

  /// No changes yet.
  public init() {}

  /// Puts the guest's name into values in place of `{name}`.
  package mutating func fill(name: String) {
    for index in words.indices { words[index].fill("{name}", with: name) }
    guest.console.logFile = guest.console.logFile?.replacing("{name}", with: name)
    for index in xpathEdits.edits.indices {
      guard case .set(let value) = xpathEdits.edits[index].action else { continue }
      xpathEdits.edits[index].action = .set(value.replacing("{name}", with: name))
    }
  }

  /// Whether a part may be touched that a rule with errors reads.
  ///
  /// Names and sizes are looked at where they are written, and nesting by itself.
  var mayBringErrors: Bool {
    !words.isEmpty || !xpathEdits.edits.isEmpty || emulated || mendsForPSeries
      || guest.cpu != nil || guest.hugePageSize != nil
      || guest.machine != nil || guest.domainType != nil || guest.vcpus != nil
      || guest.architecture != nil || guest.bootDevices != nil
  }
}
