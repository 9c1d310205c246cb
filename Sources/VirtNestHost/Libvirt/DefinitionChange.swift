internal import Glibc
internal import LosslessXML
internal import SystemPackage
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

  /// Whether the definition is libvirt's own with changes, so that what it leaves out shall go.
  let isWhole: Bool

  /// Compares a definition with the guest on the host; changes nothing.
  ///
  /// - Parameters:
  ///   - host: the guest that libvirt has, by the definition's name or uuid.
  ///   - isWhole: whether the definition is libvirt's own with changes. Otherwise libvirt fills in
  ///     what it leaves out.
  ///   - dropsSecrets: display passwords that the definition leaves out are removed; otherwise the
  ///     host's passwords are kept.
  /// - Throws: ``VirtNestError`` if the definition conflicts with another guest.
  package init(
    _ definition: DomainDefinition, of host: HostGuest?, on libvirt: Virsh, isWhole: Bool = false,
    dropsSecrets: Bool = false
  ) throws {
    let guest = Guest(reading: definition)
    guard let name = guest.name else {
      throw VirtNestError(.libvirt, "the definition has no <name>")
    }
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
    self.libvirt = libvirt
    self.name = name
    self.host = host
    self.definition = whole
    self.notes = notes
    self.isWhole = isWhole
  }

  /// The guest that a definition is about, to look for it on a host.
  package static func wanted(_ definition: DomainDefinition) -> HostGuest.Wanted {
    let guest = Guest(reading: definition)
    return HostGuest.Wanted(name: guest.name, uuid: guest.uuid)
  }

  /// Finds conflicts before libvirt does, because its messages do not say what to do.
  private static func check(_ guest: Guest, _ name: String, against host: HostGuest) throws {
    if host.name != name {
      throw VirtNestError(
        .libvirt,
        "the guest '\(host.name)' already has the uuid \(host.uuid); rename that guest first (virsh "
          + "domrename \(shellOperand(host.name)) \(shellWord(name))), or use another uuid (virt-nest patch --uuid)"
      )
    }
    guard let uuid = guest.uuid else {
      throw VirtNestError(
        .libvirt,
        "a guest '\(name)' exists already, and libvirt refuses a second one of that name; to change "
          + "the existing guest, set its uuid: virt-nest patch --uuid \(host.uuid)")
    }
    guard uuid == host.uuid else {
      throw VirtNestError(
        .libvirt,
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
    let comparison = DefinitionComparison(definition, with: host.definition, isWhole: isWhole)
    return UnifiedDiff(
      from: comparison.old, to: comparison.new, oldLabel: "\(name) on \(libvirt.displayName)",
      newLabel: name)
  }

  /// How many definitions are open for virsh at once: a process has 1,024 files by default.
  private static let filesAtOnce = 200

  /// What became of a guest.
  package struct Outcome: Sendable {
    /// Notes for the user.
    package var notes: [String] = []
    /// Why it was not defined; `nil` if it was.
    package var failure: VirtNestError?

    /// Nothing went wrong, and there is nothing to say.
    package init(notes: [String] = [], failure: VirtNestError? = nil) {
      (self.notes, self.failure) = (notes, failure)
    }
  }

  /// Defines guests in one virsh, unless the host's definitions have changed since they were compared.
  ///
  /// libvirt replaces each definition as a whole. One that fails does not stop the others.
  /// - Parameter validates: whether libvirt validates the definitions against its schema.
  /// - Returns: what became of each.
  /// - Throws: ``VirtNestError`` before anything is defined, or if libvirt does not answer afterwards.
  package static func define(
    _ changes: [DefinitionChange], validates: Bool, on libvirt: Virsh
  ) async throws -> [Outcome] {
    let places = changes.map { HostGuest.Wanted(name: $0.name, uuid: $0.host?.uuid) }
    let now = try await HostGuest.find(places, on: libvirt).guests
    var outcomes = zip(changes, now).map { change, now in
      now?.definition.document.bytes == change.host?.definition.document.bytes
        ? Outcome()
        : Outcome(
          failure: VirtNestError(
            .libvirt,
            "its definition on \(libvirt.displayName) has changed meanwhile; run the command again")
        )
    }
    let open = changes.indices.filter { outcomes[$0].failure == nil }
    for start in stride(from: 0, to: open.count, by: filesAtOnce) {
      let part = open[start..<min(start + filesAtOnce, open.count)]
      // Files without names, which virsh opens through this process: they may hold passwords.
      var files: [FileDescriptor] = []
      defer { for file in files { try? file.close() } }
      for index in part { files.append(try unnamedFile(changes[index].definition.document.bytes)) }
      let commands = files.map { file in
        "define \(validates ? "--validate " : "")\(file.pathForOthers)"
      }
      let answers: [Virsh.Answer]
      do {
        answers = try await libvirt.answers(to: commands)
      } catch let error as VirtNestError where error.has(.libvirt) {
        // A connection that is lost leaves open which of these are defined.
        for index in part { outcomes[index].failure = error }
        continue
      }
      for (index, answer) in zip(part, answers) where !answer.errors.isEmpty {
        outcomes[index].failure = VirtNestError(
          virsh: answer.errors.filter { !$0.hasPrefix("Failed to define domain from ") })
      }
    }
    let after = try await HostGuest.find(
      changes.map { Self.wanted($0.definition) }, on: libvirt
    ).guests
    for index in open where outcomes[index].failure == nil {
      outcomes[index] = changes[index].outcome(after[index])
    }
    return outcomes
  }

  /// What is to be said of the guest as libvirt has it now.
  private func outcome(_ after: HostGuest?) -> Outcome {
    guard let after else {
      return Outcome(
        failure: VirtNestError(
          .libvirt, "it was defined, but does not exist any more; it may have been undefined"))
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
    return Outcome(notes: notes)
  }
}

/// The VNC and SPICE passwords of a definition.
///
/// libvirt prints them only with `--security-info` (libvirt, `src/conf/domain_conf.c`,
/// `virDomainGraphicsAuthDefFormatAttr`).
enum Secrets {
  private static let attributes = ["passwd", "passwdValidTo"]

  private static func graphics(in definition: DomainDefinition) -> [Element] {
    definition.domain.devices("graphics")
  }

  /// Copies passwords from the host's definition to displays that have none.
  ///
  /// - Returns: the new bytes, and the kinds of display whose password was copied.
  static func kept(
    from host: DomainDefinition, in definition: DomainDefinition
  ) throws(ConflictingChanges) -> (bytes: [UInt8], kinds: [String]) {
    var changes = Changes(definition.document)
    var kinds: [String] = []
    for element in graphics(in: definition) where element["passwd"] == nil {
      let same = graphics(in: host).first { $0["type"] == element["type"] }
      guard let same, same["passwd"] != nil else { continue }
      for name in attributes {
        if let value = same[name] { changes.setAttribute(name, of: element, to: value) }
      }
      kinds.append(element["type"]?.uppercased() ?? "")
    }
    return (try changes.sortedEdits().applied(to: definition.document.bytes), kinds)
  }
}
