internal import LosslessXML

extension Rule {
  static let interfaceModel = Rule(
    40, .warning, "A network interface without a model",
    reason: """
      libvirt takes rtl8139, a PC's card of 100 Mbit/s, for which a guest may have no driver.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefaultNetModel; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.isPSeries else { return [] }
    return subject.devices("interface").filter { element in
      element["type"] != "hostdev" && element.child("model")?["type"] == nil
    }.map { element in
      Hit(
        element, "the interface has no model, and libvirt takes rtl8139",
        do: "Write <model type='virtio'/>.")
    }
  }
}
