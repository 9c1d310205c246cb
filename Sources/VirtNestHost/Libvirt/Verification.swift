internal import LosslessXML
package import VirtNest

/// The result of checking a guest's nesting on each level of virtualization.
package struct Verification: Hashable, Sendable {
  /// The guest's name; `nil` if its definition has none.
  package var guest: String?
  /// The nesting that its definition asks for, as text.
  package var asked: String
  /// The capabilities that QEMU reports; `nil` if it did not start.
  package var capabilities: MachineCapabilities?
  /// The findings, from L0 to L2.
  package var findings: [Diagnostic]
  /// Whether nesting is as the definition asks.
  package var isAsAsked: Bool
  /// The differences of the started copy from the definition.
  package var differences: [String] = []

  /// Whether QEMU's capabilities are what a definition asks for.
  static func agrees(_ capabilities: MachineCapabilities, with asked: NestingFacts) -> Bool {
    switch asked.effective {
    case .on(let api): capabilities.has(api)
    case .off: capabilities.api == nil
    case .dependsOnWrapper: capabilities.api != nil
    case .dependsOnFile: true
    case .refused: false
    }
  }

  /// The lines of the report, with values as they are.
  ///
  /// - Parameter wording: how changes are described in advice.
  package func lines(_ wording: (Suggestion) -> String) -> [String] {
    var lines = ["guest    \(guest ?? "(no name)")", "asked    \(asked)"]
    for finding in findings {
      lines.append("\(finding.code)       \(finding.message)")
      if let advice = finding.advice { lines.append("         next: \(advice.text(wording))") }
    }
    lines.append("nesting  \(isAsAsked ? "as asked" : "not as asked")")
    if !differences.isEmpty {
      lines.append("not shown, because the copy that was started differs:")
      lines += differences.map { "  " + $0 }
    }
    return lines
  }

  /// The report as JSON.
  ///
  /// - Parameters:
  ///   - source: the file, or the name by which the user named the guest.
  ///   - wording: how changes are described in advice.
  package func json(
    source: String, _ wording: (Suggestion) -> String = \.description
  ) -> JSONWriter.Value {
    let flag = { (value: Bool?) in value.map { JSONWriter.Value.bool($0) } ?? .null }
    let capability = capabilities.map { capabilities in
      JSONWriter.Value.object([
        .init("cap-nested-hv", flag(capabilities.nestedHV)),
        .init("cap-nested-papr", flag(capabilities.nestedPAPR)),
      ])
    }
    return .object([
      .init("source", .string(source)), .init("guest", .optional(guest)),
      .init("asked", .string(asked)), .init("capabilities", capability ?? .null),
      .init("asAsked", .bool(isAsAsked)),
      .init("findings", .array(findings.map { $0.json(wording) })),
      .init("differences", .array(differences.map { .string($0) })),
    ])
  }
}

extension Diagnostic.Code {
  /// What is found about the host.
  static let l0: Self = "L0"
  /// What is found about the guest that runs guests of its own.
  static let l1: Self = "L1"
  /// What is found about the guests in that guest.
  static let l2: Self = "L2"
}

