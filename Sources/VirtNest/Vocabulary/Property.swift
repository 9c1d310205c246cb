internal import LosslessXML

/// A row of the table that ties the properties of a guest to their places in a definition.
///
/// Reading and writing use the same row. Writing edits nothing where the definition says the same
/// already, in whatever spelling.
struct Property: Sendable {
  /// The name, as the command's options have it.
  let name: String
  /// Whether a partial guest says something about it.
  let isGiven: @Sendable (Guest) -> Bool
  /// Takes over what a definition says.
  let read: @Sendable (Element, inout Guest) -> Void
  /// Makes a definition say what a partial guest says; does nothing where that says nothing.
  let write: @Sendable (Guest, inout DomainEditor) -> Void

  /// Whether a definition says what a partial guest says, so that writing it changes nothing.
  func isTrue(of guest: Guest, in definition: DomainDefinition) -> Bool {
    var editor = DomainEditor(definition)
    write(guest, &editor)
    return (try? editor.resolved().sortedEdits().isEmpty) == true
  }

  /// The table, in the order in which libvirt prints the places.
  static let all: [Property] = identity + resources + boot + features + devices

  /// What decides whether a guest can nest.
  static let forNesting =
    identity.filter { ["virt-type", "name"].contains($0.name) } + [.cpu] + boot.prefix(2)

  private static let identity: [Property] = [
    .attribute("virt-type", "type", at: [], \.domainType) { $0.domainType = $1 },
    .text("name", at: ["name"], \.name) { $0.name = $1 },
    .uuid,
    .attribute("os", "id", at: ["metadata", .libosinfo, .libosinfoOS], \.osinfoID) {
      $0.osinfoID = $1
    },
  ]
  private static let resources: [Property] = [.memory, .hugePages, .vcpus, .cpu]
  private static let boot: [Property] = [
    .attribute("arch", "arch", at: ["os", "type"], \.architecture) { $0.architecture = $1 },
    .machine,
    .text("kernel", at: ["os", "kernel"], \.boot.kernel) { $0.boot.kernel = $1 },
    .text("initrd", at: ["os", "initrd"], \.boot.initrd) { $0.boot.initrd = $1 },
    .text("kernel_args", at: ["os", "cmdline"], \.boot.kernelArguments) {
      $0.boot.kernelArguments = $1
    },
    .bootDevices,
  ]
  private static let features = PSeriesFeature.allCases.map { Property.feature($0) }
  private static let devices: [Property] = [
    .text("emulator", at: ["devices", "emulator"], \.emulator) { $0.emulator = $1 }, .console,
  ]

  // Key paths would take a third of the time of a change: how a value is set is said apart.
  typealias Getter = @Sendable (Guest) -> String?
  typealias Setter = @Sendable (inout Guest, String?) -> Void

  /// A property that is the text of one element.
  private static func text(
    _ name: String, at place: [Step], _ get: @escaping Getter, _ set: @escaping Setter
  ) -> Property {
    Property(
      name: name,
      isGiven: { get($0) != nil },
      read: { domain, guest in set(&guest, domain.first(place)?.text) },
      write: { guest, editor in
        if let value = get(guest) { editor.setText(at: place, to: value) }
      })
  }

  /// The uuid, equal in any spelling that libvirt reads.
  static let uuid = Property(
    name: "uuid",
    isGiven: { $0.uuid != nil },
    read: { domain, guest in guest.uuid = domain.child("uuid").flatMap { DomainUUID($0.text) } },
    write: { guest, editor in
      guard let uuid = guest.uuid,
        editor.domain.child("uuid").flatMap({ DomainUUID($0.text) }) != uuid
      else { return }
      editor.setText(at: ["uuid"], to: uuid.description)
    })

  /// A property that is one attribute.
  private static func attribute(
    _ name: String, _ attribute: String, at place: [Step], _ get: @escaping Getter,
    _ set: @escaping Setter
  ) -> Property {
    Property(
      name: name,
      isGiven: { get($0) != nil },
      read: { domain, guest in set(&guest, domain.first(place)?[attribute]) },
      write: { guest, editor in
        if let value = get(guest) { editor.setAttribute(attribute, at: place, to: value) }
      })
  }

  /// The machine type; properties that are joined to it stay.
  private static let machine = Property(
    name: "machine",
    isGiven: { $0.machine != nil },
    read: { domain, guest in
      guest.machine = domain.first(["os", "type"])?["machine"].map { MachineType($0) }
    },
    write: { guest, editor in
      guard let machine = guest.machine else { return }
      let old = editor.domain.first(["os", "type"])?["machine"] ?? ""
      let joined = String(old.unicodeScalars.drop { $0 != "," })
      editor.setAttribute("machine", at: ["os", "type"], to: machine.text + joined)
    })
}
