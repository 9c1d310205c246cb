internal import LosslessXML

extension Rule {
  static let machineOverridden = Rule(
    21, .warning, "The machine type replaced on the command line",
    reason: """
      A machine type in a passed-through -machine replaces libvirt's. libvirt goes on to believe \
      its own: devices, migration and snapshots are for another machine than the one that runs. \
      The alias pseries moves to another machine with each update of QEMU.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)", versions: "all"
  ) { subject in
    subject.arguments.machineArguments.compactMap { argument in
      guard let type = argument.options.type,
        !type.replacing("_", with: "-").hasPrefix("cap-"),
        type != subject.guest.machine?.name || type == "pseries"
      else { return nil }
      return Hit(
        argument.value.element, attribute: "value",
        "QEMU runs the machine '\(type)', whatever <type machine> says"
          + (subject.guest.machine.map { " ('\($0.name)')" } ?? ""),
        do: "Take '\(type)' out of the value and leave the properties: QEMU merges them with "
          + "libvirt's own -machine.")
    }
  }
}
