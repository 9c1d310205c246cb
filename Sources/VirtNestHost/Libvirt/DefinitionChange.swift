internal import LosslessXML
package import VirtNest

/// A definition that is about to be a guest's on a libvirt.
package struct DefinitionChange: Sendable {
  /// The libvirt.
  package let libvirt: Virsh
  /// The guest's name.
  package let name: String
  /// What the libvirt has of it; `nil` where it is new.
  package let host: HostGuest?
  /// What it will have, as a whole.
  package let definition: DomainDefinition
  /// What there is to know before.
  package let notes: [String]

  /// Looks at what a libvirt has, and changes nothing.
  ///
  /// - Parameter dropsSecrets: passwords of displays that the definition leaves out are lost; else
  ///   the host's are kept.
  /// - Throws: ``VirshError`` also where the definition collides with another guest; ``ToolFailure``.
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
        "the \($0) password of the host's definition is kept, for this one has none "
          + "(--drop-secrets leaves it out)"
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

  /// The words of libvirt itself name neither the place nor what to do.
  private static func check(_ guest: Guest, _ name: String, against host: HostGuest) throws {
    if host.name != name {
      throw VirshError(
        "the guest '\(host.name)' has the uuid \(host.uuid) there: rename it first (virsh "
          + "domrename '\(host.name)' '\(name)'), or give this one another: virt-nest patch --uuid")
    }
    guard let uuid = guest.uuid else {
      throw VirshError(
        "there is a guest '\(name)' already, and without a uuid libvirt takes this for another of "
          + "that name: virt-nest patch --uuid \(host.uuid)")
    }
    guard uuid == host.uuid else {
      throw VirshError(
        "there is a guest '\(name)' already, with the uuid \(host.uuid) and not \(uuid): give this "
          + "one that uuid (virt-nest patch --uuid \(host.uuid)) or another name")
    }
  }

  /// Whether what the libvirt has says the same in the same words.
  package var isEmpty: Bool { host.map { difference(to: $0).isEmpty } ?? false }

  /// What would change, as `diff -u` shows it.
  ///
  /// Of a new guest it is the whole definition. Passwords are not shown.
  package func diff(coloured: Bool) -> [UInt8] {
    if let host { return difference(to: host).bytes(coloured: coloured) }
    return UnifiedDiff(
      from: [], to: PrintedDefinition(definition).bytes, oldLabel: "/dev/null", newLabel: name
    ).bytes(coloured: coloured)
  }

  private func difference(to host: HostGuest) -> UnifiedDiff {
    UnifiedDiff(
      from: PrintedDefinition(host.definition).bytes,
      to: PrintedDefinition(definition, comparedWith: host.definition).bytes,
      oldLabel: "\(name) on \(libvirt.displayName)", newLabel: name)
  }

  /// Defines the guest, if the libvirt has still what it had.
  ///
  /// libvirt validates it against its schema, and replaces the definition as a whole or not at all.
  /// - Returns: What there is to know afterwards.
  /// - Throws: ``VirshError``, ``ToolFailure``.
  package func define() async throws -> [String] {
    let now = try await HostGuest.find(name: name, uuid: host?.uuid, on: libvirt)
    guard now?.definition.document.bytes == host?.definition.document.bytes else {
      throw VirshError("its definition on \(libvirt.displayName) has changed meanwhile: look again")
    }
    _ = try await libvirt.run(
      ["define", "--validate", "/dev/stdin"], input: unnamedFile(definition.document.bytes))
    guard let after = try await HostGuest.find(name: name, uuid: nil, on: libvirt) else {
      throw VirshError("it was defined, and is not there: did somebody undefine it?")
    }
    var notes: [String] = []
    let (asked, got) = (NestingFacts(of: definition), NestingFacts(of: after.definition))
    if asked.effective != got.effective {
      notes.append(
        "warning: nesting is not what the definition says once libvirt has read it: see "
          + "virsh dumpxml --inactive '\(name)' | virt-nest inspect -")
    }
    if let host, after.definition.document.bytes == host.definition.document.bytes {
      notes.append("libvirt's definition of it is as it was")
    } else if after.isActive {
      notes.append(
        "it is running: the change waits for its next start, which a reboot from inside is not "
          + "(virsh shutdown, then virsh start)")
    }
    return notes
  }
}
