internal import LosslessXML

extension Rule {
  static let vendorMachine = Rule(
    35, .note, "A machine type of one vendor's QEMU",
    reason: """
      Vendors add machine types of their own (pseries-rhel8.6.0, pseries-bionic). Elsewhere libvirt \
      says "Emulator … does not support machine type …".
      """,
    source: "the vendors' patches to QEMU, hw/ppc/spapr.c; \(measured)", versions: "all"
  ) { subject in
    guard let machine = subject.guest.machine, let vendor = machine.vendor else { return [] }
    return [
      Hit(
        subject.machineElement, attribute: "machine",
        "only \(vendor)'s QEMU has the machine type '\(machine.name)'",
        do: "Write machine='pseries' for a new guest; one that was installed with it may stay.")
    ]
  }
}
