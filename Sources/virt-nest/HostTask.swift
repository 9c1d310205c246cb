import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// A guest of a libvirt, and what shall become of it.
struct HostTask {
  /// What shall become of its definition.
  enum Work {
    /// It shall be this one.
    case define(DomainDefinition)
    /// It shall be libvirt's own with changes.
    case change((Input) throws -> Patch)
    /// It stays as it is.
    case keep
    /// It shall go.
    case remove(stops: Bool)
  }

  /// The guest's name, or where its definition is from.
  var source: String
  var file: String?
  var work: Work
  /// Whether the guest shall run.
  var runs = false
  /// What the rules found in its definition.
  var findings: [Diagnostic] = []

  /// The guest to look for.
  var wanted: HostGuest.Wanted {
    if case .define(let definition) = work { return DefinitionChange.wanted(definition) }
    return HostGuest.Wanted(name: source, uuid: DomainUUID(source))
  }

  /// The report of a task that is not begun.
  var unplanned: GuestReport {
    var report = GuestReport(file: file)
    report.findings = findings
    guard case .define(let definition) = work else {
      report.name = source
      return report
    }
    let guest = Guest(reading: definition)
    (report.name, report.uuid) = (guest.name, guest.uuid?.description)
    return report
  }

  /// The task, once it is known what a libvirt has.
  ///
  /// - Throws: ``VirtNestError`` if the definition conflicts with a guest that is there, if there is
  ///   no such guest, or if it may not be changed or removed.
  func planned(
    for host: HostGuest?, on libvirt: Virsh, dropsSecrets: Bool
  ) throws -> PlannedGuest {
    var plan = PlannedGuest(
      task: self, name: host?.name ?? source, host: host, libvirt: libvirt, change: nil)
    switch work {
    case .remove(let stops):
      if let refusal = host?.refusalOfRemoval(stops: stops) { throw refusal }
      return plan
    case .define(let definition):
      plan.change = try DefinitionChange(
        definition, of: host, on: libvirt, dropsSecrets: dropsSecrets)
    case .keep, .change:
      guard let host else {
        throw VirtNestError("there is no such guest on \(libvirt.displayName)", in: source)
      }
      guard case .change(let change) = work else { return plan }
      let patch = try change(Input(name: host.name, bytes: host.definition.document.bytes))
      let result = Input(name: host.name, bytes: patch.bytes)
      plan.change = try DefinitionChange(
        try result.definition(), of: host, on: libvirt, isWhole: true, dropsSecrets: dropsSecrets)
    }
    plan.name = plan.change?.name ?? plan.name
    return plan
  }
}

/// A task, compared with what a libvirt has.
struct PlannedGuest {
  let task: HostTask
  var name: String
  let host: HostGuest?
  let libvirt: Virsh
  /// The change of the definition; `nil` if it stays or goes.
  var change: DefinitionChange?

  var before: HostGuest.State { host?.state ?? .absent }

  var after: HostGuest.State {
    if case .remove = task.work { return .absent }
    if task.runs { return .running }
    return host?.state ?? .shutOff
  }

  /// Whether the definition is another one afterwards.
  var isRedefined: Bool { change.map { !$0.isEmpty } ?? false }

  var isChanged: Bool { before != after || isRedefined }

  /// The guest that goes; `nil` if none does.
  var removed: HostGuest? { after == .absent ? host : nil }

  /// The change of the definition in the format of `diff -u`, without passwords.
  func diff(coloured: Bool = false, escaped: Bool = false) -> [UInt8] {
    change?.diff(coloured: coloured, escaped: escaped)
      ?? removed?.removal(from: libvirt) ?? []
  }

  /// What the states say, where these change and no definition does.
  var stateLine: String { "\(before.rawValue) -> \(after.rawValue)" }

  /// The report of what would become of the guest.
  var report: GuestReport {
    var report = GuestReport(file: task.file)
    report.name = name
    let uuid = change.map { Guest(reading: $0.definition).uuid } ?? host?.uuid
    report.uuid = uuid?.description
    (report.isChanged, report.diff) = (isChanged, isChanged ? diff() : [])
    (report.states, report.findings) = ((before, after), task.findings)
    report.notes = change?.notes ?? []
    return report
  }
}
