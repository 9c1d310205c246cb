internal import LosslessXML

extension Property {
  /// The number of CPUs and their topology.
  static let vcpus = Property(
    name: "vcpus",
    isGiven: { $0.vcpus != nil },
    read: { domain, guest in guest.vcpus = VirtualCPUs(reading: domain) },
    write: { guest, editor in
      guard let vcpus = guest.vcpus else { return }
      let old = VirtualCPUs(reading: editor.domain)
      let most = vcpus.maximum ?? vcpus.count
      let isSame =
        old?.count == vcpus.count && (vcpus.maximum == nil || vcpus.maximum == old?.maximum)
      if !isSame {
        editor.setText(at: ["vcpu"], to: String(most), keepingSpace: true)
        if vcpus.maximum != nil {
          editor.setAttribute("current", at: ["vcpu"], to: String(vcpus.count))
        } else if let element = editor.domain.child("vcpu") {
          editor.changes.removeAttribute("current", of: element)
        }
        if !editor.fitsCores(vcpus, most: most) { editor.checkFits(vcpus, most: most) }
      }
      guard let topology = vcpus.topology, topology != old?.topology else { return }
      let place: [Step] = ["cpu", "topology"]
      editor.setAttribute("sockets", at: place, to: String(topology.sockets))
      if let dies = topology.dies { editor.setAttribute("dies", at: place, to: String(dies)) }
      editor.setAttribute("cores", at: place, to: String(topology.cores))
      editor.setAttribute("threads", at: place, to: String(topology.threads))
    })

  /// The CPU's mode and model, which a word writes.
  static let cpu = Property(
    name: "cpu", isGiven: { _ in false },
    read: { domain, guest in
      guard let cpu = domain.child("cpu") else { return }
      // What is there and empty says nothing.
      let given = { (text: String?) in text?.isEmpty == true ? nil : text }
      let (mode, model) = (given(cpu["mode"]), given(cpu.child("model")?.text.trimmingSpaces))
      guard mode != nil || model != nil else { return }
      guest.cpu = CPU(mode: mode ?? "custom", model: model)
    },
    write: { _, _ in })
}

extension VirtualCPUs {
  /// Reads `<vcpu>` and the topology in `<cpu>`.
  init?(reading domain: Element) {
    guard let element = domain.child("vcpu"), let most = Int(element.text.trimmingSpaces) else {
      return nil
    }
    let current = element["current"].flatMap { Int($0) }
    self.init(count: current ?? most, maximum: current == nil ? nil : most)
    guard let topology = domain.first(["cpu", "topology"]),
      let sockets = topology["sockets"].flatMap({ Int($0) }),
      let cores = topology["cores"].flatMap({ Int($0) }),
      let threads = topology["threads"].flatMap({ Int($0) })
    else { return }
    let dies = topology["dies"].flatMap { Int($0) }
    self.topology = Topology(sockets: sockets, dies: dies, cores: cores, threads: threads)
  }
}

extension DomainEditor {
  /// Lets the cores follow the number of CPUs where the topology is a row of cores; `false` where it
  /// is another.
  fileprivate mutating func fitsCores(_ vcpus: VirtualCPUs, most: Int) -> Bool {
    guard vcpus.topology == nil, let topology = VirtualCPUs(reading: domain)?.topology,
      topology.sockets == 1, topology.threads == 1, topology.dies ?? 1 == 1
    else { return false }
    setAttribute("cores", at: ["cpu", "topology"], to: String(most))
    checkFits(
      VirtualCPUs(count: vcpus.count, maximum: vcpus.maximum, topology: topology), most: most)
    return true
  }

  /// Refuses a number of CPUs that libvirt would refuse beside what else is said of them.
  fileprivate mutating func checkFits(_ vcpus: VirtualCPUs, most: Int) {
    if vcpus.topology == nil, let topology = VirtualCPUs(reading: domain)?.topology,
      topology.cpuCount != most
    {
      let threads = most.isMultiple(of: topology.threads) ? topology.threads : 1
      refuse(
        "the topology \(topology) multiplies to \(topology.cpuCount) CPUs, which libvirt refuses "
          + "beside \(most)",
        advice: """
          Give one that fits: \(.property(
              "vcpus",
              value: "\(most),sockets=1,cores=\(most / threads),threads=\(threads)")).
          """,
        at: domain.first(["cpu", "topology"]))
    }
    for pin in domain.first(["cputune"])?.children("vcpupin") ?? [] {
      guard let cpu = pin["vcpu"].flatMap({ Int($0) }), cpu >= most else { continue }
      refuse("CPU \(cpu) is pinned here, and there would be only \(most)", at: pin)
    }
    if let list = domain.child("vcpus") {
      refuse("the CPUs are listed one by one here; change the list instead", at: list)
    }
    for (name, attribute) in [
      ("vcpusched", "vcpus"), ("cachetune", "vcpus"), ("memorytune", "vcpus"),
    ] {
      for element in domain.first(["cputune"])?.children(name) ?? [] {
        guard let list = element[attribute], let last = CPUList(list)?.numbers.max(), last >= most
        else { continue }
        refuse(
          "<\(name)> is about CPU \(last) here, and there would be only \(most)",
          at: element)
      }
    }
    fitCells(most)
  }

  /// Gives the CPUs to the NUMA cells: all to one, or as many to each where each has its row of as many.
  private mutating func fitCells(_ most: Int) {
    let cells = domain.numaCells.filter { $0["cpus"] != nil }
    guard !cells.isEmpty else { return }
    let lists = cells.map { CPUList($0["cpus"] ?? "")?.numbers ?? [] }
    let size = lists[0].count
    let areRows = lists.enumerated().allSatisfy { index, list in
      list == Set(index * size..<(index + 1) * size)
    }
    guard areRows, size > 0, most.isMultiple(of: cells.count) else {
      refuseToShare("\(most)", cells, "cpus", example: "numa.cell0.cpus=0-\(max(most, 2) - 1)")
      return
    }
    let share = most / cells.count
    for (index, cell) in cells.enumerated() where share != size {
      let (first, last) = (index * share, (index + 1) * share - 1)
      setAttribute("cpus", of: cell, to: first == last ? "\(first)" : "\(first)-\(last)")
    }
  }
}

/// A list of CPUs as libvirt writes it: `0-3,8,^2`.
struct CPUList {
  /// More numbers than any guest has are not read.
  private static let most = VirtualCPUs.mostAccepted

  /// The CPUs.
  let numbers: Set<Int>

  /// Reads a list; `nil` for what is none.
  init?(_ text: String) {
    var numbers: Set<Int> = []
    for part in text.split(separator: ",") {
      let part = String(part).trimmingSpaces
      let isTaken = part.hasPrefix("^")
      let ends = part.drop { $0 == "^" }.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }),
        ends.count < 3, first >= 0, first <= last, last <= Self.most
      else { return nil }
      if isTaken { numbers.subtract(first...last) } else { numbers.formUnion(first...last) }
    }
    self.numbers = numbers
  }
}
