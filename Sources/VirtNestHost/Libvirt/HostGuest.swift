package import VirtNest

/// A guest that a libvirt knows.
package struct HostGuest: Sendable {
  /// Its name.
  package let name: String
  /// Its uuid.
  package let uuid: DomainUUID
  /// Whether it runs, or is paused.
  package let isActive: Bool
  /// The definition that its next start uses, with its secrets.
  package let definition: DomainDefinition

  /// The guest of a name or uuid; `nil` where there is none.
  ///
  /// - Throws: ``VirshError``, ``ToolFailure``.
  package static func find(
    name: String?, uuid: DomainUUID?, on libvirt: Virsh
  ) async throws -> HostGuest? {
    let listed = try await libvirt.run(["list", "--all", "--uuid", "--name"])
    for line in listed.split(whereSeparator: \.isNewline) {
      guard let known = DomainUUID(String(line.prefix(36))) else { continue }
      // Exact: names may hold spaces, and virsh takes a name of digits for a number.
      let knownName = String(line.dropFirst(37).reversed().drop { $0 == " " }.reversed())
      guard known == uuid || knownName == name else { continue }
      return try await guest(known, knownName, on: libvirt)
    }
    return nil
  }

  private static func guest(
    _ uuid: DomainUUID, _ name: String, on libvirt: Virsh
  ) async throws -> HostGuest {
    // One virsh for both: behind ssh each is a login of its own.
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
