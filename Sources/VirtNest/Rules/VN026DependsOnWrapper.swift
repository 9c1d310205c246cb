internal import LosslessXML

extension Rule {
  static let dependsOnWrapper = Rule(
    26, .note, "An emulator that is not QEMU itself",
    reason: """
      What a wrapper adds to QEMU's command line stands in no definition, and virsh \
      domxml-to-native does not show it. Whether the guest nests depends on the host that it runs on.
      """,
    source: "libvirt, docs/formatdomain.rst (emulator); \(measured)", versions: "all"
  ) { subject in
    guard case .dependsOnWrapper(let path) = subject.nesting.effective, subject.isPSeries,
      !Emulator.isOurWrapper(path) || subject.guest.name.map(GuestName.hasKata) ?? true,
      let element = subject.domain.first(["devices", "emulator"])
    else { return [] }
    return [
      Hit(
        element, "whether this guest nests is decided by \(path)",
        do: "With libvirt 4.10 and later no wrapper is needed: "
          + "virt-nest patch -i --mechanism feature.")
    ]
  }
}
