internal import LosslessXML
internal import VirtNest

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
      .level(
        .l0,
        "QEMU \(host.qemu) runs the guest under \(host.usesKVM ? "KVM" : "TCG") with \(found.text)",
        advice: found.api != nil
          ? nil : "\(.nesting(true)) for the guest '\(name)', then stop and start it")
    ]
    if !agrees {
      findings.append(
        .level(
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
        .level(
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
      let l1 = Diagnostic.level(
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
        Diagnostic.level(
          .l1, "cloud-init reports an error: \(error)",
          advice: "in the guest: cloud-init status --long")
      }
      return [l1] + errors + [.level(.l2, machine + running, advice: nil)]
    }
  }
}
