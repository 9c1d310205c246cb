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

  /// The memory, also where it is the sum of NUMA cells.
  var memory: MemorySize? { domain.memoryOfCells ?? memoryInOnePlace }

  /// The elements of a name, in any namespace, that libvirt could read: those of other programs in
  /// `<metadata>` are left out.
  func elements(withLocalName name: String) -> [Element] {
    domain.descendants.filter { $0.hasLocalName(name) && !$0.isInMetadata }
  }

  /// All devices.
  var devices: [Element] { domain.devices }

  /// The NUMA cells.
  var numaCells: [Element] { domain.numaCells }

  /// The devices of a name.
  func devices(_ name: String) -> [Element] { domain.devices(name) }
}

extension Element {
  /// The number in an attribute; `nil` where it has none in digits.
  func number(_ attribute: String) -> Int? { self[attribute].flatMap { Int($0) } }

  /// Whether no element stands in it.
  var isLeaf: Bool { children.first { _ in true } == nil }

  /// Whether it stands in the `<metadata>` of its document's root.
  var isInMetadata: Bool {
    var element = self
    while let parent = element.parent, parent != document.root { element = parent }
    return element.isNamed("metadata")
  }
}

/// The values at the places that the tables of limits name.
extension Element {
  /// Every element at the end of steps.
  func all(_ path: [Step]) -> [Element] {
    path.reduce([self]) { elements, step in
      elements.flatMap { step.name == "*" ? $0.children.map { $0 } : $0.children(step.name) }
    }
  }

  /// The values at a place in the element, or, where it begins with a slash, in the definition;
  /// libvirt's own choice where the definition leaves it open.
  func values(at place: String) -> [String] {
    let (steps, name) = Self.split(place)
    let value = { (element: Element) in
      name == "#" ? element.text.trimmingSpaces : element[String(name.dropFirst())]
    }
    if place.hasPrefix("/") { return document.root.all(steps).compactMap(value) }
    return (first(steps).flatMap(value) ?? libvirtsChoice(place)).map { [$0] } ?? []
  }

  /// A place's steps, and the attribute (`@bus`) or `#` at their end.
  static func split(_ place: String) -> (steps: [Step], name: String) {
    var steps = place.split(separator: "/").map(String.init)
    let name = steps.removeLast()
    return (steps.map { Step($0) }, name)
  }

  /// The elements at a place in the element, or, where it begins with a slash, in the definition.
  func elements(at place: String) -> [Element] {
    let steps = place.split(separator: "/").map { Step(String($0)) }
    return (place.hasPrefix("/") ? document.root : self).all(steps)
  }

  private func libvirtsChoice(_ place: String) -> String? {
    switch (localName, place) {
    case ("cpu", "@mode"): "custom"
    case ("disk", "@device"): "disk"
    case ("disk", "target/@bus"): Self.bus(ofDisk: child("target")?["dev"] ?? "")
    case ("feature", "@policy"): "require"
    case ("input", "@bus"): "usb"
    default: nil
    }
  }

  /// The bus that libvirt takes for a target's name (src/conf/domain_conf.c, virDiskNameToBusDeviceIndex).
  private static func bus(ofDisk target: String) -> String? {
    let buses = [("xvd", "xen"), ("hd", "ide"), ("sd", "scsi"), ("vd", "virtio"), ("fd", "fdc")]
    return buses.first { target.hasPrefix($0.0) }?.1
  }

  /// The controller that says that the guest has no USB.
  var withoutUSB: Element? {
    document.root.devices("controller").first {
      $0["type"] == "usb" && $0["model"] == "none"
    }
  }

  /// Whether it is the model of a CPU that is not the host's: libvirt drops it beside the others.
  var isCustomModel: Bool {
    ["custom", nil].contains(parent?["mode"])
  }
}
