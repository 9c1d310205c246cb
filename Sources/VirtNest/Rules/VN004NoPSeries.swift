internal import LosslessXML

extension Rule {
  static let noPSeries = Rule(
    4, .error, "Nesting on a machine that cannot nest",
    reason: """
      cap-nested-hv is a capability of QEMU's pseries machine for ppc64. On others libvirt says \
      "The 'nested-hv' feature is not supported", and QEMU that there is no such property.
      """,
    source: "libvirt, src/qemu/qemu_validate.c; QEMU, hw/ppc/spapr_caps.c; \(measured)",
    versions: "all"
  ) { subject in
    let guest = subject.guest
    // Where neither is said the host decides.
    guard subject.asksForNesting, !subject.isPSeries,
      guest.machine != nil || guest.architecture != nil
    else { return [] }
    let message =
      if let type = guest.domainType, !["kvm", "qemu"].contains(type) {
        "nesting is asked for, and a guest of type '\(type)' cannot have it"
      } else if let machine = guest.machine {
        "nesting is asked for, and the machine type '\(machine.name)' cannot have it"
      } else {
        "nesting is asked for, and the architecture '\(guest.architecture ?? "")' cannot have it"
      }
    return [
      Hit(
        subject.machineElement, message,
        do: "Give the guest machine='pseries' and arch='ppc64le', or take nesting out: "
          + "virt-nest patch -i --no-nested.")
    ]
  }
}
