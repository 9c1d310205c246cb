internal import LosslessXML

/// Rules about numbers of CPUs, NUMA cells and I/O threads and sizes of memory, which must agree with
/// each other.
extension Rule {
  static let agreementRules = [disagreeingCPUs, hardLimit, disagreeingMemory]

  static let disagreeingCPUs = Rule(
    "VN066", .error, "Numbers of CPUs that do not agree",
    reason: """
      libvirt says "CPU topology doesn't match maximum vcpu count", "maximum vCPU count must not be \
      less than current vCPU count", "vCPU '2' is not present in domain definition", "Number of CPUs \
      in <numa> exceeds the <vcpu> count", "Cannot find 'iothread'", \
      "hugepages: node 4 not found" and the like.
      """,
    source: "libvirt, src/conf/domain_validate.c, src/conf/domain_conf.c; \(measured)",
    example: RuleExample(
      .cpu,
      wrong: "<cpu mode='host-model'><topology sockets='1' cores='4' threads='1'/></cpu>",
      right: "<cpu mode='host-model'><topology sockets='1' cores='2' threads='1'/></cpu>")
  ) { checked, found in
    guard checked.isForQEMU else { return }
    checked.findCellNumbers(&found)
    checked.findCellsNotThere(&found)
    checked.findThreads(&found)
    guard let maximum = checked.domain.child("vcpu").map({ Int($0.text.trimmingSpaces) }) ?? 1
    else { return }
    checked.findCPUCounts(maximum, &found)
    checked.findCPUsOfSets(maximum, &found)
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
  ) { checked, found in
    guard let element = checked.domain.first(["memtune", "hard_limit"]),
      let limit = element.memorySize, let memory = checked.memory, limit < memory
    else { return }
    found.add(
      element, "the guest has \(memory) of memory, and Linux ends it when it uses \(limit)",
      advice: "Give it more than its memory, or remove it.")
  }

  static let disagreeingMemory = Rule(
    "VN073", .error, "Sizes of memory that do not agree",
    reason: """
      libvirt says "maximum memory size must be equal or greater than the actual memory size", "memory \
      device slot exceeds slots count", "can't add memory backend for guest node '3' as the guest has \
      only '1' NUMA nodes configured", "Memory size must be specified", "both maximum memory size and \
      memory slot count must be specified".
      """,
    source: "libvirt, src/conf/domain_postparse.c, src/qemu/qemu_domain.c; \(measured)",
    example: RuleExample(
      .memory,
      wrong: "<maxMemory slots='4' unit='GiB'>2</maxMemory><memory unit='GiB'>4</memory>",
      right: "<maxMemory slots='4' unit='GiB'>8</maxMemory><memory unit='GiB'>4</memory>")
  ) { checked, found in
    guard checked.isForQEMU else { return }
    let most = checked.domain.child("maxMemory")
    if let most {
      if most["slots"].flatMap({ UInt32($0) }) ?? 0 == 0 {
        found.add(
          most, attribute: "slots", "libvirt wants the number of slots for more memory",
          advice: "Write slots='16', for example, or remove <maxMemory>.")
      }
      if let size = most.memorySize, let memory = checked.memory, size < memory {
        found.add(
          most, "the guest can grow to \(size), and has \(memory) at the start",
          advice: "Write more than <memory> says, or remove it.")
      }
    }
    let memory = checked.domain.child("memory")
    let cells = checked.numaCells.count
    if memory?.text.trimmingSpaces ?? "0" == "0", cells == 0 {
      found.add(memory ?? checked.domain, "a guest needs memory", advice: "Write how much it has.")
    }
    let slots = most?.number("slots")
    for device in checked.devices("memory") {
      if let node = device.first(["target", "node"]), let number = Int(node.text.trimmingSpaces),
        number >= max(cells, 1)
      {
        found.add(
          node, "the guest has no NUMA cell \(number)",
          advice: "Name one of its \(max(cells, 1)), counted from 0.")
      }
      if let slots, let address = device.child("address"),
        let slot = address.number("slot"), slot >= slots
      {
        found.add(
          address, attribute: "slot", "<maxMemory> has \(slots) slots, counted from 0",
          advice: "Name one of them, or remove the address.")
      }
    }
  }
}

extension CheckedGuest {
  fileprivate func findCPUCounts(_ maximum: Int, _ found: inout Findings) {
    if let vcpu = domain.child("vcpu"), let current = vcpu.number("current"),
      current > maximum
    {
      found.add(
        vcpu, attribute: "current", "\(current) CPUs at the start are more than \(maximum) at most",
        advice: "Write a number up to \(maximum).")
    }
    for element in domain.all(["vcpus", "vcpu"]) {
      guard let number = element.number("id"), number >= maximum else { continue }
      found.addMissingCPU(number, of: maximum, element, attribute: "id")
    }
    guard let element = domain.first(["cpu", "topology"]) else { return }
    let numbers = ["sockets", "dies", "clusters", "cores", "threads"].map { name in
      element[name].map { Int($0) } ?? 1
    }
    if let product = Self.product(numbers), product != maximum {
      found.add(
        element, "the topology has \(product) CPUs, and <vcpu> says \(maximum)",
        advice: "Let sockets, cores and threads multiply to \(maximum).")
    }
    if isPSeries, let dies = element.number("dies"), dies > 1 {
      found.add(
        element, attribute: "dies", "a pseries guest has no dies; QEMU does not start with them",
        advice: "Remove dies, and let sockets, cores and threads multiply to \(maximum).")
    }
  }

