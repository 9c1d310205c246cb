internal import LosslessXML

extension Rule {
  static let noCPU = Rule(
    33, .note, "No CPU is said",
    reason: """
      The CPU is then libvirt's and the machine's choice, and may be one that cannot nest: libvirt \
      9 writes POWER9 into an emulated guest with a machine from 4.0 on, and POWER8 is the default \
      of older machines.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainSetDefaultCPU; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.wantsNesting, subject.guest.cpu == nil,
      Rule.oldDefaultCPU.hits(subject).isEmpty
    else { return [] }
    return [
      Hit(
        subject.domain.child("cpu") ?? subject.domain,
        "no CPU is said, and nesting needs POWER9 or later",
        do: "Write <cpu mode='host-model'/> under KVM, or <model>POWER9</model> under TCG.")
    ]
  }
}
