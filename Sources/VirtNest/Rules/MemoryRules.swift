internal import LosslessXML

/// Rules about the size of the guest's memory.
extension Rule {
  static let memoryRules = [hardLimit, disagreeingMemory]

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
      let limit = element.memorySize,
      let memory = checked.domain.memoryOfCells ?? checked.memoryInOnePlace,
      limit < memory
    else { return [] }
    return [
      rule.finding(
        element, "the guest has \(memory) of memory, and Linux ends it when it uses \(limit)",
        advice: "Give it more than its memory, or remove it.")
    ]
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
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    var found: [Diagnostic] = []
    let most = checked.domain.child("maxMemory")
    if let most, most["slots"].flatMap({ UInt32($0) }) ?? 0 == 0 {
      found.append(
        rule.finding(
          most, attribute: "slots", "libvirt wants the number of slots for more memory",
          advice: "Write slots='16', for example, or remove <maxMemory>."))
    }
    if let most, let size = most.memorySize,
      let memory = checked.domain.memoryOfCells ?? checked.memoryInOnePlace, size < memory
    {
      found.append(
        rule.finding(
          most, "the guest can grow to \(size), and has \(memory) at the start",
          advice: "Write more than <memory> says, or remove it."))
    }
    let memory = checked.domain.child("memory")
    if memory.map({ $0.text.trimmingSpaces == "0" }) ?? true,
      checked.numaCells.isEmpty
    {
      found.append(
        rule.finding(
          memory ?? checked.domain, "a guest needs memory", advice: "Write how much it has."))
    }
    let cells = checked.numaCells.count
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
