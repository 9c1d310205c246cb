import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Guests of a file, one a row: `create --from`.
extension CreateCommand {
  /// Makes the guests of a file, and says everything that is wrong in it.
  ///
  /// - Throws: ``ExitCode`` 2, once it was said what is wrong.
  func guests(from file: String, _ template: Template) throws -> [CreatedGuest] {
    let rows = try GuestRows(file: file, for: template)
    if rows.rows.count > 1, let seed = source.devices.seed, !seed.contains("{name}") {
      throw ValidationError(
        "--seed with --from needs a seed for each guest; write {name} in its path")
    }
    if rows.rows.count > 1, output == nil, !define, !json {
      throw ValidationError("--from of several guests needs -o FOLDER or --define")
    }
    var guests: [CreatedGuest] = []
    var names: Set<TextKey> = []
    var isInTrouble = false
    for (index, row) in rows.rows.enumerated() {
      do {
        let guest = try guest(row.cells, index, template)
        guard names.insert(TextKey(guest.name)).inserted else {
          throw ValidationError("there is a guest '\(guest.name)' before it")
        }
        guests.append(guest)
      } catch {
        isInTrouble = true
        sayWrong(row, index, error, in: rows.file, template)
      }
    }
    if isInTrouble { throw ExitCode.trouble }
    let shared = try source.reportingProblems {
      try template.sharedParts(
        in: guests, with: "another guest of \(file)", force: source.changeOptions.nesting.force)
    }
    let errors = shared.filter { $0.severity == .error }
    Terminal.say(errors.isEmpty && !quiet ? shared : errors, about: source.template)
    if !errors.isEmpty { throw ExitCode.trouble }
    return guests
  }

  /// Writes guests that are made already; none where one of them has no place.
  func write(_ guests: [CreatedGuest]) throws {
    let target = try OutputTarget(output, needsFolder: guests.count > 1)
    let force = source.changeOptions.nesting.force
    if case .folder(let folder) = target {
      for guest in guests {
        let path = folder.appending(guest.name + ".xml")
        do throws(FileError) {
          _ = try OutputFile.check(guest.bytes, at: path, force: force)
        } catch {
          Terminal.say(.error, error.message, file: path.argument, at: nil)
          throw ExitCode.trouble
        }
      }
    }
    for guest in guests {
      if json {
        try target.report(guest, force: force)
      } else {
        try target.write(guest, force: force)
      }
    }
  }

  private func guest(
    _ cells: [GuestRows.Cell], _ index: Int, _ template: Template
  ) throws -> CreatedGuest {
    // What the row says goes before what is said for all; the row is no file of guests itself.
    var arguments = Array(Program.arguments.dropFirst())
    if let command = arguments.firstIndex(of: "create") { arguments.remove(at: command) }
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    arguments.insert(contentsOf: cells.flatMap(\.arguments) + ["--is-row"], at: end)
    let row = try CreateCommand.parse(arguments)
    var request = try row.source.request(for: template)
    if row.source.index == nil { request.index = (request.index ?? 0) + index }
    return try template.create(request)
  }

  /// Says what is wrong with a guest, where it stands if one value alone is to blame.
  private func sayWrong(
    _ row: GuestRows.Row, _ index: Int, _ error: any Error, in file: String, _ template: Template
  ) {
    var (place, error) = (row.place, error)
    let trouble = { (cells: [GuestRows.Cell]) -> (any Error)? in
      do { _ = try guest(cells, index, template) } catch { return error }
      return nil
    }
    if trouble([]) == nil {
      for cell in row.cells {
        guard let alone = trouble([cell]) else { continue }
        (place, error) = (cell.place, alone)
        break
      }
    }
    let messages =
      (error as? VirtNestError)?.diagnostics.filter { $0.severity == .error }.map { problem in
        problem.message + (problem.advice.map { "; " + $0.commandText } ?? "")
      } ?? [PatchCommand.message(for: error)]
    for message in messages { _ = GuestRows.refused(file, message, place) }
  }
}
