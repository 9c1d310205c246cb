internal import LosslessXML
package import VirtNest

/// A guest that is defined on a host.
package struct HostGuest: Sendable {
  /// The guest's name.
  package let name: String
  /// The guest's uuid.
  package let uuid: DomainUUID
  /// Whether it is running or paused.
  package let isActive: Bool
  /// The definition for its next start, with passwords.
  package let definition: DomainDefinition

  /// Finds a guest by name or uuid; `nil` if there is none.
  ///
  /// - Throws: ``VirshError``, ``ToolFailure``.
  package static func find(
    name: String?, uuid: DomainUUID?, on libvirt: Virsh
  ) async throws -> HostGuest? {
    let listed = try await libvirt.run(["list", "--all", "--uuid", "--name"])
    for line in listed.split(whereSeparator: \.isNewline) {
      guard let known = DomainUUID(String(line.prefix(36))) else { continue }
      // Compared here, because virsh takes a name of digits for an id. A name may contain spaces.
      let knownName = String(line.dropFirst(37).reversed().drop { $0 == " " }.reversed())
      guard known == uuid || knownName == name else { continue }
      return try await guest(known, knownName, on: libvirt)
    }
    return nil
  }

  private static func guest(
    _ uuid: DomainUUID, _ name: String, on libvirt: Virsh
  ) async throws -> HostGuest {
    // One virsh for both commands, because with an ssh URI each virsh logs in again.
    let answer = try await libvirt.run([
      "domstate \(uuid); dumpxml --inactive --security-info \(uuid)"
    ])
    let state = answer.prefix { $0 != "<" }
    let text = answer[state.endIndex...]
    let definition: DomainDefinition
    do { definition = try DomainDefinition(Array(text.utf8)) } catch {
      throw VirshError(error.description)
    }
    return HostGuest(
      name: name, uuid: uuid, isActive: !state.hasPrefix("shut off"), definition: definition)
  }
}
