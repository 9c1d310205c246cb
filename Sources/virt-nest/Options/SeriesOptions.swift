import ArgumentParser
import LosslessXML
import VirtNest

/// How many guests are made of one template.
struct SeriesOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many guests, from --index on.", valueName: "number"))
  var count = 1

  @Option(
    help: ArgumentHelp(
      "Make a guest for each row of a file: CSV with a header, or a JSON list of objects. A column is "
        + "an option (name, memory), a parameter of the template, or a word (disk:vda,path).",
      valueName: "file"), completion: .file())
  var from: String?

  /// Whether this is one guest of ``from``, which is read already.
  @Flag(help: .hidden) var isRow = false

  /// The file whose rows are guests, where it is still to be read.
  var file: String? { isRow ? nil : from }

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count is a number from 1 to 1000000")
    }
    if file != nil, count > 1 {
      throw ValidationError("--from has a row for each guest: leave out --count")
    }
  }
}

extension GuestRequest {
  /// The request for a guest behind this one in a series.
  func following(by offset: Int) -> GuestRequest {
    var next = self
    next.index = (index ?? 0) + offset
    return next
  }
}

extension GuestSource {
  /// A guest of a series.
  ///
  /// - Parameter offset: its place in the series, from 0.
  func guest(_ offset: Int, _ template: Template) throws -> CreatedGuest {
    try template.create(try request(for: template).following(by: offset))
  }

  /// A guest of a table, whose row may say its index.
  func guest(ofRow row: Int, _ template: Template) throws -> CreatedGuest {
    try guest(index == nil ? row : 0, template)
  }

  /// Says what guests share that each should have for itself.
  ///
  /// - Throws: ``ExitCode`` 2 where it must not be.
  func sayShared(
    _ template: Template, _ guests: [CreatedGuest], with others: String, quiet: Bool = false
  ) throws {
    try sayShared(quiet: quiet) {
      try template.sharedParts(in: guests, with: others, force: changeOptions.nesting.force)
    }
  }

  /// The same of parts that are found.
  func sayShared(quiet: Bool, _ parts: () throws -> [Diagnostic]) throws {
    let shared = try reportingProblems(parts)
    let errors = shared.filter { $0.severity == .error }
    Terminal.say(errors.isEmpty && !quiet ? shared : errors, about: self.template)
    if !errors.isEmpty { throw ExitCode.trouble }
  }
}

extension GuestRows {
  /// Makes something of each row, and says everything that is wrong in the file.
  ///
  /// - Parameters:
  ///   - command: the command that runs; what a row says goes before what is said for all.
  ///   - name: the name of a guest, of which there is one.
  ///   - make: makes it of a command line and the row's number, from 0.
  /// - Throws: ``ExitCode`` 2, once it was said what is wrong.
  func made<Made>(
    by command: String, name: (Made) -> String,
    _ make: (_ arguments: [String], _ row: Int) throws -> Made
  ) throws -> [Made] {
    var all: [Made] = []
    var names: Set<TextKey> = []
    var isInTrouble = false
    for (index, row) in rows.enumerated() {
      do {
        let made = try make(arguments(command, row.cells), index)
        guard names.insert(TextKey(name(made))).inserted else {
          throw ValidationError("there is a guest '\(name(made))' before it")
        }
        all.append(made)
      } catch {
        isInTrouble = true
        sayWrong(row, error) { _ = try make(arguments(command, $0), index) }
      }
    }
    if isInTrouble { throw ExitCode.trouble }
    return all
  }

  private func arguments(_ command: String, _ cells: [Cell]) -> [String] {
    var arguments = Array(Program.arguments.dropFirst())
    if let command = arguments.firstIndex(of: command) { arguments.remove(at: command) }
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    arguments.insert(contentsOf: cells.flatMap(\.arguments) + ["--is-row"], at: end)
    return arguments
  }

  /// Says what is wrong with a guest, where it stands if one value alone is to blame.
  private func sayWrong(_ row: Row, _ error: any Error, _ make: ([Cell]) throws -> Void) {
    var (place, error) = (row.place, error)
    func trouble(_ cells: [Cell]) -> (any Error)? {
      do { try make(cells) } catch { return error }
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
    for message in messages { Terminal.say(refused(message, place).diagnostics) }
  }
}
