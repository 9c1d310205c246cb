import ArgumentParser
import LosslessXML
import VirtNest

/// The options that are about the guest itself, in virt-install's spelling.
struct PropertyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Name of the domain.", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("uuid of the domain.", valueName: "uuid"))
  var uuid: String?

  @Option(
    help: ArgumentHelp(
      "Memory in MiB, or with a unit: 4096, 4G, 4GiB (1024³), 4GB (10⁹); also "
        + "memory=…,currentMemory=….", valueName: "size"))
  var memory: String?

  @Option(
    help: ArgumentHelp(
      "CPUs: 4, or 4,sockets=1,cores=4,threads=1, or 4,maxvcpus=8.", valueName: "vcpus"))
  var vcpus: String?

  @Option(help: ArgumentHelp("host-model, host-passthrough, or a model: POWER9.", valueName: "cpu"))
  var cpu: String?

  @Option(help: ArgumentHelp("Machine type, such as pseries-7.2.", valueName: "machine"))
  var machine: String?

  @Option(help: ArgumentHelp("kvm, or qemu for TCG.", valueName: "type"))
  var virtType: String?

  @Option(help: ArgumentHelp("Path of QEMU on the host.", valueName: "path"))
  var emulator: String?

  @Option(
    help: ArgumentHelp(
      "What is booted: kernel=…,initrd=…,kernel_args=…, or devices in order: cdrom,hd.",
      valueName: "boot"))
  var boot: String?

  @Option(
    help: ArgumentHelp("The first console: log.file=PATH[,log.append=on].", valueName: "console"))
  var console: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .exclusive,
    help: "Take memory from the host's huge pages.")
  var hugepages: Bool?

  @Option(
    help: ArgumentHelp("Take memory from huge pages of this size, such as 1G.", valueName: "size"))
  var hugepageSize: String?

  @Option(
    help: ArgumentHelp(
      "Another capability of the machine: cfpc, sbbc, ibs, ccf-assist, htm, hpt, large-decr; "
        + "repeatable.", valueName: "name=value"))
  var feature: [String] = []

  @Flag(
    help:
      "Make a guest that runs under TCG on any machine: type qemu, CPU POWER9, one thread a core.")
  var emulated = false

  /// Puts the options into the changes.
  func apply(to changes: inout GuestChanges) throws {
    var guest = changes.guest
    guest.name = name
    if let name { try usage { try GuestName.check(name) } }
    if let uuid {
      guard let value = DomainUUID(uuid) else { throw ValidationError("'\(uuid)' is not a uuid") }
      guest.uuid = value
    }
    for (kind, value) in [("memory", memory), ("vcpus", vcpus), ("boot", boot), ("cpu", cpu)] {
      guard let value else { continue }
      let rest = try usage { try WordChange.option(kind, value, of: &guest) }
      if let rest { changes.words.append(rest) }
    }
    if let machine, let comma = machine.firstIndex(of: ",") {
      throw ValidationError(
        "--machine takes a machine type alone, as in \(machine[..<comma]); properties go by "
          + "--feature, by --mechanism, or by --qemu-commandline '-machine NAME=VALUE'")
    }
    guest.machine = machine.map { MachineType($0) }
    guest.domainType = virtType
    guest.emulator = emulator
    if let emulator, !emulator.hasPrefix("/") {
      throw ValidationError("--emulator: libvirt takes absolute paths only, not '\(emulator)'")
    }
    if let console { guest.console = try usage { try Console(console) } }
    if hugepages == false, hugepageSize != nil {
      throw ValidationError("--hugepage-size and --no-hugepages exclude each other")
    }
    guest.usesHugePages = hugepages ?? (hugepageSize == nil ? nil : true)
    if let hugepageSize {
      let size = try usage { try MemorySize(hugepageSize) }
      guard size.bytes.nonzeroBitCount == 1, size.bytes > 65536 else {
        throw ValidationError(
          "--hugepage-size: a host of Power has huge pages of 2M and 1G, or of 16M and 16G where "
            + "its memory is hashed, not of \(hugepageSize)")
      }
      guest.hugePageSize = size
    }
    if emulated {
      if let virtType, virtType != "qemu" {
        throw ValidationError("--emulated makes a guest of type qemu, not of \(virtType)")
      }
      if let mode = guest.cpu?.mode, mode.hasPrefix("host") || mode == "maximum" {
        throw ValidationError("--emulated takes a CPU of QEMU's, such as POWER9, not \(mode)")
      }
    }
    for text in feature {
      let (feature, value) = try usage { try PSeriesFeature.parse(text) }
      guard guest.features.updateValue(value, forKey: feature) == nil else {
        throw ValidationError("--feature \(feature.rawValue) is given twice")
      }
    }
    changes.guest = guest
    changes.emulated = emulated
  }
}

/// The options that say what should be different, shared by `create` and `patch`.
struct ChangeOptions: ParsableArguments {
  @OptionGroup(title: "Nesting") var nesting: NestingOptions
  @OptionGroup(title: "Guest") var properties: PropertyOptions

  func validate() throws {
    _ = try changes()
  }

  /// The changes that the options describe.
  func changes() throws -> GuestChanges {
    var changes = GuestChanges()
    try properties.apply(to: &changes)
    changes.nesting = try nesting.change()
    changes.force = nesting.force
    return changes
  }
}

/// Reads an option's value, and says in the words of the command line what is wrong with it.
func usage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let error as InvalidValue {
    throw ValidationError(error.description)
  }
}
