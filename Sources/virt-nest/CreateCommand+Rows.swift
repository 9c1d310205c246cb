import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Guests of a file, one a row: `create --from`.
extension CreateCommand {
  /// Makes the guests of a file.
  ///
  /// - Throws: ``ExitCode`` 2, once it was said what is wrong with its rows.
  func guests(from file: String, _ template: Template) throws -> [CreatedGuest] {
    let rows = try GuestRows(file: file, for: template)
    if rows.rows.count > 1, let seed = source.devices.seed, !seed.contains("{name}") {
      throw ValidationError(
        "--seed with --from needs a seed for each guest; write {name} in its path")
    }
    if rows.rows.count > 1, output == nil, !define, !json {
      throw ValidationError("--from of several guests needs -o FOLDER or --define")
    }
    let guests = try rows.made(by: "create", name: \.name) { arguments, row in
      try CreateCommand.parse(arguments).source.guest(ofRow: row, template)
    }
    try source.sayShared(template, guests, with: "another guest of \(file)", quiet: quiet)
    return guests
  }

  /// Writes guests that are made already; none where one of them has no place.
  func write(_ guests: [CreatedGuest]) throws {
    let target = try OutputTarget(output, needsFolder: guests.count > 1)
    let force = source.changeOptions.nesting.force
    if case .folder(let folder) = target {
      for guest in guests {
        let path = folder.appending(guest.name + ".xml")
        _ = try OutputFile.check(guest.bytes, at: path, force: force)
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
}
