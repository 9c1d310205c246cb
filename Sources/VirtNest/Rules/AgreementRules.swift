internal import LosslessXML

/// Rules about numbers and names that must agree with each other.
extension Rule {
  static let agreementRules = [
    disagreeingCPUs, takenTwice, foreignArchitecture, hardLimit, pairs, disagreeingMemory,
  ]

  static let disagreeingCPUs = Rule(
    "VN066", .error, "Numbers of CPUs that do not agree",
    reason: """
      libvirt says "CPU topology doesn't match maximum vcpu count", "maximum vCPU count must not be \
      less than current vCPU count", "vCPU '2' is not present in domain definition", "Number of CPUs \
      in <numa> exceeds the <vcpu> count", "Cannot find 'iothread'" and the like.
      """,
    source: "libvirt, src/conf/domain_validate.c, src/conf/domain_conf.c; \(measured)",
    example: RuleExample(
      .cpu,
      wrong: "<cpu mode='host-model'><topology sockets='1' cores='4' threads='1'/></cpu>",
      right: "<cpu mode='host-model'><topology sockets='1' cores='2' threads='1'/></cpu>")
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    return checked.cpuCounts(rule) + checked.numaCells(rule) + checked.threads(rule)
  }

  static let takenTwice = Rule(
    "VN067", .error, "A device, number or address that is there twice",
    reason: """
      libvirt says "only a single watchdog device is supported", "Multiple 'scsi' controllers with \
      index '0'", "Attempted double use of PCI Address", "Found duplicate drive address", "non \
      unique alias detected" and the like.
      """,
    source: "libvirt, src/conf/domain_validate.c, src/conf/domain_addr.c; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        <controller type='usb' model='none'/><watchdog model='i6300esb'/><watchdog model='i6300esb'/>
        """,
      right: "<controller type='usb' model='none'/><watchdog model='i6300esb'/>")
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    var lines: [String: Int] = [:]
    return (checked.domain.child("devices")?.children.map { $0 } ?? []).flatMap { device in
      device.claims.compactMap { what, element in
        guard let line = lines[what] else {
          lines[what] = device.location.line
          return nil
        }
        return rule.finding(
          element, "\(what) is in line \(line) already, and libvirt refuses a second",
          advice: "Remove one of the two, or give it a number or address of its own.")
      }
    }
  }

  static let foreignArchitecture = Rule(
    "VN068", .error, "An architecture without a pseries machine",
    reason: """
      pseries is a machine of ppc64 and ppc64le. libvirt says "Emulator … does not support machine \
      type 'pseries'", or "No emulator found for arch 'x86_64'".
      """,
    source: "QEMU, hw/ppc/spapr.c; libvirt, src/qemu/qemu_validate.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='x86_64' machine='pseries'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, rule in
    if checked.isPSeries, let emulator = checked.domain.first(["devices", "emulator"]) {
      let name = emulator.text.trimmingSpaces.split(separator: "/").last ?? ""
      if name.hasPrefix("qemu-system-"), !name.hasPrefix("qemu-system-ppc64") {
        return [
          rule.finding(
            emulator, "\(name) has no machine 'pseries'",
            advice: "Remove it, and libvirt takes its own: \(.mendForPSeries).")
        ]
      }
    }
    guard let machine = checked.guest.machine, checked.isForQEMU,
      let architecture = checked.guest.architecture,
      Rule.otherNames[architecture] == nil,
      machine.isPSeries != ["ppc64", "ppc64le"].contains(architecture),
      machine.isPSeries || machine.isOfPCs
    else { return [] }
    return [
      rule.finding(
        checked.machineElement, attribute: "machine",
        "\(architecture) has no machine '\(machine.name)'",
        advice: "Write arch='ppc64le' and machine='pseries': \(.mendForPSeries).")
    ]
  }

  static let hardLimit = Rule(
    "VN069", .warning, "More memory than the hard limit",
    reason: """
      QEMU needs the guest's memory and some more. Linux ends a process that grows beyond the \
      limit of its control group.
      """,
    source: "libvirt, docs/formatdomain.rst (memtune); Linux, Documentation/admin-guide/cgroup-v2",
    example: RuleExample(
      .memory,
      wrong: """
        <memory unit='MiB'>4096</memory><memtune><hard_limit unit='MiB'>2048</hard_limit></memtune>
        """,
      right: """
        <memory unit='MiB'>4096</memory><memtune><hard_limit unit='MiB'>6144</hard_limit></memtune>
        """)
  ) { checked, rule in
    guard let element = checked.domain.first(["memtune", "hard_limit"]),
      let limit = element.memorySize, let memory = checked.memoryInOnePlace,
      limit < memory
    else { return [] }
    return [
      rule.finding(
        element, "the guest has \(memory) of memory, and Linux ends it when it uses \(limit)",
        advice: "Give it more than its memory, or remove it.")
    ]
  }
}

extension Rule {
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
  ) { checked, rule in
    checked.pseriesLimits(rule, PSeriesLimit.pairs.filter { $0.stage != .ignored })
  }
}

extension Rule {
  static let disagreeingMemory = Rule(
    "VN073", .error, "Sizes of memory that do not agree",
    reason: """
      libvirt says "maximum memory size must be equal or greater than the actual memory size", "memory \
      device slot exceeds slots count", "can't add memory backend for guest node '3' as the guest has \
      only '1' NUMA nodes configured", "Memory size must be specified".
      """,
    source: "libvirt, src/conf/domain_postparse.c, src/qemu/qemu_domain.c; \(measured)",
    example: RuleExample(
      .memory,
      wrong: "<maxMemory slots='4' unit='GiB'>2</maxMemory><memory unit='GiB'>4</memory>",
      right: "<maxMemory slots='4' unit='GiB'>8</maxMemory><memory unit='GiB'>4</memory>")
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    var found: [Diagnostic] = []
    let most = checked.domain.child("maxMemory")
    if let most, let size = most.memorySize, let memory = checked.memoryInOnePlace, size < memory {
      found.append(
        rule.finding(
          most, "the guest can grow to \(size), and has \(memory) at the start",
          advice: "Write more than <memory> says, or remove it."))
    }
    if let memory = checked.domain.child("memory"), memory.text.trimmingSpaces == "0",
      checked.domain.first(["cpu", "numa", "cell"]) == nil
    {
      found.append(
        rule.finding(memory, "a guest needs memory", advice: "Write how much it has."))
    }
    let cells = checked.domain.first(["cpu", "numa"])?.children("cell").count ?? 0
    let slots = most?["slots"].flatMap { Int($0) }
    for device in checked.devices("memory") {
      if let node = device.first(["target", "node"]), let number = Int(node.text.trimmingSpaces),
        number >= max(cells, 1)
      {
        found.append(
          rule.finding(
            node, "the guest has no NUMA cell \(number)",
            advice: "Name one of its \(max(cells, 1)), counted from 0."))
      }
      if let slots, let address = device.child("address"), let slot = address["slot"],
        let number = Int(slot), number >= slots
      {
        found.append(
          rule.finding(
            address, attribute: "slot", "<maxMemory> has \(slots) slots, counted from 0",
            advice: "Name one of them, or remove the address."))
      }
    }
    return found
  }
}

extension CheckedGuest {
  /// The largest number of its CPUs; `nil` where the definition does not say it in digits.
  private var maximumCPUs: Int? {
    domain.child("vcpu").map { Int($0.text.trimmingSpaces) } ?? 1
  }

  fileprivate func cpuCounts(_ rule: Rule) -> [Diagnostic] {
    guard let maximum = maximumCPUs else { return [] }
    var found: [Diagnostic] = []
    if let vcpu = domain.child("vcpu"), let current = vcpu["current"].flatMap({ Int($0) }),
      current > maximum
    {
      found.append(
        rule.finding(
          vcpu, attribute: "current",
          "\(current) CPUs at the start are more than \(maximum) at most",
          advice: "Write a number up to \(maximum)."))
    }
    if let element = domain.first(["cpu", "topology"]) {
      let numbers = ["sockets", "dies", "clusters", "cores", "threads"].map { name in
        element[name].map { Int($0) } ?? 1
      }
      if let product = Self.product(numbers), product != maximum {
        found.append(
          rule.finding(
            element, "the topology has \(product) CPUs, and <vcpu> says \(maximum)",
            advice: "Let sockets, cores and threads multiply to \(maximum)."))
      }
      if isPSeries, let dies = element["dies"].flatMap({ Int($0) }), dies > 1 {
        found.append(
          rule.finding(
            element, attribute: "dies",
            "a pseries guest has no dies; QEMU does not start with them",
            advice: "Remove dies, and let sockets, cores and threads multiply to \(maximum)."))
      }
    }
    for element in domain.children("vcpus").flatMap({ $0.children("vcpu") }) {
      guard let number = element["id"].flatMap({ Int($0) }), number >= maximum else { continue }
      found.append(
        rule.finding(
          element, attribute: "id", "the guest has no CPU \(number): <vcpu> says \(maximum)",
          advice: "Name CPUs up to \(maximum - 1)."))
    }
    return found
  }

  private static func product(_ numbers: [Int?]) -> Int? {
    var product = 1
    for number in numbers {
      guard let number, number > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: number)
      if overflow { return nil }
      product = next
    }
    return product
  }

  fileprivate func numaCells(_ rule: Rule) -> [Diagnostic] {
    guard let maximum = maximumCPUs else { return [] }
    var taken = CPUSet()
    let cells = domain.children("cpu").flatMap { $0.children("numa") }
      .flatMap { $0.children("cell") }
    return cellNumbers(cells, rule)
      + cells.compactMap { cell in
        guard let set = cell["cpus"].flatMap({ CPUSet($0) }) else { return nil }
        defer { taken.formUnion(set) }
        if let last = set.last, last >= maximum {
          return rule.finding(
            cell, attribute: "cpus", "the guest has no CPU \(last): <vcpu> says \(maximum)",
            advice: "Name CPUs up to \(maximum - 1).")
        }
        if !set.isDisjoint(with: taken) {
          return rule.finding(
            cell, attribute: "cpus", "a CPU of this NUMA cell is in another cell as well",
            advice: "Name each CPU in one cell.")
        }
        return nil
      }
  }

  /// libvirt numbers the cells from 0 without a gap, and distances lead from cell to cell.
  private func cellNumbers(_ cells: [Element], _ rule: Rule) -> [Diagnostic] {
    var seen: Set<Int> = []
    return cells.compactMap { cell in
      guard let number = cell["id"].flatMap({ Int($0) }) else { return nil }
      if number < cells.count, seen.insert(number).inserted { return nil }
      return rule.finding(
        cell, attribute: "id",
        number < cells.count
          ? "two NUMA cells have the number \(number)"
          : "the guest has \(cells.count) NUMA cells, and none has the number \(number)",
        advice: "Number the cells from 0, without a gap.")
    }
      + cells.flatMap { $0.first(["distances"])?.children("sibling") ?? [] }.compactMap { sibling in
        guard let number = sibling["id"].flatMap({ Int($0) }), number >= cells.count else {
          return nil
        }
        return rule.finding(
          sibling, attribute: "id", "there is no NUMA cell \(number) to be at a distance of",
          advice: "Name one of the \(cells.count) cells, or remove it.")
      }
  }

  fileprivate func threads(_ rule: Rule) -> [Diagnostic] {
    let tuning = domain.children("cputune").flatMap(\.children)
    var found: [Diagnostic] = []
    var scheduled = CPUSet()
    var pinned: Set<String> = []
    for element in tuning {
      switch element.localName {
      case "vcpusched":
        guard let set = element["vcpus"].flatMap({ CPUSet($0) }) else { continue }
        if let maximum = maximumCPUs, let last = set.last, last >= maximum {
          found.append(
            rule.finding(
              element, attribute: "vcpus", "the guest has no CPU \(last): <vcpu> says \(maximum)",
              advice: "Name CPUs up to \(maximum - 1)."))
        } else if !set.isDisjoint(with: scheduled) {
          found.append(
            rule.finding(
              element, attribute: "vcpus", "a CPU has a scheduler in another <vcpusched> as well",
              advice: "Name each CPU once."))
        }
        scheduled.formUnion(set)
      case "vcpupin":
        if let vcpu = element["vcpu"], !pinned.insert(vcpu).inserted {
          found.append(
            rule.finding(
              element, attribute: "vcpu", "CPU \(vcpu) is pinned twice", advice: "Keep one of them."
            ))
        }
      case "iothreadpin": found += thread(element["iothread"], of: element, rule)
      default: break
      }
    }
    for disk in devices("disk") {
      guard let driver = disk.child("driver") else { continue }
      found += thread(driver["iothread"], of: driver, rule)
    }
    return found
  }

  private func thread(_ number: String?, of element: Element, _ rule: Rule) -> [Diagnostic] {
    guard let number, let wanted = Int(number) else { return [] }
    let listed = domain.children("iothreadids").flatMap { $0.children("iothread") }
      .compactMap { $0["id"].flatMap { Int($0) } }
    let count = domain.child("iothreads").flatMap { Int($0.text.trimmingSpaces) } ?? 0
    // libvirt numbers those that are not listed from 1, as far as they are missing.
    let numbered = (1...).lazy.filter { !listed.contains($0) }.prefix(max(0, count - listed.count))
    guard !listed.contains(wanted), !numbered.contains(wanted) else { return [] }
    return [
      rule.finding(
        element, attribute: "iothread", "the guest has no I/O thread \(wanted)",
        advice: "Write <iothreads>\(max(count, wanted))</iothreads>, or remove it.")
    ]
  }
}

/// Numbers of CPUs, as `0-3,^2,8` names them.
private struct CPUSet {
  private var members: Set<Int> = []

  init() {}

  /// `nil` for what libvirt would not read, and for more CPUs than any guest has.
  init?(_ text: String) {
    for part in text.split(separator: ",").map({ String($0).trimmingSpaces }) {
      let isExcluded = part.hasPrefix("^")
      let ends = part.drop { $0 == "^" }.split(separator: "-").map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last < VirtualCPUs.mostAccepted
      else { return nil }
      if isExcluded { members.subtract(first...last) } else { members.formUnion(first...last) }
    }
  }

  var last: Int? { members.max() }

  func isDisjoint(with other: CPUSet) -> Bool { members.isDisjoint(with: other.members) }

  mutating func formUnion(_ other: CPUSet) { members.formUnion(other.members) }
}

extension Element {
  /// What a device takes that another cannot take as well, in words, and where it says so.
  fileprivate var claims: [(what: String, element: Element)] {
    var claims: [(String, Element)] = []
    if ["watchdog", "nvram", "memballoon", "vsock", "iommu", "tpm"].contains(localName) {
      claims.append(("a <\(localName)>", self))
    }
    if localName == "panic" { claims.append(("a <panic> of model '\(self["model"] ?? "")'", self)) }
    if localName == "channel", let target = child("target"), target["type"] == "virtio",
      let name = target["name"]
    {
      claims.append(("the channel '\(name)'", target))
    }
    if localName == "console", child("target")?["type"] ?? "serial" == "serial" {
      claims.append(("a <console> on a serial port", self))
    }
    if localName == "controller", let type = self["type"], let index = self["index"],
      type != "usb"
    {
      claims.append(("the \(type) controller \(index)", self))
    }
    if let alias = child("alias"), let name = alias["name"], name.hasPrefix("ua-") {
      claims.append(("the alias '\(name)'", alias))
    }
    if let address = child("address") {
      let number = { (name: String) in Self.number(address[name] ?? "0") }
      let parts =
        switch address["type"] {
        case "pci" where address["slot"] != nil: ["domain", "bus", "slot", "function"]
        case "drive" where localName == "disk": ["controller", "bus", "target", "unit"]
        default: [String]()
        }
      let numbers = parts.map { number($0) }
      if !parts.isEmpty, numbers.allSatisfy({ $0 != nil }) {
        let text = numbers.compactMap(\.self).map(String.init).joined(separator: ":")
        let bus = localName == "disk" ? " \(child("target")?["bus"] ?? "")" : ""
        let kind = address["type"] == "pci" ? "PCI" : "drive\(bus)"
        claims.append(("the \(kind) address \(text)", address))
      }
    }
    return claims
  }

  private static func number(_ text: String) -> Int? {
    text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }
}

extension MachineType {
  /// Whether it is one of QEMU's machines for PCs.
  fileprivate var isOfPCs: Bool {
    ["pc", "q35", "microvm", "isapc"].contains(name) || name.hasPrefix("pc-")
  }
}
