package import LosslessXML

extension Property {
  /// Memory, and the current memory that follows it where it was the same.
  static let memory = Property(
    name: "memory",
    isGiven: { $0.memory != nil || $0.currentMemory != nil },
    read: { domain, guest in
      guest.memory = domain.child("memory").flatMap { $0.memorySize }
      guest.currentMemory = domain.child("currentMemory").flatMap { $0.memorySize }
    },
    write: { guest, editor in
      let domain = editor.domain
      let old = domain.child("memory")?.memorySize
      if let memory = guest.memory {
        if memory.inKibibytes != old?.inKibibytes {
          editor.checkFits(memory)
          editor.setMemory(at: "memory", to: memory)
        }
        editor.fitCells(memory)
      }
      let current = domain.child("currentMemory")
      let oldCurrent = current?.memorySize
      if let wanted = guest.currentMemory {
        if wanted != oldCurrent { editor.setMemory(at: "currentMemory", to: wanted) }
        if let memory = guest.memory ?? old, wanted > memory {
          editor.refuse("the current memory \(wanted) is more than the memory \(memory)")
        }
      } else if let memory = guest.memory, let oldCurrent, oldCurrent == old || oldCurrent > memory,
        oldCurrent != memory
      {
        editor.setMemory(at: "currentMemory", to: memory)
      }
    })

  /// Memory out of the host's huge pages.
  static let hugePages = Property(
    name: "hugepages",
    isGiven: { $0.usesHugePages != nil || $0.hugePageSize != nil },
    read: { domain, guest in
      let hugePages = domain.first(["memoryBacking", "hugepages"])
      guest.usesHugePages = hugePages != nil
      guest.hugePageSize = hugePages?.child("page")?.sizeAttribute
    },
    write: { guest, editor in
      let place: [Step] = ["memoryBacking", "hugepages"]
      if guest.usesHugePages == false, let element = editor.domain.first(place) {
        editor.removeFromContainer(element)
      }
      if guest.usesHugePages == true { editor.ensure(at: place) }
      if let size = guest.hugePageSize,
        editor.domain.first(place)?.child("page")?.sizeAttribute != size
      {
        editor.setAttribute("size", at: place + ["page"], to: String(size.bytes >> 10))
        editor.setAttribute("unit", at: place + ["page"], to: "KiB")
      }
    })
}

extension DomainEditor {
  /// Writes an amount in the unit that stands there, or in KiB where it is no whole number of it.
  fileprivate mutating func setMemory(at name: String, to size: MemorySize) {
    let step = Step(name)
    let unit = domain.child(name).flatMap { MemorySize.Unit($0["unit"] ?? "KiB") }
    if let unit, let count = size.count(of: unit) {
      setText(at: [step], to: String(count), keepingSpace: true)
      return
    }
    let mebibytes = domain.child(name) == nil ? size.count(of: .mebibytes) : nil
    setAttribute("unit", at: [step], to: mebibytes == nil ? "KiB" : "MiB")
    setText(at: [step], to: String(mebibytes ?? size.inKibibytes), keepingSpace: true)
  }

  /// Refuses memory that libvirt would refuse, or silently replace, beside what else is said.
  fileprivate mutating func checkFits(_ memory: MemorySize) {
    // What the same command gives another value is looked at in the result.
    if !wordKinds.contains("maxmemory"), let most = domain.child("maxMemory"),
      let size = most.memorySize, size < memory
    {
      refuse(
        "memory \(memory) is more than <maxMemory> \(size), which is the most that the guest can "
          + "ever have; raise that first", at: most)
    }
    if !wordKinds.contains("memtune"), let limit = domain.first(["memtune", "hard_limit"]),
      let size = limit.memorySize, size < memory
    {
      refuse(
        "memory \(memory) is more than <hard_limit> \(size), beyond which the host ends the guest; "
          + "raise that first", at: limit)
    }
  }

