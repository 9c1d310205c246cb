internal import Glibc
internal import LosslessXML
internal import VirtNest

/// A copy of a definition that can be started on any machine, to query its QEMU for capabilities.
///
/// Everything that matters for nesting is kept: machine, features, passthrough arguments, and the
/// emulator if this machine has it. What ties the guest to its host is replaced or removed, and
/// listed in ``differences``.
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
  /// - Throws: ``VirtNestError`` if the definition cannot be changed.
  init(
    of definition: DomainDefinition, folder: String, machineTypes: Set<String>
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
    if let emulator = guest.emulator {
      if !Emulator.isQEMU(emulator), access(emulator, X_OK) == 0 {
        wanted.guest.emulator = emulator
      } else if !Emulator.isQEMU(emulator) {
        differences.append(
          "the emulator is QEMU itself, because this machine does not have \(emulator)")
      }
    }
    // First, so that the line numbers in differences are those of the definition.
    var editor = CopyEditor(definition, folder: folder)
    editor.makeIndependent(mostMemory: Self.mostMemory)
    let independent: [UInt8]
    do {
      independent = try editor.changes.sortedEdits().applied(to: definition.document.bytes)
    } catch {
      throw VirtNestError(error, between: "two changes of the copy", in: definition.document)
    }
    bytes = try DomainDefinition(independent).patch(wanted).bytes
    self.differences = differences + editor.differences
    disks = editor.disks
  }
}
