internal import Glibc
internal import LosslessXML
internal import VirtNest

/// A copy of a definition that can be started on any machine, to ask its QEMU what it was given.
///
/// What decides on nesting is as it was: machine, features, passthrough, the emulator where it is
/// here. What binds the guest to its host is replaced or taken out, and said.
struct EmulatedCopy {
  /// The definition.
  let bytes: [UInt8]
  /// What is not as in the definition, each as the end of a sentence.
  let differences: [String]
  /// The guest's uuid, by which virsh finds it whatever its name is.
  let uuid: DomainUUID
  /// The files that its disks are.
  let disks: [String]

  /// More is of no use to a guest that never runs.
  private static let mostMemory = MemorySize(bytes: 1 << 30)

  /// Makes the copy.
  ///
  /// - Parameters:
  ///   - folder: where its disks will be.
  ///   - machineTypes: those that the QEMU here has.
  /// - Throws: ``VirtNestError`` where the definition cannot be changed.
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
        "the machine type '\(machine.name)', which the QEMU here does not have, is pseries")
    }
    // On by default in machines before 2.12, and TCG has none (QEMU, hw/ppc/spapr.c).
    if guest.machine?.name.hasPrefix("pseries-2.") ?? false { wanted.guest.features[.htm] = "off" }
    if let emulator = guest.emulator {
      if !Emulator.isQEMU(emulator), access(emulator, X_OK) == 0 {
        wanted.guest.emulator = emulator
      } else if !Emulator.isQEMU(emulator) {
        differences.append("the emulator \(emulator), which is not here, is QEMU itself")
      }
    }
    // Before anything else changes, so that the lines are those of the definition.
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
