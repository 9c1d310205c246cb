internal import LosslessXML

/// Rules about what libvirt's driver for QEMU refuses wherever the guest runs.
extension Rule {
  static let refusalRules = [foreignPart, wrongAddress, incomplete]

  static let foreignPart = Rule(
    "VN071", .error, "A part that libvirt has for other hypervisors or machines",
    reason: """
      libvirt says "bootloader is not supported by QEMU", "unsupported driver name 'file' for disk \
      'vda'", "This QEMU binary doesn't support zPCI", "ivshmem device is not supported with this \
      QEMU binary", "Unable to find any firmware to satisfy 'efi'" and the like.
      """,
    source: "libvirt, src/qemu/qemu_validate.c, src/qemu/qemu_firmware.c; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        \(noUSB)<disk type='file'><driver name='file' type='raw'/><source file='/a.raw'/>\
        <target dev='vda' bus='virtio'/></disk>
        """,
      right: """
        \(noUSB)<disk type='file'><driver name='qemu' type='raw'/><source file='/a.raw'/>\
        <target dev='vda' bus='virtio'/></disk>
        """)
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    return checked.foreignParts.map { rule.finding($0) }
  }

  static let wrongAddress = Rule(
    "VN072", .error, "An address that the device or its controller cannot have",
    reason: """
      libvirt says "target must be 0 for sata controller", "SCSI controller only supports 1 bus", \
      "Invalid address type 'pci' for the disk 'sda'", "there is no hub at port 1", "Only the PCI \
      controller with index 0 can have target index 0" and the like; QEMU says "bad scsi device \
      id" and "Bus 'sata0.6' not found".
      """,
    source: """
      libvirt, src/conf/domain_validate.c, src/conf/domain_addr.c, src/qemu/qemu_validate.c; QEMU, \
      hw/scsi; \(measured)
      """,
    example: RuleExample(
      .devices, wrong: sata(target: 2), right: sata(target: 0))
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    let faults =
      checked.diskAddresses + checked.pciAddresses + checked.usbAddresses + checked.usbCompanions
      + checked.hostBridges + checked.scsiControllers
    return faults.map { rule.finding($0) }
  }

  static let incomplete = Rule(
    "VN073", .error, "A device that lacks what it needs",
    reason: """
      libvirt says "missing source information for device vda", "Missing source path attribute for \
      char device", "interface type='bridge' requires a 'source' element", "'virtiofs' requires \
      shared memory", "Spice audio is not supported without spice graphics", "cannot use/hotplug a \
      memory device when domain 'maxMemory' is not defined" and the like.
      """,
    source: """
      libvirt, src/conf/domain_conf.c, src/conf/domain_validate.c, src/qemu/qemu_validate.c; \
      \(measured)
      """,
    example: RuleExample(
      .devices, wrong: "\(noUSB)<serial type='file'/>",
      right: "\(noUSB)<serial type='file'><source path='/a.log'/></serial>")
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    let faults =
      checked.disksWithoutSource + checked.interfacesWithoutSource + checked.characterSources
      + checked.spiceWithoutGraphics + checked.memoryInWantOf
    return faults.map { rule.finding($0) }
  }

  private static let noUSB = "<controller type='usb' model='none'/>"

  private static func sata(target: Int) -> String {
    """
    \(noUSB)<disk type='file'><source file='/a.raw'/><target dev='sda' bus='sata'/>\
    <address type='drive' controller='0' bus='0' target='\(target)' unit='0'/></disk>
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
  fileprivate func finding(_ fault: Fault) -> Diagnostic {
    finding(fault.element, attribute: fault.attribute, fault.text, advice: fault.advice)
  }
}

extension CheckedGuest {
  /// Parts that are for other hypervisors, or for other machines than pseries.
  fileprivate var foreignParts: [Fault] {
    var faults: [Fault] = []
    for name in ["bootloader", "bootloader_args"] {
      for element in domain.children(name) {
        faults.append(
          Fault(
            element: element, text: "<\(name)> is for Xen and bhyve; libvirt refuses it with QEMU",
            advice: "Remove it."))
      }
    }
    for driver in devices("disk").compactMap({ $0.child("driver") }) {
      guard let name = driver["name"], name != "qemu" else { continue }
      faults.append(
        Fault(
          element: driver, attribute: "name", text: "QEMU's disks have no driver '\(name)'",
          advice: "Write name='qemu'."))
    }
    for input in devices("input") {
      guard let model = input["model"], model.hasPrefix("virtio-"), input["type"] != "passthrough",
        input["type"] != "evdev"
      else { continue }
      faults.append(
        Fault(
          element: input, attribute: "model", text: "an input device has no model '\(model)'",
          advice: "Write model='virtio', or remove it."))
    }
    for disk in devices("disk") where disk.child("target")?["bus"] ?? "scsi" != "scsi" {
      guard let own = disk.child("vendor") ?? disk.child("product") else { continue }
      faults.append(
        Fault(
          element: own, text: "only a disk with bus='scsi' has a <\(own.localName)>",
          advice: "Remove it."))
    }
    for folder in devices("filesystem") where folder["type"] ?? "mount" != "mount" {
      faults.append(
        Fault(
          element: folder, attribute: "type", text: "QEMU has filesystems of type 'mount' alone",
          advice: "Write type='mount' and <source dir='…'/>, or remove it."))
    }
    for element in domain.children("memtune").flatMap({ $0.children("min_guarantee") }) {
      faults.append(
        Fault(element: element, text: "QEMU has no <min_guarantee>", advice: "Remove it."))
    }
    for interface in devices("interface") where interface["type"] != "user" {
      guard let own = interface.child("ip") ?? interface.child("route") else { continue }
      faults.append(
        Fault(
          element: own, text: "QEMU does not set addresses and routes inside the guest",
          advice: "Remove it; the guest's own configuration, or its seed, sets them."))
    }
    return faults + lifecycle + (isPSeries ? partsOfOtherMachines : [])
  }

