internal import LosslessXML

extension Rule {
  static let pcFeatures = Rule(
    34, .warning, "Features of PCs",
    reason: """
      acpi, apic and pae belong to PCs: a pseries guest has a device tree and its own interrupt \
      controller. libvirt 9 ignores them; later ones refuse acpi ("machine type … does not support \
      ACPI").
      """,
    source: "libvirt, src/qemu/qemu_validate.c; \(measured)",
    versions: "ignored by libvirt 9.0"
  ) { subject in
    guard subject.isPSeries else { return [] }
    return subject.domain.children("features").flatMap(\.children)
      .filter { ["acpi", "apic", "pae"].contains($0.qualifiedName) }
      .map { element in
        Hit(
          element, "<\(element.localName)> means nothing to a pseries guest", do: "Take it out.")
      }
  }
}
