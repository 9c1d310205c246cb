internal import LosslessXML

extension Rule {
  static let radixDisabled = Rule(
    24, .error, "Radix switched off in the guest's kernel",
    reason: """
      The guest's kernel then uses a hash page table, and kvm-hv cannot be loaded in it: nesting \
      needs radix.
      """,
    source: "Linux, arch/powerpc/kvm/book3s_hv.c, kvmppc_core_check_processor_compat_hv; "
      + "Documentation/admin-guide/kernel-parameters.txt (disable_radix)",
    versions: "all"
  ) { subject in
    guard subject.wantsNesting, let element = subject.domain.first(["os", "cmdline"]) else {
      return []
    }
    let words = element.text.split(whereSeparator: \.isWhitespace)
    let off = ["disable_radix=0", "disable_radix=n", "disable_radix=no", "disable_radix=off"]
    guard
      words.contains(where: {
        $0 == "disable_radix" || $0.hasPrefix("disable_radix=") && !off.contains(String($0))
      })
    else { return [] }
    return [
      Hit(
        element, "disable_radix keeps the guest from nesting",
        do: "Take disable_radix out of <cmdline>.")
    ]
  }
}
