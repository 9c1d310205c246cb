internal import LosslessXML

/// Rules about numbers of CPUs, NUMA cells and I/O threads, which must agree with each other.
extension Rule {
  static let agreementRules = [disagreeingCPUs]

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
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    return checked.cpuCounts(rule) + checked.cells(rule) + checked.threads(rule)
      + checked.hugePages(rule)
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

  fileprivate func cells(_ rule: Rule) -> [Diagnostic] {
    guard let maximum = maximumCPUs else { return [] }
    var taken = CPUSet()
    let cells = numaCells
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

  /// NUMA cells of the guest that huge pages or memory policies are for, and that it lacks.
  ///
  /// A guest without cells has none.
  fileprivate func hugePages(_ rule: Rule) -> [Diagnostic] {
    let cells = numaCells
    let pages = domain.children("memoryBacking").flatMap { $0.children("hugepages") }
      .flatMap { $0.children("page") }
    let memory = domain.children("numatune").flatMap { $0.children("memnode") }
    let nodes = memory.compactMap { node -> Diagnostic? in
      guard !cells.isEmpty, let id = node["cellid"].flatMap({ Int($0) }), id >= cells.count else {
        return nil
      }
      return rule.finding(
        node, attribute: "cellid", "the guest has no NUMA cell \(id)",
        advice: "Name a cell of <numa>, or remove <memnode>.")
    }
    return nodes
      + pages.compactMap { page in
        guard let nodes = page["nodeset"].flatMap({ CPUSet($0) }), let last = nodes.last,
          last >= cells.count, !(cells.isEmpty && page["nodeset"] == "0")
        else { return nil }
        return rule.finding(
          page, attribute: "nodeset", "the guest has no NUMA cell \(last)",
          advice: cells.isEmpty
            ? "Remove nodeset: it names NUMA cells of the guest, not of the host."
            : "Name cells up to \(cells.count - 1).")
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
    for device in devices("disk") + devices("controller") {
      guard let driver = device.child("driver") else { continue }
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