  /// Actions at the guest's end that QEMU's driver does not have.
  private var lifecycle: [Fault] {
    let names = ["on_poweroff", "on_reboot", "on_crash"]
    let elements = names.compactMap { domain.child($0) }
    for element in elements {
      let action = element.text.trimmingSpaces
      guard action == "rename-restart" || action == "preserve" && element.localName != "on_crash"
      else { continue }
      return [
        Fault(
          element: element, text: "QEMU's guests have no \(action) in <\(element.localName)>",
          advice: "Write destroy or restart.")
      ]
    }
    guard let off = domain.child("on_poweroff"), off.text.trimmingSpaces == "restart",
      domain.child("on_reboot")?.text.trimmingSpaces == "destroy"
    else { return [] }
    return [
      Fault(
        element: off, text: "a guest that ends at a reboot cannot start again at a shutdown",
        advice: "Write <on_reboot>restart</on_reboot>.")
    ]
  }

  private var partsOfOtherMachines: [Fault] {
    var faults: [Fault] = []
    if let os = domain.child("os"), let firmware = os["firmware"] {
      faults.append(
        Fault(
          element: os, attribute: "firmware",
          text: "a pseries guest boots by SLOF, and no host has '\(firmware)' firmware for it",
          advice: "Remove it, and <firmware>, <loader> and <nvram>, too."))
    }
    if let os = domain.child("os"), os["firmware"] == nil {
      if let firmware = os.child("firmware") {
        faults.append(
          Fault(
            element: firmware, text: "features of firmware need one that libvirt chooses",
            advice: "Remove <firmware>: a pseries guest boots by SLOF."))
      } else if let element = os.child("loader") ?? os.child("nvram"),
        (os.child("loader")?.text ?? "").trimmingSpaces.isEmpty
      {
        faults.append(
          Fault(
            element: element,
            text: "<\(element.localName)> is there without firmware that it is for",
            advice: "Remove <nvram> and an empty <loader>: a pseries guest boots by SLOF."))
      }
    }
    for device in domain.child("devices")?.children.map({ $0 }) ?? [] {
      if let zpci = device.first(["address", "zpci"]), zpci["uid"] != nil || zpci["fid"] != nil {
        faults.append(
          Fault(
            element: zpci, text: "<zpci> is for s390x, and libvirt refuses it here",
            advice: "Remove it."))
      }
      switch device.localName {
      case "hostdev":
        guard let model = device["model"], ["vfio-ccw", "vfio-ap"].contains(model) else { continue }
        faults.append(
          Fault(
            element: device, attribute: "model", text: "\(model) passes devices of s390x",
            advice: "Remove the device."))
      case "shmem" where device.child("model") == nil:
        faults.append(
          Fault(
            element: device, text: "without a model it is ivshmem, which QEMU no longer has",
            advice: "Write <model type='ivshmem-plain'/>."))
      default: break
      }
    }
    return faults
  }
}
