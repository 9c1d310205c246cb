internal import LosslessXML

extension Rule {
  static let spice = Rule(
    43, .warning, "SPICE graphics",
    reason: """
      SPICE is an option of QEMU's build that many for Power leave out, Red Hat's among them; \
      libvirt then refuses the guest. L1 guests are used over their console.
      """,
    source: "libvirt, src/qemu/qemu_validate.c (spice graphics are not supported with this QEMU)",
    versions: "depends on QEMU's build"
  ) { subject in
    guard subject.isPSeries else { return [] }
    return subject.devices("graphics").filter { $0["type"] == "spice" }.map { element in
      Hit(
        element, attribute: "type", "not every QEMU for Power has SPICE",
        do: "Write type='vnc', or take the graphics out and use virsh console.")
    }
  }
}
