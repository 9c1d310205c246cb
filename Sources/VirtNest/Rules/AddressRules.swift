internal import LosslessXML

/// Rules about where a device is.
extension Rule {
  static let addressRules = [wrongAddress]

  static let wrongAddress = Rule(
    "VN074", .error, "An address that the device or its controller cannot have",
    reason: """
      libvirt says "there is no hub at port 1", "Only the PCI controller with index 0 can have target \
      index 0", "Unknown disk name 'sr0' and no address specified", "slot must be >= 1" and the like; \
      QEMU says "bad scsi device id".
      """,
    source: """
      libvirt, src/conf/domain_validate.c, src/conf/domain_addr.c, src/qemu/qemu_validate.c; QEMU, \
      hw/scsi; \(measured)
      """,
    example: RuleExample(.devices, wrong: disk("sr0"), right: disk("vda"))
  ) { checked, found in
    guard checked.isForQEMU else { return }
    checked.findDiskAddresses(&found)
    checked.findDiskNames(&found)
    checked.findPortNumbers(&found)
    checked.findUSBAddresses(&found)
    checked.findUSBCompanions(&found)
    guard checked.isPSeries else { return }
    checked.findPCIAddresses(&found)
    checked.findHostBridges(&found)
    checked.findSCSIControllers(&found)
  }

  private static func disk(_ name: String) -> String {
    """
    <controller type='usb' model='none'/><disk type='file'><source file='/a.raw'/>\
    <target dev='\(name)'/></disk>
    """
  }
}

extension CheckedGuest {
  /// Addresses of disks that their SCSI controller does not have.
  fileprivate func findDiskAddresses(_ found: inout Findings) {
    for disk in devices("disk") {
      guard disk.child("target")?["bus"] == "scsi", let address = disk.child("address"),
        address["type"] == "drive"
      else { continue }
      let index = address["controller"] ?? "0"
      let controller = devices("controller").first {
        $0["type"] == "scsi" && $0["index"] ?? "0" == index
      }
      var limits = [("bus", 0)]
      switch controller?["model"] ?? (isPSeries ? "ibmvscsi" : "auto") {
      case "virtio-scsi", "virtio-transitional", "virtio-non-transitional":
        limits += [("target", 255), ("unit", 16383)]
      case "lsilogic": limits += [("target", 0), ("unit", 7)]
      case "ibmvscsi": limits += [("target", 63), ("unit", 31)]
      default: break
      }
      for (name, most) in limits {
        guard let number = address[name].flatMap({ Int($0) }), number > most else { continue }
        found.add(
          address, attribute: name,
          "the controller has no \(name) \(number): the last one is \(most)", advice: Self.noAddress
        )
        break
      }
    }
  }

  private static let noAddress: Advice = "Remove <address>, and libvirt chooses one."

  /// Names of disks from which libvirt cannot tell where a disk is.
  fileprivate func findDiskNames(_ found: inout Findings) {
    let prefixes = ["hd", "sd", "vd", "xvd", "ubd", "fd"]
    for disk in devices("disk") {
      guard let target = disk.child("target"), let name = target["dev"] else { continue }
      let prefix = prefixes.first { name.hasPrefix($0) }
      let text: String
      if prefix == nil, disk.child("address") == nil {
        text = "libvirt cannot tell from '\(name)' where the disk is"
      } else if prefix != nil, name.utf8.last?.isDigit == true {
        text = "'\(name)' is the name of a partition"
      } else if prefix == "fd", ["disk", "lun"].contains(disk["device"] ?? "disk") {
        text = "'\(name)' is the name of a floppy"
      } else {
        continue
      }
      found.add(target, attribute: "dev", text, advice: "Write a name such as vda or sda.")
    }
  }

  /// Numbers of ports that libvirt does not read: it takes decimal ones.
  fileprivate func findPortNumbers(_ found: inout Findings) {
    for target in ["serial", "parallel", "console"].flatMap(devices).compactMap({
      $0.child("target")
    }) {
      guard let port = target["port"], Int(port) == nil else { continue }
      found.add(
        target, attribute: "port", "'\(port)' is not the number of a port",
        advice: "Write a decimal number, or remove it.")
    }
  }