/// The nesting capabilities of a running guest's machine, as QEMU reports them.
package struct MachineCapabilities: Hashable, Sendable {
  /// `cap-nested-hv`; `nil` if the machine has no such property in this QEMU.
  package var nestedHV: Bool?
  /// `cap-nested-papr`; `nil` if the machine has no such property in this QEMU.
  package var nestedPAPR: Bool?

  /// The virsh commands that query the capabilities; they change nothing.
  ///
  /// - Parameter guest: the guest's name, uuid or id.
  static func commands(for guest: String) -> [[String]] {
    NestedAPI.allCases.map { api in
      [
        "qemu-monitor-command", Virsh.domain(guest),
        #"{"execute":"qom-get","arguments":{"path":"/machine","property":"\#(api.machineProperty)"}}"#,
      ]
    }
  }

  /// Reads the answers, in the order of the commands.
  init(answers: [String]) {
    let values = answers.map { answer -> Bool? in
      if answer.contains(#""return":true"#) { return true }
      return answer.contains(#""return":false"#) ? false : nil
    }
    (nestedHV, nestedPAPR) = (values.first ?? nil, values.dropFirst().first ?? nil)
  }

  /// Whether the capability of an API is switched on.
  package func has(_ api: NestedAPI) -> Bool { (api == .hv ? nestedHV : nestedPAPR) ?? false }

  /// The API that L2 guests can use; `nil` if there is none.
  package var api: NestedAPI? { NestedAPI.allCases.first { has($0) } }

  /// The capabilities as text, such as `cap-nested-hv=on, cap-nested-papr=off`.
  package var text: String {
    let words = [(NestedAPI.hv, nestedHV), (.papr, nestedPAPR)].compactMap { api, value in
      value.map { "\(api.machineProperty)=\($0 ? "on" : "off")" }
    }
    return words.isEmpty ? "no nesting capability" : words.joined(separator: ", ")
  }
}

extension Verification {
  /// Queries the QEMU of a running guest and the guest agent; changes nothing.
  ///
  /// libvirt logs the query and marks the guest as tainted (`custom-monitor`).
  /// - Parameter name: name, uuid or id of the guest.
  /// - Throws: ``VirtNestError`` if there is no such guest, or if it is not running.
  package static func running(_ name: String, on libvirt: Virsh) async throws -> Verification {
    let state = try await libvirt.line(["domstate", Virsh.domain(name)])
    guard ["running", "paused", "idle", "pmsuspended"].contains(state) else {
      throw VirtNestError(
        .libvirt,
        "the guest is \(state) and must be running; start it (virsh start), or test its definition "
          + "with virt-nest verify --emulated")
    }
    let bytes = Array(try await libvirt.run(["dumpxml", Virsh.domain(name)]).utf8)
    let definition = try DomainDefinition(bytes)
    var answers: [String] = []
    for command in MachineCapabilities.commands(for: name) {
      answers.append(try await libvirt.run(command))
    }
    let accelerator = try await libvirt.run([
      "qemu-monitor-command", Virsh.domain(name), #"{"execute":"query-kvm"}"#,
    ])
    let version = try await libvirt.run([
      "qemu-monitor-command", Virsh.domain(name), #"{"execute":"query-version"}"#,
    ])
    let agent: GuestAgent.Outcome =
      state == "running"
      ? try await GuestAgent(libvirt: libvirt, guest: name).ask()
      : .silent(VirtNestError(.libvirt, "the guest is \(state)"))
    let qemu = ["major", "minor", "micro"].compactMap { GuestAgent.member($0, of: version) }
    return Verification(
      of: definition, MachineCapabilities(answers: answers), agent,
      host: (qemu.joined(separator: "."), accelerator.contains(#""enabled":true"#)))
  }

  private init(
    of definition: DomainDefinition, _ found: MachineCapabilities, _ agent: GuestAgent.Outcome,
    host: (qemu: String, usesKVM: Bool)
  ) {
    let inspection = Inspection(of: definition)
    let agrees = Self.agrees(found, with: inspection.nesting)
    let name = inspection.guest.name ?? "NAME"
    var findings: [Diagnostic] = [
      .note(
        .l0,
        "QEMU \(host.qemu) runs the guest under \(host.usesKVM ? "KVM" : "TCG") with \(found.text)",
        advice: found.api != nil
          ? nil : "\(.nesting(true)) for the guest '\(name)', then stop and start it")
    ]
    if !agrees {
      findings.append(
        .note(
          .l0, "this is not what its definition asks for",
          advice: "virt-nest inspect shows each setting for nesting with its line"))
    }
    findings += Self.findings(of: agent, canNest: found.api != nil)
    var isWorking = true
    if case .answered(let answer) = agent, found.api != nil {
      if answer.hasModule == false { isWorking = false }
      if case .refused = answer.machine { isWorking = false }
    }
    self.init(
      guest: inspection.guest.name, asked: inspection.effective, capabilities: found,
      findings: findings, isAsAsked: agrees && isWorking)
  }

  static func findings(of agent: GuestAgent.Outcome, canNest: Bool) -> [Diagnostic] {
    switch agent {
    case .silent(let reason):
      return [
        .note(
          .l1, "not known, because no guest agent answers (\(reason))",
          advice: "in the guest: modprobe kvm-hv && ls /sys/module/kvm_hv")
      ]
    case .answered(let answer):
      let module =
        answer.hasModule.map { $0 ? "kvm_hv is loaded" : "kvm_hv is not loaded" }
        ?? "it is not known whether kvm_hv is loaded"
      let load: Advice? =
        switch (answer.hasModule, answer.isBeingSetUp) {
        case (false, true):
          "ask again when cloud-init has ended; in the guest: cloud-init status --wait"
        case (false, false):
          "in the guest: modprobe kvm-hv; at every boot: virt-nest first-boot --help"
        default: nil
        }
      let l1 = Diagnostic.note(
        .l1, module + (answer.isBeingSetUp ? ", and cloud-init is still at work" : ""),
        advice: canNest ? load : nil)
      let machine =
        switch answer.machine {
        case .made: "a KVM-HV guest can be created"
        case .refused(let reason): "no KVM-HV guest can be created: \(reason)"
        case .unknown(let reason):
          "it is not known whether a KVM-HV guest can be created: \(reason)"
        }
      // If no guest can run, "0 running now" tells nothing.
      let isNews = answer.machine == .made || answer.guests != 0
      let running = isNews ? answer.guests.map { ", \($0) running now" } ?? "" : ""
      let errors = answer.setUpErrors.map { error in
        Diagnostic.note(
          .l1, "cloud-init reports an error: \(error)",
          advice: "in the guest: cloud-init status --long")
      }
      return [l1] + errors + [.note(.l2, machine + running)]
    }
  }
}
