internal import LosslessXML

extension Rule {
  static let oldDefaultCPU = Rule(
    32, .error, "No CPU, and a machine whose default is POWER8",
    reason: """
      QEMU's machines up to pseries-3.1 have POWER8 where no CPU is said, from pseries-4.0 on \
      POWER9. Under TCG the guest then fails to start: "Nested-HV only supported on POWER9 and \
      later".
      """,
    source: "QEMU, hw/ppc/spapr.c, spapr_machine_3_1_class_options; \(measured)", versions: "all"
  ) { subject in
    guard subject.wantsNesting, subject.isEmulated, subject.guest.cpu == nil,
      let version = subject.guest.machine?.version, version < Version(4, 0)
    else { return [] }
    return [
      Hit(
        subject.machineElement, attribute: "machine",
        "no CPU is said, and this machine's is POWER8, which cannot nest",
        do: "Write <cpu mode='custom' match='exact'><model>POWER9</model></cpu>.")
    ]
  }
}

extension MachineType {
  /// QEMU's version in the name, as in `pseries-4.1` and `pseries-2.12-sxxm`.
  fileprivate var version: Version? {
    isPSeries && vendor == nil ? Version(String(name.dropFirst("pseries-".count))) : nil
  }
}
