internal import LosslessXML

/// A definition that is checked, and what most rules ask of it.
final class CheckedGuest: Sendable {
  /// The file's name as it was given.
  let file: String
  let definition: DomainDefinition
  let guest: Guest
  let nesting: NestingFacts
  /// The day that the ends of releases are compared with.
  let today: CalendarDate

  var domain: Element { definition.domain }
  var arguments: PassthroughArguments { nesting.arguments }
  /// `<type>` in `<os>`, or the root where there is none.
  var machineElement: Element { domain.first(["os", "type"]) ?? domain }

  init(file: String, definition: DomainDefinition, today: CalendarDate) {
    self.file = file
    self.definition = definition
    self.today = today
    guest = Guest(reading: definition)
    nesting = NestingFacts(of: definition, guest)
  }

  /// Whether QEMU runs it as a pseries machine.
  var isPSeries: Bool { guest.isPSeries }

  /// Whether QEMU runs it under TCG, its own emulation.
  var isEmulated: Bool { guest.domainType == "qemu" }

  /// Whether it asks for nesting and is a guest that could have it.
  var wantsNesting: Bool { nesting.isAskedFor && isPSeries }

  /// Whether libvirt's QEMU driver reads it, and with it `<qemu:commandline>`.
  var isForQEMU: Bool { ["kvm", "qemu"].contains(guest.domainType ?? "") }

  /// The release that its metadata names; `nil` where it names none, or one that is not in the
  /// table.
  var release: Release? { guest.osinfoID.flatMap { ReleaseTable.release(osinfoID: $0) } }

  /// The memory, where `<memory>` says it; `nil` where it is the sum of NUMA cells.
  var memoryInOnePlace: MemorySize? {
    domain.first(["cpu", "numa", "cell"]) == nil ? guest.memory : nil
  }

  /// The elements of a name, in any namespace, that libvirt could read: those of other programs in
  /// `<metadata>` are left out.
  func elements(withLocalName name: String) -> [Element] {
    domain.descendants.filter { $0.hasLocalName(name) && !$0.isInMetadata }
  }

  /// All devices.
  var devices: [Element] { domain.children("devices").flatMap(\.children) }

  /// The NUMA cells.
  var numaCells: [Element] {
    domain.children("cpu").flatMap { $0.children("numa") }.flatMap { $0.children("cell") }
  }

  /// The devices of a name.
  func devices(_ name: String) -> [Element] {
    domain.children("devices").flatMap { $0.children(name) }
  }
}

extension Element {
  /// Whether it stands in the `<metadata>` of its document's root.
  var isInMetadata: Bool {
    var element = self
    while let parent = element.parent, parent != document.root { element = parent }
    return element.isNamed("metadata")
  }
}
