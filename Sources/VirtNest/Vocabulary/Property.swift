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
    .value("virt-type", at: [], attribute: "type", \.domainType) { $0.domainType = $1 },
    .value("name", at: ["name"], \.name) { $0.name = $1 },
    .uuid,
    .value("os", at: ["metadata", .libosinfo, .libosinfoOS], attribute: "id", \.osinfoID) {
      $0.osinfoID = $1
    },
  ]
  private static let resources: [Property] = [.memory, .hugePages, .vcpus, .cpu]
  private static let boot: [Property] = [
    .value("arch", at: ["os", "type"], attribute: "arch", \.architecture) { $0.architecture = $1 },
    .machine,
    .bootDevices,
  ]
  private static let features = PSeriesFeature.allCases.map { Property.feature($0) }
  private static let devices: [Property] = [
    .value("emulator", at: ["devices", "emulator"], \.emulator) { $0.emulator = $1 }, .console,
  ]

  // Key paths would take a third of the time of a change: how a value is set is said apart.
  typealias Getter = @Sendable (Guest) -> String?
  typealias Setter = @Sendable (inout Guest, String?) -> Void

  /// A property that is the text of one element, or one of its attributes.
  static func value(
    _ name: String, at place: [Step], attribute: String? = nil, _ get: @escaping Getter,
    _ set: @escaping Setter
  ) -> Property {
    Property(
      name: name,
      isGiven: { get($0) != nil },
      read: { domain, guest in
        let element = domain.first(place)
        set(&guest, attribute == nil ? element?.text : attribute.flatMap { element?[$0] })
      },
      write: { guest, editor in
        guard let value = get(guest) else { return }
        if let attribute {
          editor.setAttribute(attribute, at: place, to: value)
        } else {
          editor.setText(at: place, to: value)
        }
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
