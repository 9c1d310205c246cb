internal import Glibc
internal import LosslessXML
internal import VirtNest

/// A copy of a definition that can be started on any machine, to query its QEMU for capabilities.
///
/// What decides about nesting is kept: machine, features, CPU, some arguments for QEMU, and the
/// emulator if it is a wrapper that the caller lets run. All else is replaced or left out, and listed
/// in ``differences``: a definition may come from anybody (``KeptParts``).
struct EmulatedCopy {
  /// The bytes of the copy.
  let bytes: [UInt8]
  /// The differences from the definition, each as a sentence.
  let differences: [String]
  /// The guest's uuid, by which virsh finds it.
  let uuid: DomainUUID
  /// The names of its disk files.
  let disks: [String]

  /// The most memory that the copy gets; a guest that stays paused needs no more.
  private static let mostMemory = MemorySize(bytes: 1 << 30)

  /// Makes the copy.
  ///
  /// - Parameters:
  ///   - folder: the folder of its disks.
  ///   - machineTypes: the machine types of the QEMU on this machine.
  ///   - wrapper: an emulator that may be run, beside QEMU and the wrapper of this project.
  /// - Throws: ``VirtNestError`` if the definition cannot be changed.
  init(
    of definition: DomainDefinition, folder: String, machineTypes: Set<String>,
    wrapper: String? = nil
  ) throws(VirtNestError) {
    let guest = Guest(reading: definition)
    var wanted = GuestChanges()
    var differences: [String] = []
    wanted.emulated = true
    wanted.force = true
    uuid = guest.uuid ?? GuestIdentity(name: guest.name ?? "").uuid
    wanted.guest.uuid = uuid
    if guest.architecture == nil { wanted.guest.architecture = "ppc64le" }
    if let machine = guest.machine, !machineTypes.contains(machine.name) {
      wanted.guest.machine = MachineType("pseries")
      differences.append(
        "the machine type is pseries, because the QEMU on this machine does not have "
          + "'\(machine.name)'")
    }
    // Transactional memory is on by default in machine types before 2.12, and TCG does not support
    // it (QEMU, hw/ppc/spapr.c).
    if guest.machine?.name.hasPrefix("pseries-2.") ?? false { wanted.guest.features[.htm] = "off" }
    if let emulator = guest.emulator, !Emulator.isQEMU(emulator) {
      if !Emulator.mayRun(emulator, wrapper) {
        differences.append(Emulator.notRun(emulator))
      } else if access(emulator, X_OK) == 0 {
        wanted.guest.emulator = emulator
      } else {
        differences.append(
          "the emulator is QEMU itself, because this machine does not have \(emulator)")
      }
    }
    let copy = CopyWriter(of: definition, folder: folder, mostMemory: Self.mostMemory)
    bytes = try DomainDefinition(Array(copy.text.utf8)).patch(wanted).bytes
    self.differences = differences + copy.differences
    disks = copy.disks
  }
}

extension Emulator {
  /// Whether the emulator of a definition may be run: a foreign definition can name any program.
  static func mayRun(_ emulator: String, _ wrapper: String?) -> Bool {
    emulator == defaultWrapper || emulator == wrapper
  }

  /// What is different where it is not run.
  static func notRun(_ emulator: String) -> String {
    "the emulator is QEMU itself; use --wrapper to run \(emulator), which can do anything on this "
      + "machine"
  }
}
