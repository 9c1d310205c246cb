internal import LosslessXML

extension Rule {
  static let cpuNameUnderTCG = Rule(
    30, .error, "A CPU's name that libvirt does not know under TCG",
    reason: """
      libvirt's models are POWER9 and the like, in capitals; QEMU's own are power9_v2.0 and the \
      like, in small letters. For others libvirt says at the start "cannot translate CPU model \
      power9 to a supported model". power9 in small letters is a compatibility mode of \
      host-model, under KVM.
      """,
    source: "libvirt, src/cpu_map/ppc64_POWER9.xml; src/cpu/cpu_ppc64.c; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.isPSeries, subject.isEmulated, let cpu = subject.guest.cpu,
      cpu.mode == nil || cpu.mode == "custom", cpu.powerGeneration != nil, let model = cpu.model,
      let element = subject.domain.first(["cpu", "model"])
    else { return [] }
    let name = model.contains("_") ? model.lowercased() : model.uppercased()
    guard name != model else { return [] }
    return [
      Hit(
        element, "libvirt knows no CPU '\(model)' for a guest of type 'qemu'",
        do: "Write <model>\(name)</model>.")
    ]
  }
}
