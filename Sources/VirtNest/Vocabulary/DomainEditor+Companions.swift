internal import LosslessXML

/// What a device cannot do without, or beside, elsewhere in the definition.
extension DomainEditor {
  /// libvirt takes an order for each device, or kinds of devices in order; a rule finds one given twice.
  mutating func prepareBootOrder(_ edit: WordEdit) {
    guard edit.kind.isDevice, let order = edit.value("boot.order"),
      edit.element?.child("boot")?["order"] != order
    else { return }
    let general = domain.child("os")?.children("boot") ?? []
    guard let first = general.first, !touches(first) else { return }
    for boot in general { changes.remove(boot) }
    note(
      "<boot dev> goes: libvirt refuses it beside the boot order of a device",
      at: first)
  }

  /// Refuses fewer I/O threads than disks and pins name.
  func checkThreads(_ edit: WordEdit) throws(InvalidValue) {
    guard let text = edit.value("iothreads"), let count = Int(text),
      domain.child("iothreadids") == nil
    else { return }
    let tune = domain.child("cputune")
    let drivers = domain.devices.compactMap { $0.child("driver") }
    let named =
      (tune?.children("iothreadpin") ?? []).map { ($0, $0["iothread"]) }
      + (tune?.children("iothreadsched") ?? []).map { ($0, $0["iothreads"]) }
      + drivers.map { ($0, $0["iothread"]) }
    for (element, list) in named {
      guard let last = list.flatMap({ CPUList($0) })?.numbers.max(), last > count else { continue }
      throw edit.refusal(
        "<\(element.localName)> in line \(element.location.line) names I/O thread \(last)")
    }
  }

  /// Brings the I/O threads that disks and controllers are given, unless a word says how many there are.
  mutating func needThreads(of proofs: [WordProof]) {
    let isThread = { (value: WordValue) in
      value.place.steps.map(\.name) == ["driver"] && value.place.leaf == .attribute("iothread")
    }
    let isCount = { (value: WordValue) in
      value.place.steps.first.map { ["iothreads", "iothreadids"].contains($0.name) } ?? false
    }
    let wanted =
      proofs.flatMap(\.values).filter(isThread).compactMap { $0.value.flatMap { Int($0) } }
      .max() ?? 0
    let count = domain.child("iothreads").flatMap { Int($0.text.trimmingSpaces) } ?? 0
    // A number far above those that there are is more likely wrong than wanted.
    guard wanted > count, wanted <= count + 16, domain.child("iothreadids") == nil,
      !proofs.contains(where: { $0.kind.path.isEmpty && $0.values.contains(where: isCount) })
    else { return }
    setText(at: ["iothreads"], to: String(wanted))
    note("I/O thread \(wanted) is given to a device: <iothreads> is now \(wanted)")
  }

  /// libvirt adds a USB keyboard and mouse to any ppc64 guest with graphics.
  mutating func needUSB() {
    guard let none = domain.withoutUSB else { return }
    setAttribute("model", of: none, to: "qemu-xhci")
    note(
      "graphics need a USB controller on a pseries guest: its model is now qemu-xhci",
      at: none)
  }

  /// Adds a SCSI controller where there is none, and says so.
  mutating func needSCSIController() {
    if addSCSIController() { note("a SCSI disk needs its controller: virtio-scsi is added") }
  }

  /// Adds a SCSI controller; `false` where there is one.
  @discardableResult
  mutating func addSCSIController() -> Bool {
    guard !domain.devices("controller").contains(where: { $0["type"] == "scsi" }),
      !newElements(named: "controller").contains(where: { element in
        element.attributes.contains { $0.name == "type" && $0.value == "scsi" }
      })
    else { return false }
    add(
      NewElement("controller", ["type": "scsi", "index": "0", "model": "virtio-scsi"]),
      to: ["devices"])
    return true
  }
}
