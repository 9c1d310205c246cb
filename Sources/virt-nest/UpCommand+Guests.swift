import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// What the guests are that come up: their definitions, and what is asked of the host for each.
extension UpCommand {
  /// A guest to bring up, the options that are its own, and how far it is.
  struct Wanted {
    var options: UpCommand
    var definition: DomainDefinition
    var release: Release?
    var findings: [Diagnostic]
    /// What `up` is to make; `nil` as long as nobody has looked.
    var request: UpRequest?
    var plan: UpPlan?
    var isAsAsked: Bool?
    var error: String?

    var name: String { Guest(reading: definition).name ?? "" }

    /// Does something with the guest, which whatever goes wrong is about.
    mutating func attempt(_ work: (inout Wanted) async throws -> Void) async throws {
      do { try await work(&self) } catch {
        guard let trouble = error as? VirtNestError else {
          self.error = error is CancellationError ? "interrupted" : nil
          throw error
        }
        self.error = trouble.message
        if options.json { throw ExitCode.trouble }
        throw trouble.about(name)
      }
    }

    mutating func look(on libvirt: Virsh) async throws {
      guard let request else { return }
      plan = try await UpPlan.look(request, on: libvirt)
    }

    var report: GuestReport {
      var report = GuestReport(file: nil)
      report.name = name
      report.uuid = Guest(reading: definition).uuid?.description
      (report.findings, report.error, report.isAsAsked) = (findings, error, isAsAsked)
      report.steps = (plan?.host, plan?.steps ?? [])
      guard let plan else { return report }
      report.isChanged = plan.steps.haveChanged || options.dryRun && plan.steps.areToDo
      if plan.steps[0].state == .done || options.dryRun, !plan.change.isEmpty {
        report.diff = plan.change.diff(coloured: false, escaped: false)
      }
      report.states = (plan.change.host?.state ?? .absent, options.dryRun ? .running : plan.state)
      report.notes = plan.notes
      return report
    }
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
      changes.fill(name: Guest(reading: template.definition).name ?? "")
      let patch = try source.reportingProblems { try template.definition.patch(changes) }
      if !json { Terminal.say(patch.diagnostics, about: source.template) }
      return [try checked(self, patch.result, nil, patch.diagnostics)]
    }
    let guest = try source.reportingProblems { try template.create(request) }
    return [try checked(self, guest)]
  }

  func checked(_ options: UpCommand, _ guest: CreatedGuest) throws -> Wanted {
    if !json { source.say(guest) }
    return try checked(options, try guest.definition(), guest.release, guest.diagnostics)
  }

  /// Says what the rules find, and throws where the guest would not be as asked.
  func checked(
    _ options: UpCommand, _ definition: DomainDefinition, _ release: Release?, _ said: [Diagnostic]
  ) throws -> Wanted {
    let osinfo = Guest(reading: definition).osinfoID
    var guest = Wanted(
      options: options, definition: definition,
      release: release ?? osinfo.flatMap { ReleaseTable.release(osinfoID: $0) }, findings: said)
    let errors = CheckedFile.diagnostics(
      of: [CheckedFile(source.template, definition.document.bytes, today: Today.date)]
    ).filter { $0.severity == .error }
    guest.findings += errors
    if !json { Terminal.say(errors, about: source.template) }
    if !errors.isEmpty, !source.changeOptions.nesting.force {
      if json { Terminal.report(guest.report) }
      throw VirtNestError("nothing is made; use --force to make it anyway")
    }
    return guest
  }

  /// Reads what is to be made for a guest; images that were read before are not read again.
  func setRequest(
    of guest: inout Wanted, _ images: inout [[String?]: BaseImage]
  ) async throws {
    let options = guest.options
    // There is always one: validate() is asked about each row.
    let name = (options.image ?? "").replacing("{name}", with: guest.name)
    let key = [name, options.imageSha256]
    let known = images[key]
    let image: BaseImage
    if let known { image = known } else { image = try await options.baseImage(name) }
    images[key] = image
    guest.request = UpRequest(
      guest.definition, image: image,
      firstBoot: try options.firstBoot(of: guest.definition, guest.release),
      pool: options.pool, diskSize: try options.diskBytes(),
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
  func requireOwnAddresses(_ guests: [Wanted]) throws {
    var owners: [IPAddress: String] = [:]
    for guest in guests {
      for address in guest.request?.firstBoot?.network?.addresses ?? [] {
        if let other = owners.updateValue(guest.name, forKey: address.address) {
          throw VirtNestError(
            "\(other) and \(guest.name) have the same address \(address.address)")
        }
      }
    }
  }
}
