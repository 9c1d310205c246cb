internal import LosslessXML

extension Rule {
  static let oldCPU = Rule(
    5, .error, "Nesting on a CPU before POWER9",
    reason: """
      The definition is taken, and at the start of the guest QEMU says "Nested-HV only supported \
      on POWER9 and later".
      """,
    source: "QEMU, hw/ppc/spapr_caps.c, cap_nested_kvm_hv_apply; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.wantsNesting, let cpu = subject.guest.cpu, cpu.mode != "host-model",
      let model = cpu.model, (cpu.powerGeneration ?? 0) < 9,
      let element = subject.domain.first(["cpu", "model"])
    else { return [] }
    return [
      Hit(
        element, "nesting is asked for, and QEMU refuses it on the CPU '\(model)'",
        do: "Write <model>POWER9</model> or later, or <cpu mode='host-model'/> under KVM.")
    ]
  }
}