  /// Addresses on PCI buses that a pseries guest does not have.
  fileprivate func findPCIAddresses(_ found: inout Findings) {
    for address in devices.compactMap({ $0.child("address") }) where address["type"] == "pci" {
      let number = { (name: String) in address[name].flatMap { Int(libvirt: $0) } ?? 0 }
      guard number("slot") == 0, number("bus") != 0 else { continue }
      found.add(
        address, attribute: "slot", "the slots of a PCI bus begin with 1", advice: Self.noAddress)
    }
  }

  /// Controllers of the kind of USB 2 that have no master beside them.
  fileprivate func findUSBCompanions(_ found: inout Findings) {
    let controllers = devices("controller").filter { $0["type"] == "usb" }
    for controller in controllers where controller.isUSBCompanion {
      let index = controller["index"] ?? "0"
      if controllers.contains(where: { $0["index"] ?? "0" == index && !$0.isUSBCompanion }) {
        continue
      }
      found.add(
        controller, "a companion controller needs its master, ich9-ehci1",
        advice: "Write model='qemu-xhci' without <master>.")
    }
  }

  /// USB ports that no hub or controller has.
  fileprivate func findUSBAddresses(_ found: inout Findings) {
    let hubs = devices("hub").compactMap(\.usbPort)
    for device in devices {
      guard let (bus, port) = device.usbPort, let end = port.lastIndex(of: ".") else { continue }
      let parent = String(port[..<end])
      if hubs.contains(where: { $0.bus == bus && $0.port == parent }) { continue }
      found.add(
        device, "no <hub> is at the port \(parent) of the USB bus \(bus)",
        advice: "Remove <address>, and libvirt chooses one; or add the hub.")
    }
  }

  /// PCI host bridges of pseries with numbers that they cannot have.
  fileprivate func findHostBridges(_ found: inout Findings) {
    let names = ["pci-root": "spapr-pci-host-bridge", "pci-bridge": "pci-bridge"]
    for controller in devices("controller") where controller["type"] == "pci" {
      let model = controller["model"] ?? ""
      if let right = names[model], let element = controller.child("model"),
        let name = element["name"], name != right
      {
        found.add(
          element, attribute: "name", "the PCI controller is a \(right), no '\(name)'",
          advice: "Write name='\(right)'.")
      } else if controller["index"] == "0", model != "pci-root", model != "pcie-root" {
        found.add(
          controller, attribute: "model", "the PCI controller 0 of a pseries guest is pci-root",
          advice: "Write model='pci-root', or another index.")
      } else if model == "pci-root", let target = controller.child("target"),
        let index = controller.number("index"),
        let number = target.number("index"),
        (index == 0) != (number == 0) || number > 30
      {
        found.add(
          target, attribute: "index",
          number > 30
            ? "the last PCI host bridge has the target index 30, not \(number)"
            : "the PCI controller 0 has the target index 0, and no other has it",
          advice: "Remove <target>, and libvirt chooses one.")
      }
    }
  }

  /// SCSI controllers that are on the virtual I/O bus for want of a model, and have PCI addresses.
  ///
  /// libvirt takes the address of each for the same address 0 of that bus.
  fileprivate func findSCSIControllers(_ found: inout Findings) {
    let controllers = devices("controller").filter {
      $0["type"] == "scsi" && $0["model"] ?? "auto" == "auto"
        && $0.child("address")?["type"] == "pci"
    }
    for controller in controllers.dropFirst() {
      found.add(
        controller,
        "without a model it is ibmvscsi, and only one of those can have a PCI address",
        advice: "Write model='virtio-scsi'.")
    }
  }
}

extension Element {
  /// Whether a USB controller is one beside a master.
  var isUSBCompanion: Bool {
    child("master") != nil || self["model"]?.hasPrefix("ich9-uhci") == true
  }

  /// The bus and the port that its USB address names.
  var usbPort: (bus: String, port: String)? {
    guard let address = child("address"), address["type"] == "usb", let port = address["port"]
    else { return nil }
    return (address["bus"] ?? "0", port)
  }
}
