internal import LosslessXML

/// A definition that is checked, and what most rules want to know of it.
final class Subject: Sendable {
  /// The file's name as it was given.
  let file: String
  let definition: DomainDefinition
  let guest: Guest
  let nesting: NestingState
  let arguments: PassthroughArguments
  /// The day that releases are compared with.
  let today: CalendarDate
  /// Whether anything in the definition tries to switch nesting on, rightly or wrongly.
  let asksForNesting: Bool

  var domain: Element { definition.domain }
  /// Where the machine is said, or else the root.
  var machineElement: Element { domain.first(["os", "type"]) ?? domain }

  init(file: String, definition: DomainDefinition, today: CalendarDate) {
    self.file = file
    self.definition = definition
    self.today = today
    guest = Guest(reading: definition)
    nesting = NestingState(of: definition)
    arguments = PassthroughArguments(of: definition.domain)
    asksForNesting =
      nesting.contributions.contains { $0.value != .off } || Self.tries(definition.domain)
      || (nesting.wrapper != nil && guest.name.map(GuestName.hasKata) ?? false)
  }

  /// Whether an element or an argument anywhere looks like an attempt that libvirt does not see.
  private static func tries(_ domain: Element) -> Bool {
    domain.descendants.contains { element in
      if element.hasLocalName("nested-hv") { return element["state"] != "off" }
      guard element.hasLocalName("arg") else { return false }
      return element["value"].map(NestedCapability.isAttempt) ?? false
    }
  }

  /// Whether it is run by QEMU as a pseries machine.
  var isPSeries: Bool {
    guard ["kvm", "qemu"].contains(guest.domainType ?? "") else { return false }
    if let machine = guest.machine { return machine.isPSeries }
    return ["ppc64", "ppc64le"].contains(guest.architecture ?? "")
  }

  /// Whether QEMU runs it under TCG, its own emulation.
  var isEmulated: Bool { guest.domainType == "qemu" }

  /// Whether it asks for nesting and is a guest that could have it.
  var wantsNesting: Bool { asksForNesting && isPSeries }

  /// The release that its metadata names; `nil` where it names none, or one that is not in the
  /// table.
  var release: Release? { guest.osinfoID.flatMap { ReleaseTable.release(osinfoID: $0) } }

  /// The elements of a name, in whatever namespace, that libvirt could read: those of other programs
  /// in `<metadata>` are left out.
  func elements(withLocalName name: String) -> [Element] {
    domain.descendants.filter { $0.hasLocalName(name) && !isInMetadata($0) }
  }

  private func isInMetadata(_ element: Element) -> Bool {
    var element = element
    while let parent = element.parent, parent != domain { element = parent }
    return element.isNamed("metadata")
  }

  /// The devices of a name.
  func devices(_ name: String) -> [Element] {
    domain.children("devices").flatMap { $0.children(name) }
  }
}

/// How the names of QEMU's nested capabilities look, and what is near them.
enum NestedCapability {
  static let names = NestedAPI.allCases.map(\.machineProperty)

  /// Whether a property's name, with `-` for `_`, means to be one of the capabilities and is none.
  static func isMisspelt(_ key: String) -> Bool {
    !names.contains(key) && key.lowercased().contains("nested")
  }

  /// Whether an argument tries to switch a capability on, in whatever spelling.
  static func isAttempt(_ argument: String) -> Bool {
    let text = argument.replacing("_", with: "-").lowercased()
    guard let range = text.firstRange(of: "cap-nested") else { return false }
    let value = text[range.upperBound...].drop { $0 != "=" }.dropFirst().prefix { $0 != "," }
    return QEMUBoolean.parse(String(value)) != false
  }
}
