internal import LosslessXML

extension Rule {
  static let threadsUnderTCG = Rule(
    29, .error, "Several threads a core under TCG",
    reason: """
      QEMU says at the start "TCG cannot support more than 1 thread/core on a pseries machine".
      """,
    source: "QEMU, hw/ppc/spapr.c, spapr_init_cpus; \(measured)", versions: "all"
  ) { subject in
    guard subject.isPSeries, subject.isEmulated,
      let threads = subject.guest.vcpus?.topology?.threads, threads > 1,
      let element = subject.domain.first(["cpu", "topology"])
    else { return [] }
    return [
      Hit(
        element, attribute: "threads", "TCG runs one thread a core, not \(threads)",
        do: "Write threads='1' and as many cores as there are CPUs: virt-nest patch -i --emulated.")
    ]
  }
}
