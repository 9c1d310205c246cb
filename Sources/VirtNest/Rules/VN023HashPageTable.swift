internal import LosslessXML

extension Rule {
  static let hashPageTable = Rule(
    23, .warning, "A hash page table beside nesting",
    reason: """
      <hpt> is about guests with a hash page table. A guest that nests uses radix, and where its \
      kernel falls back to hash, kvm-hv cannot be loaded.
      """,
    source: "libvirt, docs/formatdomain.rst (hpt); Linux, arch/powerpc/kvm/book3s_hv.c, "
      + "kvmppc_core_check_processor_compat_hv",
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
