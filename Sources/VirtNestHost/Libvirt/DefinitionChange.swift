internal import LosslessXML
package import VirtNest

/// A definition that is to be defined on a host, compared with the definition that is there.
package struct DefinitionChange: Sendable {
  /// The libvirt of the host.
  package let libvirt: Virsh
  /// The guest's name.
  package let name: String
  /// The guest on the host; `nil` if it is new.
  package let host: HostGuest?
  /// The complete new definition.
  package let definition: DomainDefinition
  /// Notes for the user before the change.
  package let notes: [String]

  /// Compares a definition with the guest on the host; changes nothing.
  ///
  /// - Parameter dropsSecrets: display passwords that the definition leaves out are removed;
  ///   otherwise the host's passwords are kept.
  /// - Throws: ``VirshError``, also if the definition conflicts with another guest; ``ToolFailure``.
  package init(
    _ definition: DomainDefinition, on libvirt: Virsh, dropsSecrets: Bool = false
  ) async throws {
    let guest = Guest(reading: definition)
    guard let name = guest.name else { throw VirshError("the definition has no <name>") }
    let host = try await HostGuest.find(name: name, uuid: guest.uuid, on: libvirt)
    if let host { try Self.check(guest, name, against: host) }
    var notes: [String] = []
    var whole = definition
    if let host, !dropsSecrets {
      let (bytes, kinds) = try Secrets.kept(from: host.definition, in: definition)
      whole = try DomainDefinition(bytes)
      notes += kinds.map {
        "the \($0) password of the host's definition is kept, because this definition has none; "
          + "use --drop-secrets to remove it"
      }
    }
    self.init(libvirt: libvirt, name: name, host: host, definition: whole, notes: notes)
  }

  private init(
    libvirt: Virsh, name: String, host: HostGuest?, definition: DomainDefinition, notes: [String]
  ) {
    self.libvirt = libvirt
    self.name = name
    self.host = host
    self.definition = definition
    self.notes = notes
  }

  /// Finds conflicts before libvirt does, because its messages do not say what to do.
  private static func check(_ guest: Guest, _ name: String, against host: HostGuest) throws {
    if host.name != name {
      throw VirshError(
        "the guest '\(host.name)' already has the uuid \(host.uuid); rename that guest first (virsh "
          + "domrename \(shellOperand(host.name)) \(shellWord(name))), or use another uuid (virt-nest patch --uuid)"
      )
    }
    guard let uuid = guest.uuid else {
      throw VirshError(
        "a guest '\(name)' exists already, and libvirt refuses a second one of that name; to change "
          + "the existing guest, set its uuid: virt-nest patch --uuid \(host.uuid)")
    }
    guard uuid == host.uuid else {
      throw VirshError(
        "a guest '\(name)' exists already, with the uuid \(host.uuid) and not \(uuid); set that uuid "
          + "here (virt-nest patch --uuid \(host.uuid)), or use another name")
    }
  }

  /// Whether nothing would change.
  package var isEmpty: Bool { host.map { difference(to: $0).isEmpty } ?? false }

  /// The change in the format of `diff -u`.
  ///
  /// For a new guest it shows the whole definition. Passwords are not shown.
  package func diff(coloured: Bool, escaped: Bool) -> [UInt8] {
    if let host { return difference(to: host).bytes(coloured: coloured, escaped: escaped) }
    return UnifiedDiff(
      from: [], to: DefinitionComparison.printed(definition), oldLabel: "/dev/null", newLabel: name
    ).bytes(coloured: coloured, escaped: escaped)
  }

  private func difference(to host: HostGuest) -> UnifiedDiff {
    let comparison = DefinitionComparison(definition, with: host.definition)
    return UnifiedDiff(
      from: comparison.old, to: comparison.new, oldLabel: "\(name) on \(libvirt.displayName)",
      newLabel: name)
  }

  /// Defines the guest, unless the host's definition has changed since it was compared.
  ///
  /// libvirt validates the definition against its schema, and replaces the old one as a whole.
  /// - Returns: Notes for the user after the change.
  /// - Throws: ``VirshError``, ``ToolFailure``.
  package func define() async throws -> [String] {
    let now = try await HostGuest.find(name: name, uuid: host?.uuid, on: libvirt)
    guard now?.definition.document.bytes == host?.definition.document.bytes else {
      throw VirshError(
        "its definition on \(libvirt.displayName) has changed meanwhile; run the command again")
    }
    _ = try await libvirt.run(
      ["define", "--validate", "/dev/stdin"], input: unnamedFile(definition.document.bytes))
    guard let after = try await HostGuest.find(name: name, uuid: nil, on: libvirt) else {
      throw VirshError("it was defined, but does not exist any more; it may have been undefined")
    }
    var notes: [String] = []
    let (asked, got) = (NestingFacts(of: definition), NestingFacts(of: after.definition))
    if asked.effective != got.effective {
      notes.append(
        "warning: libvirt's definition does not give the nesting that this definition asks for; see "
          + "virsh dumpxml --inactive \(shellOperand(name)) | virt-nest inspect -")
    }
    if let host, after.definition.document.bytes == host.definition.document.bytes {
      notes.append("libvirt's definition has not changed")
    } else if after.isActive {
      notes.append(
        "the guest is running; the change takes effect after virsh shutdown and virsh start, not "
          + "after a reboot inside the guest")
    }
    return notes
  }
}
