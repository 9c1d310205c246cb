import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// What the guests are that come up: their definitions, and what is asked of the host for each.
extension UpCommand {
  /// A guest to bring up, and the options that are its own.
  struct Wanted {
    var options: UpCommand
    var definition: DomainDefinition
    var release: Release?

    var name: String { Guest(reading: definition).name ?? "" }
  }

  /// The guests' definitions, without their disks and seeds.
  func wanted() throws -> [Wanted] {
    let template = try source.loadTemplate()
    if let file = series.file {
      let made = try GuestRows(file: file, for: template)
        .made(by: "up", name: \.guest.name) { arguments, row in
          let options = try UpCommand.parse(arguments)
          return (options: options, guest: try options.source.guest(ofRow: row, template))
        }
      try source.sayShared(template, made.map(\.guest), with: "another guest of \(file)")
      return try made.map { try checked($0.options, $0.guest) }
    }
    if series.count > 1 {
      let guests = try source.reportingProblems {
        try (0..<series.count).map { try source.guest($0, template) }
      }
      try source.sayShared(template, guests, with: "every guest of the series")
      return try guests.map { try checked(self, $0) }
    }
    let request = try source.request(for: template)
    if template.parameters.isEmpty, request.changes.guest.name == nil {
      // The user's own guest, not a copy of it.
      var changes = request.changes
      changes.identity = nil
      let patch = try source.reportingProblems { try template.definition.patch(changes) }
      Terminal.say(patch.diagnostics, about: source.template)
      return [try checked(self, patch.result, nil)]
    }
    let guest = try source.reportingProblems { try template.create(request) }
    return [try checked(self, guest)]
  }

  func checked(_ options: UpCommand, _ guest: CreatedGuest) throws -> Wanted {
    source.say(guest)
    return try checked(options, try guest.definition(), guest.release)
  }

  /// Says what the rules find, and throws where the guest would not be as asked.
  func checked(
    _ options: UpCommand, _ definition: DomainDefinition, _ release: Release?
  ) throws -> Wanted {
    let findings = CheckedFile.diagnostics(
      of: [CheckedFile(source.template, definition.document.bytes, today: Today.date)])
    let errors = findings.filter { $0.severity == .error }
    Terminal.say(errors, about: source.template)
    if !errors.isEmpty, !source.changeOptions.nesting.force {
      throw VirtNestError("nothing is made; use --force to make it anyway")
    }
    let osinfo = Guest(reading: definition).osinfoID
    return Wanted(
      options: options, definition: definition,
      release: release ?? osinfo.flatMap { ReleaseTable.release(osinfoID: $0) })
  }

  func request(for guest: Wanted, _ image: BaseImage) throws -> UpRequest {
    UpRequest(
      guest.definition, image: image,
      firstBoot: try guest.options.firstBoot(of: guest.definition, guest.release),
      pool: guest.options.pool, diskSize: try guest.options.diskBytes(),
      usualDiskSize: UInt64(guest.release?.recommendedDiskGiB ?? 0) << 30)
  }

  func firstBoot(
    of definition: DomainDefinition, _ release: Release?
  ) throws -> FirstBoot? {
    if noSeed { return nil }
    let firstBoot = try system.firstBoot(
      of: FirstBoot.Subject(of: definition), release, login, seed)
    try login.requireLogin(to: firstBoot)
    return firstBoot
  }

  /// Refuses two guests with one fixed address.
  func requireOwnAddresses(_ requests: [UpRequest]) throws {
    var owners: [IPAddress: String] = [:]
    for request in requests {
      let name = Guest(reading: request.definition).name ?? ""
      for address in request.firstBoot?.network?.addresses ?? [] {
        if let other = owners.updateValue(name, forKey: address.address) {
          Terminal.say(
            "virt-nest: error: \(other) and \(name) have the same address \(address.address)")
          throw ExitCode.trouble
        }
      }
    }
  }
}