  private static func product(_ numbers: [Int?]) -> Int? {
    numbers.reduce(1) { product, number in
      guard let product, let number, number > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: number)
      return overflow ? nil : next
    }
  }

  /// CPUs that NUMA cells and schedulers name, and that the guest lacks or that two of them name.
  fileprivate func findCPUsOfSets(_ maximum: Int, _ found: inout Findings) {
    let kinds: [(elements: [Element], attribute: String, twice: String, advice: Advice)] = [
      (
        numaCells, "cpus", "a CPU of this NUMA cell is in another cell as well",
        "Name each CPU in one cell."
      ),
      (
        domain.all(["cputune", "vcpusched"]), "vcpus",
        "a CPU has a scheduler in another <vcpusched> as well", "Name each CPU once."
      ),
    ]
    for (elements, attribute, twice, advice) in kinds {
      var taken: Set<Int> = []
      for element in elements {
        guard let set = element[attribute].flatMap({ Set(cpus: $0) }) else { continue }
        if let last = set.max(), last >= maximum {
          found.addMissingCPU(last, of: maximum, element, attribute: attribute)
        } else if !set.isDisjoint(with: taken) {
          found.add(element, attribute: attribute, twice, advice: advice)
        }
        taken.formUnion(set)
      }
    }
  }

  /// NUMA cells of the guest that huge pages or memory policies are for, and that it lacks.
  ///
  /// A guest without cells has none.
  fileprivate func findCellsNotThere(_ found: inout Findings) {
    let count = numaCells.count
    for node in domain.all(["numatune", "memnode"]) {
      guard count > 0, let id = node.number("cellid"), id >= count else { continue }
      found.add(
        node, attribute: "cellid", "the guest has no NUMA cell \(id)",
        advice: "Name a cell of <numa>, or remove <memnode>.")
    }
    for page in domain.all(["memoryBacking", "hugepages", "page"]) {
      guard let last = page["nodeset"].flatMap({ Set(cpus: $0) })?.max(), last >= count,
        count > 0 || page["nodeset"] != "0"
      else { continue }
      found.add(
        page, attribute: "nodeset", "the guest has no NUMA cell \(last)",
        advice: count == 0
          ? "Remove nodeset: it names NUMA cells of the guest, not of the host."
          : "Name cells up to \(count - 1).")
    }
  }

  /// libvirt numbers the cells from 0 without a gap, and distances lead from cell to cell.
  fileprivate func findCellNumbers(_ found: inout Findings) {
    let count = numaCells.count
    var seen: Set<Int> = []
    for cell in numaCells {
      guard let number = cell.number("id"),
        number >= count || !seen.insert(number).inserted
      else { continue }
      found.add(
        cell, attribute: "id",
        number < count
          ? "two NUMA cells have the number \(number)"
          : "the guest has \(count) NUMA cells, and none has the number \(number)",
        advice: "Number the cells from 0, without a gap.")
    }
    for sibling in numaCells.flatMap({ $0.all(["distances", "sibling"]) }) {
      guard let number = sibling.number("id"), number >= count else { continue }
      found.add(
        sibling, attribute: "id", "there is no NUMA cell \(number) to be at a distance of",
        advice: "Name one of the \(count) cells, or remove it.")
    }
  }

  /// CPUs that are pinned twice, and I/O threads that are not there.
  fileprivate func findThreads(_ found: inout Findings) {
    var pinned: Set<String> = []
    for pin in domain.all(["cputune", "vcpupin"]) {
      guard let vcpu = pin["vcpu"], !pinned.insert(vcpu).inserted else { continue }
      found.add(
        pin, attribute: "vcpu", "CPU \(vcpu) is pinned twice", advice: "Keep one of them.")
    }
    let listed = domain.all(["iothreadids", "iothread"]).compactMap {
      $0.number("id")
    }
    let count = domain.child("iothreads").flatMap { Int($0.text.trimmingSpaces) } ?? 0
    // libvirt numbers those that are not listed from 1, as far as they are missing.
    let numbered = (1...).lazy.filter { !listed.contains($0) }.prefix(max(0, count - listed.count))
    let drivers = (devices("disk") + devices("controller")).compactMap { $0.child("driver") }
    for element in domain.all(["cputune", "iothreadpin"]) + drivers {
      guard let wanted = element.number("iothread"), !listed.contains(wanted),
        !numbered.contains(wanted)
      else { continue }
      found.add(
        element, attribute: "iothread", "the guest has no I/O thread \(wanted)",
        advice: "Write <iothreads>\(max(count, wanted))</iothreads>, or remove it.")
    }
  }
}

extension Findings {
  fileprivate mutating func addMissingCPU(
    _ number: Int, of maximum: Int, _ element: Element, attribute: String
  ) {
    add(
      element, attribute: attribute, "the guest has no CPU \(number): <vcpu> says \(maximum)",
      advice: "Name CPUs up to \(maximum - 1).")
  }
}

extension Set<Int> {
  /// Numbers of CPUs, as `0-3,^2,8` names them; `nil` for what libvirt would not read, and for more
  /// CPUs than any guest has.
  fileprivate init?(cpus text: String) {
    self = []
    for part in text.split(separator: ",").map({ String($0).trimmingSpaces }) {
      let ends = part.drop { $0 == "^" }.split(separator: "-").map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last < VirtualCPUs.mostAccepted
      else { return nil }
      if part.hasPrefix("^") { subtract(first...last) } else { formUnion(first...last) }
    }
  }
}
