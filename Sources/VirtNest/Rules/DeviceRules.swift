internal import LosslessXML

/// Rules about devices.
extension Rule {
  static let deviceRules = [
    interfaceModel, scsiController, usbController, spice, sameTarget, unsupportedDevice, pairs,
    bootOrder,
  ]

  private static let noUSB = "<controller type='usb' model='none'/>"
  private static let source = "<source file='/a.raw'/>"

  static let interfaceModel = Rule(
    "VN040", .warning, "A network interface without a model",
    reason: """
      libvirt then chooses rtl8139, a PC's card of 100 Mbit/s, for which a guest may have no driver.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefaultNetModel; \(measured)",
    example: RuleExample(
      .devices, wrong: "\(noUSB)<interface type='user'/>",
      right: "\(noUSB)<interface type='user'><model type='virtio'/></interface>")
  ) { checked, found in
    guard checked.isPSeries else { return }
    for element in checked.devices("interface")
    where element["type"] != "hostdev" && element.child("model")?["type"] == nil {
      found.add(
        element, "the interface has no model, so libvirt chooses rtl8139",
        advice: "Write <model type='virtio'/>.")
    }
  }

  static let scsiController = Rule(
    "VN041", .note, "A SCSI controller without a model",
    reason: """
      libvirt chooses ibmvscsi, also for a disk with bus='scsi' that has no controller. virtio-scsi \
      is faster and takes more disks.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainSetSCSIControllerModel; \(measured)",
    example: RuleExample(
      .devices, wrong: "\(noUSB)<controller type='scsi'/>",
      right: "\(noUSB)<controller type='scsi' model='virtio-scsi'/>")
  ) { checked, found in
    guard checked.isPSeries else { return }
    let controllers = checked.devices("controller").filter { $0["type"] == "scsi" }
    let write = { (index: String) -> Advice in
      "Write <controller type='scsi' index='\(index)' model='virtio-scsi'/>."
    }
    // On the virtual I/O bus ibmvscsi is what is meant.
    for element in controllers
    where element["model"] ?? "auto" == "auto" && element.child("address")?["type"] != "spapr-vio" {
      found.add(
        element, "the controller has no model, so libvirt chooses ibmvscsi",
        advice: write(element["index"] ?? "0"))
    }
    if controllers.isEmpty,
      let disk = checked.devices("disk").first(where: { $0.child("target")?["bus"] == "scsi" })
    {
      found.add(
        disk, "the disk has no controller, so libvirt adds one of model ibmvscsi",
        advice: write("0"))
    }
  }

