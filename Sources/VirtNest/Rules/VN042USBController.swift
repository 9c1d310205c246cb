internal import LosslessXML

extension Rule {
  static let usbController = Rule(
    42, .note, "No USB controller is said",
    reason: """
      libvirt adds one (qemu-xhci, or pci-ohci with an old QEMU), which a guest without graphics \
      does not need.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefAddDefaultDevices; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.isPSeries, let devices = subject.domain.child("devices") else { return [] }
    let needsOne = devices.children.contains { element in
      switch element.localName {
      case "controller": element["type"] == "usb"
      case "graphics", "redirdev", "hub": true
      case "input": element["bus"] == "usb" || element["bus"] == nil
      case "disk": element.child("target")?["bus"] == "usb"
      case "hostdev": element["type"] == "usb"
      case "smartcard", "sound": true
      default: false
      }
    }
    if needsOne { return [] }
    return [
      Hit(
        devices, "libvirt adds a USB controller, which nothing here uses",
        do: "Write <controller type='usb' model='none'/> in <devices>.")
    ]
  }
}
