internal import LosslessXML

extension Rule {
  static let compatibilityMode = Rule(
    6, .error, "Nesting in a compatibility mode before POWER9",
    reason: """
      QEMU runs with the capability, but the guest sees an older processor with a hash page table, \
      and kvm-hv cannot be loaded in it: nesting needs POWER9 and radix.
      """,
    source: "QEMU, hw/ppc/spapr.c, max-cpu-compat; Linux, arch/powerpc/kvm/book3s_hv.c, "
      + "kvmppc_core_check_processor_compat_hv; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.wantsNesting else { return [] }
    var hits: [Hit] = []
    if let cpu = subject.guest.cpu, cpu.mode == "host-model", let model = cpu.model,
      let generation = cpu.powerGeneration, generation < 9,
      let element = subject.domain.first(["cpu", "model"])
    {
      hits.append(
        Hit(
          element, "the guest runs as '\(model)', in which it cannot nest",
          do: "Write <model>power9</model> or later, or leave <model> out."))
    }
    for argument in subject.arguments.machineArguments {
      guard let value = argument.options.value(of: "max-cpu-compat"),
        let generation = CPU(mode: nil, model: value).powerGeneration, generation < 9
      else { continue }
      hits.append(
        Hit(
          argument.value.element, attribute: "value",
          "max-cpu-compat=\(value) makes the guest one that cannot nest",
          do: "Take it out, or write max-cpu-compat=power9."))
    }
    return hits
  }
}
