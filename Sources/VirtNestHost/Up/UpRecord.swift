internal import LosslessXML
package import VirtNest

/// What `virt-nest up` makes for a guest, kept in the `<metadata>` of its definition.
///
/// It is there before anything is made, and says of each volume how far it is. So an interrupted run
/// goes on, nothing else is taken for ours, and `down` removes what it names and nothing more.
package struct UpRecord: Hashable, Sendable {
  /// What a volume is for.
  package enum Role: String, Hashable, Sendable {
    /// The distribution's image, which the disk is on top of.
    case image
    /// The guest's own disk.
    case disk
    /// cloud-init's seed.
    case seed
  }

  /// How far a volume is.
  package enum State: String, Hashable, Sendable {
    /// It is going to be made; it may be there without its mark after an interruption.
    case planned
    /// It is made and ours, and its content is missing or incomplete.
    case created
    /// It is whole.
    case complete
  }

  /// A volume of a libvirt storage pool.
  package struct Volume: Hashable, Sendable {
    /// What it is for.
    package var role: Role
    /// The storage pool.
    package var pool: String
    /// The name of the volume in the pool.
    package var name: String
    /// The size of its content in bytes; of a disk, the size that the guest sees.
    package var size: UInt64
    /// The hash of its content; `nil` for what the guest writes to, and for an image that was there.
    package var sha256: String?
    /// How far it is.
    package var state: State
    /// Whether it is made by `up`; an image that was there already is not.
    package var isOurs: Bool
  }

  /// The volumes, in the order in which they are made.
  package var volumes: [Volume]

  /// The fixed addresses that the guest's seed gives it.
  package var addresses: [String] = []

  /// The namespace of the record.
  package static let namespace = "urn:virt-nest:up:1"

  init(volumes: [Volume], addresses: [String]) {
    self.volumes = volumes
    self.addresses = addresses
  }

  /// Reads the record in a definition; `nil` if there is none.
  ///
  /// - Throws: ``VirtNestError`` for a record that this version cannot read.
  package init?(in definition: DomainDefinition) throws(VirtNestError) {
    guard let made = Self.element(in: definition) else { return nil }
    guard made["version"] == "1" else {
      throw VirtNestError(
        .storage, "the record of virt-nest up is of another version: \(made["version"] ?? "")")
    }
    volumes = []
    addresses = made.children.filter { $0.localName == "address" }.map(\.text)
    for element in made.children where element.localName == "volume" {
      guard let role = element["role"].flatMap(Role.init), let pool = element["pool"],
        let name = element["name"], let size = element["size"].flatMap({ UInt64($0) }),
        let state = element["state"].flatMap(State.init), !pool.isEmpty, !name.isEmpty,
        self[role] == nil
      else {
        throw VirtNestError(.storage, "the record of virt-nest up in <metadata> is damaged")
      }
      volumes.append(
        Volume(
          role: role, pool: pool, name: name, size: size, sha256: element["sha256"], state: state,
          isOurs: element["made"] != "no"))
    }
  }

  /// The volume with a role; `nil` if the guest has none.
  package subscript(role: Role) -> Volume? {
    get { volumes.first { $0.role == role } }
    set {
      guard let index = volumes.firstIndex(where: { $0.role == role }), let newValue else { return }
      volumes[index] = newValue
    }
  }

  /// Whether a definition has a record, even one that cannot be read.
  static func isIn(_ definition: DomainDefinition) -> Bool { element(in: definition) != nil }

  private static func element(in definition: DomainDefinition) -> Element? {
    definition.domain.child("metadata")?.children.first { $0.namespace == namespace }
  }

  /// The definition with this record.
  func added(to definition: DomainDefinition) throws(VirtNestError) -> DomainDefinition {
    var changes = Changes(definition.document)
    var record = element(prefix: "up:")
    record.attributes.insert(.init("xmlns:up", value: Self.namespace), at: 0)
    let domain = definition.domain
    if let old = Self.element(in: definition) { changes.remove(old) }
    if let metadata = domain.child("metadata") {
      changes.insert(record, into: metadata, behind: Array(metadata.children).last)
    } else {
      // libvirt prints it behind these.
      let before = ["description", "title", "genid", "uuid", "name"].lazy
        .compactMap { domain.child($0) }.first
      changes.insert(NewElement("metadata", children: [record]), into: domain, behind: before)
    }
    do {
      return try DomainDefinition(try changes.sortedEdits().applied(to: definition.document.bytes))
    } catch let error as VirtNestError {
      throw error
    } catch {
      preconditionFailure("one insertion cannot collide: \(error)")
    }
  }

  /// The record as virsh metadata takes it, without a prefix.
  var text: String { String(decoding: element(prefix: "").bytes, as: UTF8.self) }

  private func element(prefix: String) -> NewElement {
    NewElement(
      prefix + "made", ["version": "1"],
      children: volumes.map { volume in
        NewElement(
          prefix + "volume",
          [
            "role": volume.role.rawValue, "pool": volume.pool, "name": volume.name,
            "size": "\(volume.size)", "sha256": volume.sha256, "state": volume.state.rawValue,
            "made": volume.isOurs ? nil : "no",
          ])
      } + addresses.map { NewElement(prefix + "address", text: $0) })
  }
}
