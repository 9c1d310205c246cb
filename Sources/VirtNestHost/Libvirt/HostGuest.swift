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

  /// A guest to look for: the one with this name or this uuid.
  package struct Wanted: Sendable {
    var name: String?
    var uuid: DomainUUID?

    /// A guest with this name or this uuid.
    package init(name: String?, uuid: DomainUUID?) {
      self.name = name
      self.uuid = uuid
    }
  }

  /// What a libvirt has of guests.
  package struct Found: Sendable {
    /// The host's name, as libvirt gives it.
    package let host: String
    /// For each guest that was looked for, the one that is there.
    package let guests: [HostGuest?]
  }

  /// All guests of a libvirt.
  ///
  /// - Throws: ``VirtNestError``.
  static func all(on libvirt: Virsh) async throws -> [HostGuest] {
    let names = try await libvirt.run(["list", "--all", "--name"]).split(
      whereSeparator: \.isNewline)
    return try await find(names.map { Wanted(name: String($0), uuid: nil) }, on: libvirt).guests
      .compactMap(\.self)
  }

  /// Looks for guests, all in one virsh where their uuids are known, else in two.
  ///
  /// - Throws: ``VirtNestError``.
  package static func find(_ wanted: [Wanted], on libvirt: Virsh) async throws -> Found {
    let uuids = wanted.compactMap(\.uuid)
    let answers = try await libvirt.answers(
      to: ["hostname", "list --all --uuid --name"] + uuids.flatMap(commands))
    if let failure = answers[1].failure { throw failure }
    let listed = listing(answers[1].output)
    var known: [DomainUUID: (state: Virsh.Answer, definition: Virsh.Answer)] = [:]
    for (index, uuid) in uuids.enumerated() {
      known[uuid] = (answers[2 + 2 * index], answers[3 + 2 * index])
    }
    let rows = wanted.map { wanted in
      wanted.uuid.flatMap { uuid in listed.first { $0.uuid == uuid } }
        ?? wanted.name.flatMap { name in listed.first { $0.name == name } }
    }
    let others = Set(rows.compactMap { $0?.uuid }).filter { known[$0] == nil }
      .sorted { $0.description < $1.description }
    let more = try await libvirt.answers(to: others.flatMap(commands))
    for (index, uuid) in others.enumerated() {
      known[uuid] = (more[2 * index], more[2 * index + 1])
    }
    let guests = try rows.map { row in
      try row.flatMap { row in
        try known[row.uuid].flatMap { try guest(row.uuid, row.name, $0.state, $0.definition) }
      }
    }
    return Found(
      host: String(answers[0].output.prefix { !$0.isNewline }), guests: guests)
  }

  private static func commands(_ uuid: DomainUUID) -> [String] {
    ["domstate \(uuid)", "dumpxml --inactive --security-info \(uuid)"]
  }

  /// The lines of a list, looked through here, because virsh takes a name of digits for an id.
  private static func listing(_ text: String) -> [(uuid: DomainUUID, name: String)] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      guard let uuid = DomainUUID(String(line.prefix(36))) else { return nil }
      // A name may contain spaces.
      return (uuid, String(line.dropFirst(37).reversed().drop { $0 == " " }.reversed()))
    }
  }

  private static func guest(
    _ uuid: DomainUUID, _ name: String, _ state: Virsh.Answer, _ definition: Virsh.Answer
  ) throws(VirtNestError) -> HostGuest {
    if let failure = (state + definition).failure { throw failure }
    return HostGuest(
      name: name, uuid: uuid, isActive: !state.output.hasPrefix("shut off"),
      definition: try DomainDefinition(definition.xml))
  }
}

extension HostGuest {
  /// What a libvirt has of a guest.
  package enum State: String, Sendable {
    /// It has no such guest.
    case absent
    /// It has the definition, and the guest does not run.
    case shutOff = "shut off"
    /// The guest runs or is paused.
    case running
  }

  /// What libvirt has of the guest.
  package var state: State { isActive ? .running : .shutOff }

  /// Starts guests in one virsh; one that fails does not stop the others.
  ///
  /// - Returns: for each why it was not started; `nil` if it was.
  /// - Throws: ``VirtNestError`` if there is no connection.
  package static func start(_ names: [String], on libvirt: Virsh) async throws -> [VirtNestError?] {
    try await libvirt.answers(to: names.map { "start " + Virsh.quoted(Virsh.domain($0)) }).map(
      \.failure)
  }

  /// Why the guest may not be removed; `nil` if it may.
  ///
  /// - Parameter stops: whether it may be stopped for that.
  package func refusalOfRemoval(stops: Bool) -> VirtNestError? {
    if UpRecord.isIn(definition) {
      return VirtNestError(.libvirt, "virt-nest up has made the guest; remove it by virt-nest down")
    }
    return isActive && !stops
      ? VirtNestError(.libvirt, "the guest is running; shut it down before it is removed") : nil
  }

  /// Undefines guests in one virsh; their volumes stay.
  ///
  /// One that fails does not stop the others. A guest that runs is stopped as if its power was cut.
  /// - Returns: for each why it is still there; `nil` if it is not.
  /// - Throws: ``VirtNestError`` if there is no connection.
  package static func remove(
    _ guests: [HostGuest], on libvirt: Virsh
  ) async throws -> [VirtNestError?] {
    // Each guest has two commands, so that their answers are found again.
    let answers = try await libvirt.answers(
      to: guests.flatMap { guest in
        [guest.isActive ? "destroy \(guest.uuid)" : "echo", "undefine \(guest.uuid)"]
      })
    return guests.indices.map { (answers[2 * $0] + answers[2 * $0 + 1]).failure }
  }

  /// The removal in the format of `diff -u`, without passwords.
  package func removal(from libvirt: Virsh) -> [UInt8] {
    UnifiedDiff(
      from: DefinitionComparison.printed(definition), to: [],
      oldLabel: "\(name) on \(libvirt.displayName)", newLabel: "/dev/null"
    ).bytes()
  }
}
