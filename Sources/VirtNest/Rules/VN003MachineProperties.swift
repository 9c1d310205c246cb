internal import LosslessXML

extension Rule {
  static let machineProperties = Rule(
    3, .error, "Properties behind the machine type",
    reason: """
      The machine attribute is the name of a machine type. Old libvirt handed the whole value to \
      QEMU, and with it a property such as cap-nested-hv=true; today's refuses it with "Emulator \
      … does not support machine type …".
      """,
    source: "libvirt, src/conf/schemas/domaincommon.rng (machine), qemu_validate.c; \(measured)",
    versions: "refused by libvirt 6.3 or before, and since"
  ) { subject in
    guard let machine = subject.guest.machine, machine.text.contains(",") else { return [] }
    let properties = MachineOptions(machine.text).items.dropFirst()
    let isNesting = properties.contains { NestedCapability.names.contains($0.key ?? "") }
    return [
      Hit(
        subject.machineElement, attribute: "machine",
        "libvirt refuses the machine type '\(machine.text)' with properties behind it",
        do: "Write machine='\(machine.name)'"
          + (isNesting
            ? " and <nested-hv state='on'/> in <features>: virt-nest patch -i --mechanism feature."
            : "; properties go into <features> or a -machine argument in <qemu:commandline>."))
    ]
  }
}