  /// Gives the memory to the NUMA cells, of which libvirt takes the sum: to one, or evenly to several
  /// that are even.
  fileprivate mutating func fitCells(_ memory: MemorySize) {
    let cells = domain.numaCells
    let old = cells.map(\.cellMemory)
    let sum = old.reduce(0) { $0 + ($1?.inKibibytes ?? 0) }
    // The modules of memory are part of <memory>, and of no cell (`virDomainDefPostParseMemory`).
    let modules = domain.memoryOfModules.inKibibytes
    guard !cells.isEmpty else { return }
    guard memory.inKibibytes > modules else {
      refuse(
        "memory \(memory) is not more than that of the memory devices alone",
        at: cells[0])
      return
    }
    let memory = MemorySize.kibibytes(memory.inKibibytes - modules)
    guard sum != memory.inKibibytes else { return }
    let count = UInt64(cells.count)
    guard old.allSatisfy({ $0 != nil && $0 == old[0] }),
      memory.inKibibytes.isMultiple(of: count)
    else {
      refuseToShare(
        "\(memory)", cells, "memory",
        example: "numa.cell0.memory=\(memory.inKibibytes / count),numa.cell0.unit=KiB")
      return
    }
    let share = MemorySize.kibibytes(memory.inKibibytes / count)
    for cell in cells {
      let unit = MemorySize.Unit(cell["unit"] ?? "KiB")
      if let unit, let number = share.count(of: unit) {
        setAttribute("memory", of: cell, to: String(number))
      } else {
        setAttribute("memory", of: cell, to: String(share.inKibibytes))
        setAttribute("unit", of: cell, to: "KiB")
      }
    }
  }

  /// Says that what the cells have of something can be shared among them in more than one way.
  mutating func refuseToShare(
    _ amount: String, _ cells: [Element], _ attribute: String, example: String
  ) {
    refuse(
      "each NUMA cell says its \(attribute), and \(amount) can be shared among them in more than one "
        + "way: \(Self.list(of: cells, attribute)); change them one by one",
      advice: "For example: \(.edit("cpu", selector: nil, value: example)).", at: cells[0])
  }

  /// The cells with what each says, for a message.
  private static func list(of cells: [Element], _ attribute: String) -> String {
    cells.enumerated().map { index, cell in
      let unit = attribute == "memory" ? cell["unit"] ?? "KiB" : ""
      return "cell \(cell["id"] ?? String(index)) \(attribute)='\(cell[attribute] ?? "")'"
        + (unit.isEmpty ? "" : " \(unit)")
    }.joined(separator: ", ")
  }
}

extension Element {
  /// The memory of a domain's modules (`<memory model='dimm'>` and the like) together.
  fileprivate var memoryOfModules: MemorySize {
    .kibibytes(
      devices("memory").reduce(0) {
        $0 &+ ($1.first(["target", "size"])?.memorySize?.inKibibytes ?? 0)
      })
  }

  /// The memory of a domain's NUMA cells and modules together; `nil` where there are no cells, or
  /// libvirt cannot read one.
  var memoryOfCells: MemorySize? {
    let cells = numaCells
    guard !cells.isEmpty else { return nil }
    var sum = memoryOfModules.bytes
    for cell in cells {
      guard let bytes = cell.cellMemory?.bytes else { return nil }
      let (total, overflows) = sum.addingReportingOverflow(bytes)
      if overflows { return nil }
      sum = total
    }
    return MemorySize(bytes: sum)
  }

  /// The amount that a `<memory>` and its like stand for; `nil` where libvirt cannot read it.
  package var memorySize: MemorySize? { amount(text.trimmingSpaces) }

  /// The memory of a NUMA cell; `nil` where libvirt cannot read it.
  fileprivate var cellMemory: MemorySize? { amount(self["memory"]) }

  /// The size of a page; `nil` where libvirt cannot read it.
  var sizeAttribute: MemorySize? { amount(self["size"]) }

  /// A number in the unit of this element, which is KiB where it has none.
  private func amount(_ number: String?) -> MemorySize? {
    guard let unit = MemorySize.Unit(self["unit"] ?? "KiB"),
      let count = number.flatMap({ UInt64($0) })
    else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    return overflow ? nil : MemorySize(bytes: bytes)
  }
}
