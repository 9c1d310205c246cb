internal import LosslessXML

/// A guest of a PC is made one of pseries: what that cannot have is taken away or converted.
extension DomainEditor {
  /// Makes the changes, and says so for each.
  mutating func mendForPSeries(_ before: Guest, _ wanted: inout Guest) {
    mendsForPSeries = true
    mendMachine(before, &wanted)
    var gone: Set<Element> = []
    for element in domain.all(["features", "*"])
    where PSeriesLimit.ignoredFeatures.contains(element.qualifiedName) {
      note("<\(element.localName)> has no meaning for a pseries guest; it is removed", element)
      removeWhole(element)
      gone.insert(element)
    }
    // A disk that is put on another bus may have what it cannot have there.
    var changed: [Element: [String: String]] = [:]
    var done: [Element: Set<String>] = [:]
    var goesOn = true
    while goesOn {
      goesOn = false
      let table = PSeriesLimit.all + PSeriesLimit.pairs
      for (limit, element) in PSeriesLimit.found(in: domain, table, changed: changed)
      where !limit.mends.isEmpty && !gone.contains(element)
        && done[element, default: []].insert(limit.message(element)).inserted
      {
        goesOn = true
        note("\(limit.message(element)); \(limit.mendText(past: true))", element)
        for mend in limit.mends { apply(mend, to: element, &changed) }
        if limit.mends.contains(.remove(nil)) { gone.insert(element) }
      }
    }
    if changed.values.contains(where: { $0["target/@bus"] == "scsi" }) { addSCSIController() }
  }

  private mutating func apply(
    _ mend: PSeriesLimit.Mend, to element: Element, _ changed: inout [Element: [String: String]]
  ) {
    switch mend {
    case .remove(nil): removeWhole(element)
    case .remove(let place?): for part in element.elements(at: place) { removeWhole(part) }
    case .unset(let place):
      unset(place, of: element)
      changed[element, default: [:]][place] = ""
    case .set(let place, let value):
      set(WordValue(place: WordPlace(inTable: place), value: value), in: element, element.path)
      changed[element, default: [:]][place] = value
    case .scsi:
      putOnSCSI(element)
      changed[element, default: [:]]["target/@bus"] = "scsi"
    case .usb: element.withoutUSB.map { removeWhole($0) }
    case .buses: removeAddressesBehindBridges()
    }
  }

  private mutating func note(_ message: String, _ element: Element) {
    diagnostics.append(.note("mend", message, at: element.place))
  }

  /// The machine, its architecture and its emulator.
  private mutating func mendMachine(_ before: Guest, _ wanted: inout Guest) {
    let type = domain.first(["os", "type"]) ?? domain
    if let machine = before.machine, !machine.isPSeries, wanted.machine == nil {
      note("a pseries guest is no machine '\(machine.name)'; machine='pseries' is written", type)
      wanted.machine = MachineType("pseries")
    }
    if let architecture = before.architecture, wanted.architecture == nil,
      !Guest.powerArchitectures.contains(architecture)
    {
      note(
        "pseries is a machine of ppc64le, not of \(architecture); arch='ppc64le' is written", type)
      wanted.architecture = "ppc64le"
    }
    if wanted.emulator == nil, let (emulator, name) = domain.foreignEmulator {
      note(
        "\(name) runs no pseries guest; <emulator> is removed, and libvirt takes its own", emulator)
      changes.remove(emulator)
    }
  }

  /// Removes an element; one of `<features>` with the container when that is empty then.
  private mutating func removeWhole(_ element: Element) {
    if element.parent?.isNamed("features") == true {
      removeFromContainer(element)
    } else {
      changes.remove(element)
    }
  }

  private mutating func unset(_ place: String, of element: Element) {
    let (steps, name) = Element.split(place)
    if let holder = element.first(steps) {
      changes.removeAttribute(String(name.dropFirst()), of: holder)
    }
  }

  /// Puts a disk on the SCSI bus, under a name of that.
  private mutating func putOnSCSI(_ disk: Element) {
    guard let target = disk.child("target") else { return }
    if target["dev"]?.hasPrefix("sd") != true {
      setAttribute("dev", of: target, to: freeTarget(ofBus: "scsi"))
    }
    setAttribute("bus", of: target, to: "scsi")
    disk.child("address").map { changes.remove($0) }
  }

  /// Removes addresses behind bridges that go: libvirt gives new ones.
  private mutating func removeAddressesBehindBridges() {
    for device in domain.devices {
      guard let address = device.child("address"), address["type"] == "pci",
        let bus = address["bus"], bus.contains(where: { $0 != "0" && $0 != "x" })
      else { continue }
      changes.remove(address)
    }
  }
}
