internal import LosslessXML

extension CheckedGuest {
  /// Addresses of disks that their bus or controller cannot have.
  var diskAddresses: [Fault] {
    devices("disk").compactMap { disk in
      guard let address = disk.child("address"), let type = address["type"],
        let bus = disk.child("target")?["bus"]
      else { return nil }
      let isRight =
        switch bus {
        case "sata", "scsi", "ide", "fdc": type == "drive"
        case "usb": type == "usb"
        case "virtio": !["drive", "usb", "spapr-vio"].contains(type)
        default: true
        }
      guard isRight else {
        return Fault(
          element: address, attribute: "type",
          text: "a disk with bus='\(bus)' has no address of type '\(type)'",
          advice: "Remove <address>, and libvirt chooses one.")
      }
      if type == "drive" { return driveAddress(address, bus: bus) }
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

  /// Addresses on PCI buses that a pseries guest does not have.
  var pciAddresses: [Fault] {
    guard isPSeries else { return [] }
    return (domain.child("devices")?.children.map { $0 } ?? []).compactMap { device in
      guard let address = device.child("address"), address["type"] == "pci" else { return nil }
      let number = { (name: String) in address[name].flatMap { Element.number($0) } ?? 0 }
      if number("domain") != 0, address.child("zpci") == nil {
        return Fault(
          element: address, attribute: "domain", text: "a guest has the PCI domain 0 alone",
          advice: "Write domain='0x0000', or remove <address>.")
      }
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

  private func driveAddress(_ address: Element, bus: String) -> Fault? {
    var limits: [(name: String, most: Int)] = []
    switch bus {
    case "sata", "fdc": limits = [("bus", 0), ("target", 0)]
    case "ide": limits = [("target", 0)]
    case "scsi":
      limits = [("bus", 0)]
      let index = address["controller"] ?? "0"
      let controller = devices("controller").first {
        $0["type"] == "scsi" && $0["index"] ?? "0" == index
      }
      switch controller?["model"] {
      case "virtio-scsi", "virtio-transitional", "virtio-non-transitional":
        limits += [("target", 255), ("unit", 16383)]
      case "lsilogic": limits += [("target", 0), ("unit", 7)]
      case "ibmvscsi": limits += [("target", 63), ("unit", 31)]
      case nil where isPSeries: limits += [("target", 63), ("unit", 31)]
      default: break
      }
    default: break
    }
    if bus == "sata", isPSeries { limits.append(("unit", 5)) }
    for (name, most) in limits {
      guard let number = address[name].flatMap({ Int($0) }), number > most else { continue }
      return Fault(
        element: address, attribute: name,
        text: most == 0
          ? "a disk with bus='\(bus)' has \(name) 0 in its address, not \(number)"
          : "the controller has no \(name) \(number): the last one is \(most)",
        advice: "Remove <address>, and libvirt chooses one.")
    }
    return nil
  }

  /// USB ports that no hub or controller has.
  var usbAddresses: [Fault] {
    var faults: [Fault] = []
    for controller in devices("controller") where controller["type"] == "usb" {
      guard let model = controller["model"], ["qemu-xhci", "nec-xhci"].contains(model),
        let ports = controller["ports"].flatMap({ Int($0) }), ports > 15
      else { continue }
      faults.append(
        Fault(
          element: controller, attribute: "ports", text: "\(model) has at most 15 ports",
          advice: "Write a number up to 15, or add a controller."))
    }
    let ports = { (element: Element) -> (bus: String, port: String)? in
      guard let address = element.child("address"), address["type"] == "usb",
        let port = address["port"]
      else { return nil }
      return (address["bus"] ?? "0", port)
    }
    let hubs = devices("hub").compactMap(ports)
    for device in domain.child("devices")?.children.map({ $0 }) ?? [] {
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
