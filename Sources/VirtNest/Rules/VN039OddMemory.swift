internal import LosslessXML

extension Rule {
  static let oddMemory = Rule(
    39, .warning, "Memory that is no multiple of 256 MiB",
    reason: """
      A pseries guest's memory comes in blocks of 256 MiB. libvirt rounds up at the start and leaves \
      the definition as it is; QEMU alone refuses other sizes.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainGetMemorySizeAlignment; QEMU, "
      + "hw/ppc/spapr.c; \(measured)",
    versions: "all"
  ) { subject in
    let block = MemorySize.mebibytes(256)
    guard subject.isPSeries, let memory = subject.memoryInOnePlace,
      !memory.bytes.isMultiple(of: block.bytes), let element = subject.domain.child("memory")
    else { return [] }
    let (sum, overflow) = memory.bytes.addingReportingOverflow(block.bytes - 1)
    if overflow { return [] }
    let rounded = MemorySize(bytes: sum / block.bytes * block.bytes)
    return [
      Hit(
        element, "\(memory) is no multiple of \(block), and the guest gets \(rounded)",
        do: "Write what it gets: virt-nest patch -i --memory "
          + "\(rounded.description.replacing(" ", with: "")).")
    ]
  }
}
