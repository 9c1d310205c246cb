internal import LosslessXML

extension Rule {
  static let hashPageTable = Rule(
    23, .warning, "A hash page table beside nesting",
    reason: """
      A guest that nests uses radix, and so must its own guests: Linux's kvm-hv in it cannot run \
      guests with a hash page table, which <hpt> is about.
      """,
    source: "Linux, arch/powerpc/kvm/book3s_hv.c, kvmhv_configure_mmu; libvirt, "
      + "docs/formatdomain.rst (hpt)",
    versions: "all"
  ) { subject in
    guard subject.wantsNesting else { return [] }
    return subject.domain.children("features").flatMap { $0.children("hpt") }.map { element in
      Hit(
        element, "<hpt> is about the hash page table, with which a guest cannot nest",
        do: "Take <hpt> out.")
    }
  }
}
