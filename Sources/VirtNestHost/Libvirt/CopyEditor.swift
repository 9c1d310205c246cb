internal import Glibc
internal import LosslessXML
internal import VirtNest

/// Takes out of a definition what binds the guest to a host, or puts something else in its place.
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

  /// What of a guest is about resources of its host, and cannot matter to a guest that never runs.
  private static let hostSettings: [[Step]] = [
    ["memoryBacking"], ["memtune"], ["numatune"], ["cputune"], ["blkiotune"], ["resource"],
    ["maxMemory"], ["currentMemory"], ["cpu", "numa"], ["seclabel"], ["launchSecurity"], ["idmap"],
    ["perf"], ["iommu"],
  ]

  /// Devices that are the same everywhere.
  private static let unbound: Set<String> = [
    "input", "memballoon", "panic", "watchdog", "nvram", "hub",
  ]

  mutating func makeIndependent(mostMemory: MemorySize) {
    for place in Self.hostSettings {
      guard let parent = domain.first(place.dropLast()), let last = place.last else { continue }
      for element in parent.children(last.name) {
        changes.remove(element)
        if !["maxMemory", "currentMemory"].contains(last.name) { took(element) }
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
    // TCG has no transactional memory: QEMU would not start.
    if let htm = domain.first(["features", "htm"]), htm["state"] == "on" {
      changes.setAttribute("state", of: htm, to: "off")
      differences.append("transactional memory is off, which TCG does not have")
    }
    // libvirt would compare the CPU with one of Power that is not here.
    if let cpu = domain.child("cpu") { changes.removeAttribute("check", of: cpu) }
    replaceBootFiles()
    for device in domain.children("devices").flatMap({ Array($0.children) }) { replace(device) }
    removeHostArguments()
  }

  private mutating func took(_ element: Element) {
    differences.append("<\(element.qualifiedName)> of line \(element.location.line) is taken out")
  }

  /// Kernels and firmware that are not here; arguments of a kernel go with it.
  private mutating func replaceBootFiles() {
    guard let os = domain.child("os") else { return }
    var kernelIsMissing = os.child("kernel") == nil
    for element in os.children
    where ["kernel", "initrd", "dtb", "loader"].contains(element.localName) {
      let path = element.text.trimmingSpaces
      // Names without a path are QEMU's own firmware.
      guard path.hasPrefix("/"), access(path, R_OK) != 0 else { continue }
      changes.remove(element)
      took(element)
      kernelIsMissing = kernelIsMissing || element.localName == "kernel"
    }
    if kernelIsMissing, let arguments = os.child("cmdline") { changes.remove(arguments) }
  }

  private mutating func replace(_ device: Element) {
    switch device.qualifiedName {
    case "emulator": break
    case "controller":
      // A NUMA cell of the guest, and those are taken out.
      if let node = device.first(["target", "node"]) { changes.remove(node) }
    case "disk": replaceDisk(device)
    case "interface":
      replace(device, by: "type='user'", keeping: ["mac", "model", "address", "boot"])
      differences.append(
        "the interface of line \(device.location.line) is connected to nothing of the host")
    case "serial", "console", "channel", "parallel":
      // A pseudo terminal is there everywhere, an agent's spicevmc only with SPICE.
      guard device["type"] != "spicevmc" else {
        changes.remove(device)
        took(device)
        break
      }
      guard device["type"] != "pty" else { break }
      replace(device, by: "type='pty'", keeping: ["target", "address"])
      differences.append(
        "the \(device.qualifiedName) of line \(device.location.line) is a pseudo terminal")
    case "rng" where ["/dev/random", "/dev/urandom"].contains(device.child("backend")?.text): break
    case let name where Self.unbound.contains(name): break
    default:
      changes.remove(device)
      took(device)
    }
  }

  private mutating func replaceDisk(_ disk: Element) {
    let kept: Set<String> = ["target", "address", "boot", "serial", "wwn", "vendor", "product"]
    let device = disk["device"] ?? "disk"
    let line = disk.location.line
    if ["cdrom", "floppy"].contains(device) {
      replace(disk, by: "type='file' device='\(device)'", keeping: kept)
      differences.append("the \(device) of line \(line) is empty")
      return
    }
    let file = "disk-\(disks.count).raw"
    disks.append(file)
    replace(
      disk, by: "type='file' device='disk'", keeping: kept,
      first: "<driver name='qemu' type='raw'/><source file='\(folder)/\(file)'/>")
    differences.append("the disk of line \(line) is an empty file")
  }

  /// Writes an element anew: with other attributes, and of its children only some.
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

  /// Options of QEMU that open something on the host.
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
        "QEMU's option \(option) of line \(arguments[index].element.location.line) is taken out")
      index += 2
    }
    for name in ["override", "deprecation"] {
      for element in domain.children(name, in: DomainNamespace.qemu) {
        changes.remove(element)
        took(element)
      }
    }
  }
}