  static let usbController = Rule(
    "VN042", .note, "No USB controller is given",
    reason: """
      libvirt adds one (qemu-xhci, or pci-ohci with an old QEMU), which a guest without graphics \
      does not need.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefAddDefaultDevices; \(measured)",
    example: RuleExample(.devices, wrong: "", right: noUSB)
  ) { checked, found in
    guard checked.isPSeries, let devices = checked.domain.child("devices") else { return }
    let isUsed = devices.children.contains { element in
      switch element.localName {
      case "controller", "hostdev": element["type"] == "usb"
      case "graphics", "redirdev", "hub", "smartcard", "sound": true
      case "input": element["bus"] == "usb" || element["bus"] == nil
      case "disk": element.child("target")?["bus"] == "usb"
      default: false
      }
    }
    if isUsed { return }
    found.add(
      devices, "libvirt adds a USB controller, which nothing here uses",
      advice: "Write <controller type='usb' model='none'/> in <devices>.")
  }

  static let spice = Rule(
    "VN043", .warning, "SPICE graphics",
    reason: """
      SPICE is an option of QEMU's build that many builds for Power leave out, Red Hat's among \
      them. libvirt then refuses the guest. L1 guests are used over their console.
      """,
    source: "libvirt, src/qemu/qemu_validate.c (spice graphics are not supported with this QEMU)",
    versions: "depends on QEMU's build",
    example: RuleExample(
      .devices, wrong: "<graphics type='spice'/>", right: "<graphics type='vnc'/>")
  ) { checked, found in
    guard checked.isPSeries else { return }
    for element in checked.devices("graphics") where element["type"] == "spice" {
      found.add(
        element, attribute: "type", "not every QEMU for Power has SPICE",
        advice: """
          Write type='vnc' beside a USB controller other than 'none', or remove the graphics and \
          use virsh console.
          """)
    }
  }

  static let sameTarget = Rule(
    "VN059", .error, "Two disks with one target",
    reason: "libvirt refuses the second: \"target 'vda' duplicated for disk sources\".",
    source: "libvirt, src/conf/domain_validate.c, virDomainDefDuplicateDiskInfoValidate; "
      + measured,
    example: RuleExample(
      .devices,
      wrong: """
        \(noUSB)<disk type='file'>\(source)<target dev='vda'/></disk>\
        <disk type='file'><source file='/b.raw'/><target dev='vda'/></disk>
        """,
      right: """
        \(noUSB)<disk type='file'>\(source)<target dev='vda'/></disk>\
        <disk type='file'><source file='/b.raw'/><target dev='vdb'/></disk>
        """)
  ) { checked, found in
    for target in checked.devices("disk").compactMap({ $0.child("target") }) {
      guard let name = target["dev"], let line = found.earlierLine(of: name, target) else {
        continue
      }
      found.add(
        target, attribute: "dev", "the target '\(name)' is already used in line \(line)",
        advice: "Give each disk a target of its own.")
    }
  }

  static let unsupportedDevice = Rule(
    "VN060", .error, "A device that a pseries guest cannot have",
    reason: """
      A pseries guest has no IDE, no floppy, no parallel port, no ISA and no PCI Express. libvirt \
      says "IDE controllers are unsupported for this QEMU binary or machine type", "disk type of \
      'vda' does not support ejectable media" and the like when the guest is defined, or QEMU when \
      it starts, under KVM and TCG alike. Which devices, and in what words, was asked of them for \
      every value of libvirt's schema.
      """,
    source: "libvirt, src/qemu/qemu_validate.c; QEMU, hw/ppc/spapr.c; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        \(noUSB)<disk type='file' device='cdrom'>\(source)<target dev='hda' bus='ide'/></disk>
        """,
      right: """
        \(noUSB)<controller type='scsi' model='virtio-scsi'/>\
        <disk type='file' device='cdrom'>\(source)<target dev='sda' bus='scsi'/></disk>
        """)
  ) { checked, found in
    checked.findLimits(PSeriesLimit.all, &found) { $0 == "devices" }
  }

  static let pairs = Rule(
    "VN071", .error, "What does not fit together",
    reason: """
      Much is allowed beside something else only: queues of a disk on virtio, a file-system of type \
      virtiofs with shared memory, a port of SPICE with graphics of SPICE. libvirt refuses the guest, \
      or QEMU does not start it. Each was asked of them.
      """,
    source: "libvirt, src/conf/domain_validate.c, src/qemu/qemu_validate.c; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        <controller type='usb' model='none'/><controller type='scsi' model='virtio-scsi'/>\
        <disk type='file'><driver name='qemu' queues='4'/><source file='/a.raw'/>\
        <target dev='sda' bus='scsi'/></disk>
        """,
      right: """
        <controller type='usb' model='none'/><disk type='file'><driver name='qemu' queues='4'/>\
        <source file='/a.raw'/><target dev='vda' bus='virtio'/></disk>
        """)
  ) { checked, found in
    checked.findLimits(PSeriesLimit.pairs.filter { $0.stage != .ignored }, &found)
  }

  static let bootOrder = Rule(
    "VN061", .error, "Two orders of boot devices",
    reason: """
      libvirt says "per-device boot elements cannot be used together with os/boot elements", and \
      refuses one number for two devices: "boot order 1 used for more than one device".
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainDefBootOrderPostParse; "
      + "src/conf/domain_validate.c; \(measured)",
    example: RuleExample(
      .os, wrong: "<boot dev='hd'/>", right: "",
      others: [
        .devices: """
        \(noUSB)<disk type='file'>\(source)<target dev='vda'/><boot order='1'/></disk>
        """
      ])
  ) { checked, found in
    let orders = checked.devices.compactMap { $0.child("boot") }.filter { $0["order"] != nil }
    guard let first = orders.first else { return }
    for boot in checked.domain.child("os")?.children("boot") ?? [] {
      found.add(
        boot, "libvirt refuses <boot dev> here beside <boot order> in line \(first.location.line)",
        advice: "Keep one of the two: \(.delete(xpath: "/domain/os/boot")).")
    }
    for boot in orders {
      guard let order = boot["order"], let line = found.earlierLine(of: order, boot) else {
        continue
      }
      found.add(
        boot, attribute: "order", "boot order \(order) is already used in line \(line)",
        advice: "Give each device a number of its own.")
    }
  }
}
