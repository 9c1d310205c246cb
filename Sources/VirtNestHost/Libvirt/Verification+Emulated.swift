internal import Glibc
internal import LosslessXML
internal import SystemPackage
package import VirtNest

extension Verification {
  /// Starts paused copies of definitions under TCG in a private libvirt, and queries their QEMU.
  ///
  /// It needs no Power host, no root and no daemon.
  /// - Parameters:
  ///   - wrapper: an emulator that may be run, beside QEMU and the wrapper of this project.
  ///   - report: is called with the result of each definition, in order, as soon as it is known.
  /// - Throws: ``VirtNestError`` if libvirt or QEMU is missing or does not answer in time;
  ///   `CancellationError`. In each case nothing is left running.
  package static func emulated(
    _ definitions: [DomainDefinition], wrapper: String? = nil,
    report: (Int, Result<Verification, VirtNestError>) throws -> Void
  ) async throws {
    let machineTypes = try await machineTypes()
    try await EmbeddedLibvirt.use(asCaller: wrapper != nil) { libvirt in
      for (index, definition) in definitions.enumerated() {
        let copy: EmulatedCopy
        do throws(VirtNestError) {
          copy = try EmulatedCopy(
            of: definition, folder: libvirt.folder, machineTypes: machineTypes,
            wrapper: wrapper)
        } catch {
          try report(index, .failure(error))
          continue
        }
        let start = try await libvirt.start(copy)
        try report(index, .success(Verification(of: definition, copy, start, wrapper)))
      }
    }
  }

  private init(
    of definition: DomainDefinition, _ copy: EmulatedCopy, _ start: CopyStart, _ wrapper: String?
  ) {
    let inspection = Inspection(of: definition)
    let asked = inspection.nesting
    var findings: [Diagnostic] = []
    let l0 = { (text: String, advice: Advice?) in Diagnostic.note(.l0, text, advice: advice) }
    switch start {
    case .refused(let message):
      capabilities = nil
      findings.append(
        l0("the guest does not start under TCG: \(message)", "fix the cause that QEMU names"))
    case .started(let found):
      capabilities = found
      findings.append(l0("QEMU started under TCG with \(found.text)", nil))
      if !Self.agrees(found, with: asked) {
        findings.append(
          l0("this is not what the definition asks for", Self.next(asked, found, wrapper)))
      }
    }
    // The copy always has a POWER9 CPU, so the CPU is checked in the definition.
    let obstacles = asked.isOn ? asked.obstacles : []
    for obstacle in obstacles {
      findings.append(
        .note(
          .l1, "the guest cannot nest on a Power host: \(obstacle.reason)",
          advice: "Change the CPU: \(.property("cpu", value: nil))."))
    }
    if obstacles.isEmpty, capabilities?.api != nil {
      findings.append(
        .note(
          .l1, "the guest was not booted, so it is not known whether kvm_hv can be loaded",
          advice:
            "on its host: virt-nest verify --connect URI \(shellOperand(inspection.guest.name ?? "NAME"))"
        ))
    }
    self.findings = findings
    guest = inspection.guest.name
    self.asked = inspection.effective
    isAsAsked = obstacles.isEmpty && (capabilities.map { Self.agrees($0, with: asked) } ?? false)
    differences = copy.differences
  }

  private static func next(
    _ asked: NestingFacts, _ found: MachineCapabilities, _ wrapper: String?
  ) -> Advice {
    switch asked.effective {
    case .dependsOnWrapper(let emulator) where !Emulator.mayRun(emulator, wrapper):
      "To run \(emulator), which must be trusted: --wrapper. Without a wrapper: \(.mechanism(.feature))."
    case .dependsOnWrapper(let emulator):
      access(emulator, X_OK) == 0
        ? "\(emulator) adds no capability for this guest. Without a wrapper: \(.mechanism(.feature))."
        : "The wrapper is not on this machine. Without a wrapper: \(.mechanism(.feature))."
    case .off: "something else switches nesting on; see the differences below and the emulator"
    case .on, .dependsOnFile, .refused:
      "virt-nest inspect shows each setting for nesting with its line"
    }
  }

  /// The machine types of the QEMU on this machine.
  private static func machineTypes() async throws -> Set<String> {
    let listed = try await ToolRun.run(
      "qemu-system-ppc64", ["-machine", "help"], limit: .seconds(180))
    guard listed.status == 0 else {
      throw VirtNestError(.program, "qemu-system-ppc64 -machine help failed: \(listed.errorOutput)")
    }
    return Set(
      listed.output.split(whereSeparator: \.isNewline).compactMap { line in
        line.split(separator: " ").first.map { String($0) }
      })
  }
}

/// The result of starting a copy.
enum CopyStart {
  case started(MachineCapabilities)
  /// libvirt or QEMU refused it, with this message.
  case refused(String)
}

extension EmbeddedLibvirt {
  /// The time limit for starting and querying a guest, including libvirt's probing of every QEMU.
  private static let startLimit = Duration.seconds(300)

  /// Starts a copy paused, queries its machine, and ends it.
  func start(_ copy: EmulatedCopy) async throws -> CopyStart {
    try write(copy.bytes, to: "guest.xml")
    for disk in copy.disks {
      try write([], to: disk)
      truncate("\(folder)/\(disk)", 1 << 20)
    }
    let guest = copy.uuid.description
    let asking = MachineCapabilities.commands(for: guest).map { words in
      // virsh expands nothing in single quotes, and the words contain no single quote.
      words.map { "'\($0)'" }.joined(separator: " ")
    }
    let marker = "echo ---answer---"
    let ended = try await run(
      ["create guest.xml --paused"] + asking.flatMap { [marker, $0] } + [
        marker, "destroy \(guest)",
      ], limit: Self.startLimit)
    let answers = ended.output.split(separator: "---answer---", omittingEmptySubsequences: false)
      .dropFirst().map { String($0) }
    guard answers.contains(where: { $0.contains(#""return":"#) }) || ended.errorOutput.isEmpty
    else {
      return .refused(Self.firstMessage(ended.errorOutput))
    }
    return .started(MachineCapabilities(answers: answers))
  }

  /// The first error, without the errors of the following commands that do not find the guest.
  private static func firstMessage(_ errors: String) -> String {
    let messages = Virsh.messages(in: errors)
    let own = messages.prefix { !$0.hasPrefix("failed to get domain") }
      .filter { $0 != "Failed to create domain from guest.xml" }
    let texts = (own.isEmpty ? messages : own).map { message in
      // QEMU's message, without libvirt's text and the time before it.
      guard let program = message.firstRange(of: "qemu-system-ppc64") else { return message }
      let words = message[program.upperBound...].drop { $0 != ":" }.dropFirst()
      return words.isEmpty ? message : "QEMU:" + words
    }
    // QEMU warns of what it leaves out, and goes on to what ends it.
    let causes = texts.filter { !$0.hasPrefix("QEMU: warning: ") }
    return (causes.isEmpty ? texts : causes).joined(separator: "; ")
  }
}

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
