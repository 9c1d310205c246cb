internal import Glibc
internal import LosslessXML
internal import SystemPackage
package import VirtNest

extension Verification {
  /// Starts copies of definitions under TCG in a libvirt of their own, paused, and asks their QEMU.
  ///
  /// It needs no host, no root and no daemon. Each result is handed over as it is found.
  /// - Parameter report: takes the result for each definition, in their order.
  /// - Throws: ``ToolFailure`` where libvirt or QEMU is missing or does not answer in time;
  ///   `CancellationError`. Nothing is left running.
  package static func emulated(
    _ definitions: [DomainDefinition],
    report: (Int, Result<Verification, VirtNestError>) throws -> Void
  ) async throws {
    let machineTypes = try await machineTypes()
    try await EmbeddedLibvirt.use { libvirt in
      for (index, definition) in definitions.enumerated() {
        let copy: EmulatedCopy
        do throws(VirtNestError) {
          copy = try EmulatedCopy(
            of: definition, folder: libvirt.folder, machineTypes: machineTypes)
        } catch {
          try report(index, .failure(error))
          continue
        }
        let start = try await libvirt.start(copy)
        try report(index, .success(Verification(of: definition, copy, start)))
      }
    }
  }

  private init(of definition: DomainDefinition, _ copy: EmulatedCopy, _ start: CopyStart) {
    let inspection = Inspection(of: definition)
    let asked = inspection.nesting
    var findings: [Diagnostic] = []
    let l0 = { (text: String, advice: Advice?) in Diagnostic.level(.l0, text, advice: advice) }
    switch start {
    case .refused(let message):
      capabilities = nil
      findings.append(
        l0("the guest does not start under TCG: \(message)", "mend what the message names"))
    case .started(let found):
      capabilities = found
      findings.append(l0("QEMU started under TCG with \(found.text)", nil))
      if !Self.agrees(found, with: asked) {
        findings.append(l0("that is not what the definition asks for", Self.next(asked, found)))
      }
    }
    // TCG was given a POWER9 in any case.
    let obstacles = asked.isOn ? asked.obstacles : []
    for obstacle in obstacles {
      findings.append(
        .level(
          .l1, "on its host the guest cannot nest: \(obstacle.reason)",
          advice: "Change what it names: \(.property("cpu", value: nil))."))
    }
    if obstacles.isEmpty, capabilities?.api != nil {
      findings.append(
        .level(
          .l1, "not booted: whether kvm_hv loads is not known",
          advice: "on its host: virt-nest verify --connect URI \(inspection.guest.name ?? "NAME")"))
    }
    self.findings = findings
    guest = inspection.guest.name
    self.asked = inspection.effective
    isAsAsked = obstacles.isEmpty && (capabilities.map { Self.agrees($0, with: asked) } ?? false)
    differences = copy.differences
  }

  private static func next(_ asked: NestingFacts, _ found: MachineCapabilities) -> Advice {
    switch asked.effective {
    case .dependsOnWrapper(let emulator):
      access(emulator, X_OK) == 0
        ? "\(emulator) does not add it for this name. Without a wrapper: \(.mechanism(.feature))."
        : "The wrapper is not on this machine. Without a wrapper: \(.mechanism(.feature))."
    case .off: "something else switches it on; see the differences below and the emulator"
    case .on, .refused: "virt-nest inspect shows what the definition says, line by line"
    }
  }

  /// The machine types of the QEMU here.
  private static func machineTypes() async throws -> Set<String> {
    let listed = try await ToolRun.run(
      "qemu-system-ppc64", ["-machine", "help"], limit: .seconds(180))
    guard listed.status == 0 else {
      throw ToolFailure(reason: "qemu-system-ppc64 -machine help failed: \(listed.errorOutput)")
    }
    return Set(
      listed.output.split(whereSeparator: \.isNewline).compactMap { line in
        line.split(separator: " ").first.map { String($0) }
      })
  }
}

/// What became of a copy.
enum CopyStart {
  case started(MachineCapabilities)
  /// libvirt or QEMU said no.
  case refused(String)
}

extension EmbeddedLibvirt {
  /// The longest that QEMU may take to start and answer, libvirt's own look at every QEMU included.
  private static let startLimit = Duration.seconds(300)

  /// Starts the guest of a copy, paused, asks its machine, and ends it.
  func start(_ copy: EmulatedCopy) async throws -> CopyStart {
    try write(copy.bytes, to: "guest.xml")
    for disk in copy.disks {
      try write([], to: disk)
      truncate("\(folder)/\(disk)", 1 << 20)
    }
    let guest = copy.uuid.description
    let asking = MachineCapabilities.commands(for: guest).map { words in
      // In single quotes virsh takes everything as it is, and there is none in the words.
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

  /// The reason, without what follows from it: that the guest is not there for the other commands.
  private static func firstMessage(_ errors: String) -> String {
    let messages = VirshError(errors).messages
    let own = messages.prefix { !$0.hasPrefix("failed to get domain") }
      .filter { $0 != "Failed to create domain from guest.xml" }
    return (own.isEmpty ? messages : own).map { message in
      // QEMU's own words, without libvirt's about its end and the time.
      guard let program = message.firstRange(of: "qemu-system-ppc64") else { return message }
      let words = message[program.upperBound...].drop { $0 != ":" }.dropFirst()
      return words.isEmpty ? message : "QEMU:" + words
    }.joined(separator: "; ")
  }
}
