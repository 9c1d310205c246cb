internal import Glibc
internal import LosslessXML
internal import VirtNest

/// Removes or replaces the settings of a definition that tie the guest to a host.
struct CopyEditor {
  let domain: Element
  let folder: String
  var changes: Changes
  private(set) var differences: [String] = []
  private(set) var disks: [String] = []

  init(_ definition: DomainDefinition, folder: String) {
    domain = definition.domain
    self.folder = folder
    changes = Changes(definition.document)
  }

  /// Settings for resources of the host, which have no effect on a guest that stays paused.
  private static let hostSettings: [[Step]] = [
    ["memoryBacking"], ["memtune"], ["numatune"], ["cputune"], ["blkiotune"], ["resource"],
    ["maxMemory"], ["currentMemory"], ["cpu", "numa"], ["seclabel"], ["launchSecurity"], ["idmap"],
    ["perf"], ["iommu"],
  ]

  /// Devices that need nothing of the host.
  private static let unbound: Set<String> = [
    "input", "memballoon", "panic", "watchdog", "nvram", "hub",
  ]

  mutating func makeIndependent(mostMemory: MemorySize) {
    for place in Self.hostSettings {
      guard let parent = domain.first(place.dropLast()), let last = place.last else { continue }
      for element in parent.children(last.name) {
        changes.remove(element)
        if !["maxMemory", "currentMemory"].contains(last.name) { noteRemoval(of: element) }
      }
    }
    if let vcpu = domain.child("vcpu"), vcpu["cpuset"] != nil {
      changes.removeAttribute("cpuset", of: vcpu)
    }
    if let memory = domain.child("memory"), memory.memorySize.map({ $0 > mostMemory }) ?? false {
      changes.setAttribute("unit", of: memory, to: "bytes")
      changes.setText(of: memory, to: String(mostMemory.bytes), keepingSpace: true)
      differences.append("memory is \(mostMemory)")
    }
    // QEMU would not start, because TCG has no transactional memory.
    if let htm = domain.first(["features", "htm"]), htm["state"] == "on" {
      changes.setAttribute("state", of: htm, to: "off")
      differences.append("transactional memory is off, because TCG does not support it")
    }
    // libvirt would compare the CPU with the host's, which may not be Power.
    if let cpu = domain.child("cpu") { changes.removeAttribute("check", of: cpu) }
    replaceBootFiles()
    for device in domain.children("devices").flatMap({ Array($0.children) }) { replace(device) }
    removeHostArguments()
  }

  private mutating func noteRemoval(of element: Element) {
    differences.append("<\(element.qualifiedName)> in line \(element.location.line) is removed")
  }

  /// Removes kernels and firmware that this machine does not have, and the arguments of such a kernel.
  private mutating func replaceBootFiles() {
    guard let os = domain.child("os") else { return }
    var kernelIsMissing = os.child("kernel") == nil
    for element in os.children
    where ["kernel", "initrd", "dtb", "loader"].contains(element.localName) {
      let path = element.text.trimmingSpaces
      // A name without a path is firmware that QEMU brings along.
      guard path.hasPrefix("/"), access(path, R_OK) != 0 else { continue }
      changes.remove(element)
      noteRemoval(of: element)
      kernelIsMissing = kernelIsMissing || element.localName == "kernel"
    }
    if kernelIsMissing, let arguments = os.child("cmdline") { changes.remove(arguments) }
  }

  private mutating func replace(_ device: Element) {
    switch device.qualifiedName {
    case "emulator": break
    case "controller":
      // It names a NUMA cell of the guest, and these are removed.
      if let node = device.first(["target", "node"]) { changes.remove(node) }
    case "disk": replaceDisk(device)
    case "interface":
      replace(device, by: "type='user'", keeping: ["mac", "model", "address", "boot"])
      differences.append(
        "the interface in line \(device.location.line) is not connected to the host's network")
    case "serial", "console", "channel", "parallel":
      // Every host has pseudo terminals. The channel of the SPICE agent needs SPICE.
      guard device["type"] != "spicevmc" else {
        changes.remove(device)
        noteRemoval(of: device)
        break
      }
      guard device["type"] != "pty" else { break }
      replace(device, by: "type='pty'", keeping: ["target", "address"])
      differences.append(
        "the \(device.qualifiedName) in line \(device.location.line) is a pseudo terminal")
    case "rng" where ["/dev/random", "/dev/urandom"].contains(device.child("backend")?.text): break
    case let name where Self.unbound.contains(name): break
    default:
      changes.remove(device)
      noteRemoval(of: device)
    }
  }

  private mutating func replaceDisk(_ disk: Element) {
    let kept: Set<String> = ["target", "address", "boot", "serial", "wwn", "vendor", "product"]
    let device = disk["device"] ?? "disk"
    let line = disk.location.line
    if ["cdrom", "floppy"].contains(device) {
      replace(disk, by: "type='file' device='\(device)'", keeping: kept)
      differences.append("the \(device) in line \(line) is empty")
      return
    }
    let file = "disk-\(disks.count).raw"
    disks.append(file)
    replace(
      disk, by: "type='file' device='disk'", keeping: kept,
      first: "<driver name='qemu' type='raw'/><source file='\(folder)/\(file)'/>")
    differences.append("the disk in line \(line) is an empty file")
  }

  /// Replaces an element by one with other attributes and only some of its children.
  private mutating func replace(
    _ element: Element, by attributes: String, keeping kept: Set<String>, first: String = ""
  ) {
    let bytes = changes.document.bytes
    let children = element.children.filter { kept.contains($0.qualifiedName) }
    let name = element.qualifiedName
    changes.replace(
      element.range,
      with: Array("<\(name) \(attributes)>\(first)".utf8) + children.flatMap { bytes[$0.range] }
        + Array("</\(name)>".utf8))
  }

  /// QEMU options that open a file or device of the host, or need one.
  private static let hostOptions: Set<String> = [
    "drive", "blockdev", "netdev", "nic", "net", "device", "chardev", "object", "fsdev", "virtfs",
    "fw_cfg", "monitor", "serial", "parallel", "qmp", "mon", "gdb", "vnc", "spice", "display",
    "incoming", "mem-path", "kernel", "initrd", "append", "dtb", "bios", "hda", "hdb", "cdrom",
    "tpmdev", "pidfile", "D", "d", "trace", "sandbox", "vga",
  ]

  private mutating func removeHostArguments() {
    let arguments = PassthroughArguments(of: domain).arguments
    var index = 0
    while index < arguments.count {
      let option = arguments[index].value
      let name = String(option.drop { $0 == "-" })
      guard option.hasPrefix("-"), Self.hostOptions.contains(name) else {
        index += 1
        continue
      }
      for argument in arguments[index..<min(index + 2, arguments.count)] {
        changes.remove(argument.element)
      }
      differences.append(
        "the QEMU option \(option) in line \(arguments[index].element.location.line) is removed")
      index += 2
    }
    for name in ["override", "deprecation"] {
      for element in domain.children(name, in: DomainNamespace.qemu) {
        changes.remove(element)
        noteRemoval(of: element)
      }
    }
  }
}
