internal import LosslessXML

extension Rule {
  static let bothAPIs = Rule(
    22, .error, "Both nested APIs switched on",
    reason: """
      cap-nested-hv and cap-nested-papr exclude each other: QEMU says "Nested-HV APIs are mutually \
      exclusive". QEMU before 9.0 does not know the second.
      """,
    source: "QEMU, hw/ppc/spapr_caps.c, cap_nested_papr_apply", versions: "QEMU 9.0 and later"
  ) { subject in
    let last = { (api: NestedAPI) in subject.nesting.contributions.last { $0.api == api } }
    guard last(.hv)?.value == .on, let papr = last(.papr), papr.value == .on else { return [] }
    return [
      Hit(
        papr.element, "both cap-nested-hv and cap-nested-papr are on, which QEMU refuses",
        do: "Keep one: virt-nest patch -i --nested-api hv, or papr under PowerVM.")
    ]
  }
}
