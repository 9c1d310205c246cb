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
    example: RuleExample(
      .devices, wrong: disk("sr0"), right: disk("vda"))
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    let faults =
      checked.diskAddresses + checked.portNumbers + checked.pciAddresses + checked.usbAddresses
      + checked.usbCompanions
      + checked.hostBridges + checked.scsiControllers
    return faults.map { rule.finding($0) }
  }

  private static func disk(_ name: String) -> String {
    """
    <controller type='usb' model='none'/><disk type='file'><source file='/a.raw'/>\
    <target dev='\(name)'/></disk>
    """
  }
}

/// What is wrong with an element, and what to do.
struct Fault {
  var element: Element
  var attribute: String?
  var text: String
  var advice: Advice
}

extension Rule {
  func finding(_ fault: Fault) -> Diagnostic {
    finding(fault.element, attribute: fault.attribute, fault.text, advice: fault.advice)
  }
}

extension CheckedGuest {
  /// Addresses of disks that their SCSI controller does not have.
  var diskAddresses: [Fault] {
    devices("disk").compactMap { disk in
      guard disk.child("target")?["bus"] == "scsi", let address = disk.child("address"),
        address["type"] == "drive"
      else { return nil }
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
        return Fault(
          element: address, attribute: name,
          text: "the controller has no \(name) \(number): the last one is \(most)",
          advice: "Remove <address>, and libvirt chooses one.")
      }
      return nil
    } + diskNames
  }

  /// Names of disks from which libvirt cannot tell where a disk is.
  private var diskNames: [Fault] {
    devices("disk").compactMap { disk in
      guard let target = disk.child("target"), let name = target["dev"] else { return nil }
      let prefixes = ["hd", "sd", "vd", "xvd", "ubd", "fd"]
      guard let prefix = prefixes.first(where: { name.hasPrefix($0) }) else {
        if disk.child("address") != nil { return nil }
        return Fault(
          element: target, attribute: "dev",
          text: "libvirt cannot tell from '\(name)' where the disk is",
          advice: "Write a name such as vda or sda.")
      }
      if name.utf8.last.map({ (0x30...0x39).contains($0) }) == true {
        return Fault(
          element: target, attribute: "dev", text: "'\(name)' is the name of a partition",
          advice: "Write a name such as vda or sda.")
      }
      guard prefix == "fd", ["disk", "lun"].contains(disk["device"] ?? "disk") else { return nil }
      return Fault(
        element: target, attribute: "dev", text: "'\(name)' is the name of a floppy",
        advice: "Write a name such as vda or sda.")
    }
  }

  /// Numbers of ports that libvirt does not read: it takes decimal ones.
  var portNumbers: [Fault] {
    ["serial", "parallel", "console"].flatMap(devices).compactMap { device in
      guard let target = device.child("target"), let port = target["port"], Int(port) == nil else {
        return nil
      }
      return Fault(
        element: target, attribute: "port", text: "'\(port)' is not the number of a port",
        advice: "Write a decimal number, or remove it.")
    }
  }

  /// Addresses on PCI buses that a pseries guest does not have.
  var pciAddresses: [Fault] {
    guard isPSeries else { return [] }
    return devices.compactMap { device in
      guard let address = device.child("address"), address["type"] == "pci" else { return nil }
      let number = { (name: String) in address[name].flatMap { Int(libvirt: $0) } ?? 0 }
      guard number("slot") == 0, number("bus") != 0 else { return nil }
      return Fault(
        element: address, attribute: "slot", text: "the slots of a PCI bus begin with 1",
        advice: "Remove <address>, and libvirt chooses one.")
    }
  }

  /// Controllers of the kind of USB 2 that have no master beside them.
  var usbCompanions: [Fault] {
    let controllers = devices("controller").filter { $0["type"] == "usb" }
    return controllers.compactMap { controller in
      let isCompanion =
        controller.child("master") != nil || controller["model"]?.hasPrefix("ich9-uhci") == true
      guard isCompanion else { return nil }
      let index = controller["index"] ?? "0"
      let hasMaster = controllers.contains { other in
        other["index"] ?? "0" == index && other.child("master") == nil
          && other["model"]?.hasPrefix("ich9-uhci") != true
      }
      if hasMaster { return nil }
      return Fault(
        element: controller, text: "a companion controller needs its master, ich9-ehci1",
        advice: "Write model='qemu-xhci' without <master>.")
    }
  }

  /// USB ports that no hub or controller has.
  var usbAddresses: [Fault] {
    var faults: [Fault] = []
    let ports = { (element: Element) -> (bus: String, port: String)? in
      guard let address = element.child("address"), address["type"] == "usb",
        let port = address["port"]
      else { return nil }
      return (address["bus"] ?? "0", port)
    }
    let hubs = devices("hub").compactMap(ports)
    for device in devices {
      guard let (bus, port) = ports(device), let end = port.lastIndex(of: ".") else { continue }
      let parent = String(port[..<end])
      if hubs.contains(where: { $0.bus == bus && $0.port == parent }) { continue }
      faults.append(
        Fault(
          element: device, text: "no <hub> is at the port \(parent) of the USB bus \(bus)",
          advice: "Remove <address>, and libvirt chooses one; or add the hub."))
    }
    return faults
  }

  /// PCI host bridges of pseries with numbers that they cannot have.
  var hostBridges: [Fault] {
    guard isPSeries else { return [] }
    return devices("controller").compactMap { controller in
      guard controller["type"] == "pci" else { return nil }
      let names = ["pci-root": "spapr-pci-host-bridge", "pci-bridge": "pci-bridge"]
      if let model = controller["model"].flatMap({ names[$0] }),
        let element = controller.child("model"), let name = element["name"], name != model
      {
        return Fault(
          element: element, attribute: "name",
          text: "the PCI controller is a \(model), no '\(name)'",
          advice: "Write name='\(model)'.")
      }
      if controller["index"] == "0", controller["model"] ?? "" != "pci-root",
        controller["model"] != "pcie-root"
      {
        return Fault(
          element: controller, attribute: "model",
          text: "the PCI controller 0 of a pseries guest is pci-root",
          advice: "Write model='pci-root', or another index.")
      }
      guard controller["model"] == "pci-root",
        let target = controller.child("target"),
        let index = controller["index"].flatMap({ Int($0) }),
        let number = target["index"].flatMap({ Int($0) })
      else { return nil }
      if (index == 0) == (number == 0), number <= 30 { return nil }
      return Fault(
        element: target, attribute: "index",
        text: number > 30
          ? "the last PCI host bridge has the target index 30, not \(number)"
          : "the PCI controller 0 has the target index 0, and no other has it",
        advice: "Remove <target>, and libvirt chooses one.")
    }
  }

  /// SCSI controllers that are on the virtual I/O bus for want of a model, and have PCI addresses.
  ///
  /// libvirt takes the address of each for the same address 0 of that bus.
  var scsiControllers: [Fault] {
    guard isPSeries else { return [] }
    return devices("controller").filter { controller in
      controller["type"] == "scsi" && controller["model"] ?? "auto" == "auto"
        && controller.child("address")?["type"] == "pci"
    }.dropFirst().map { controller in
      Fault(
        element: controller,
        text: "without a model it is ibmvscsi, and only one of those can have a PCI address",
        advice: "Write model='virtio-scsi'.")
    }
  }
}
