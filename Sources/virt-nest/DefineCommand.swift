import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct DefineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "define",
    abstract: "Give definitions to a libvirt, here or on a host, after a look at what it has.",
    discussion: """
      What would change in meaning is shown, and a question asked; what libvirt fills in by itself \
      is no change. A definition is validated and replaced as a whole. A guest that runs has the \
      change at its next start.

        virt-nest define --connect qemu+ssh://root@power-host/system kata-fedora-43-vm-00.xml

      Exit status: 0 defined or nothing to do, 1 the answer was no or --check finds a change, 2 \
      trouble.
      """)

  @Argument(help: "Domain definitions; '-' is standard input.", completion: .definitions)
  var files: [String] = []

  @Option(
    help: ArgumentHelp(
      "In place of files: a JSON list of guests to create, patch, define, start or remove.",
      valueName: "file"), completion: .file())
  var guests: String?

  @OptionGroup var libvirt: DefineOptions

  @OptionGroup var color: ColorOption

  @Flag(
    help: "Define nothing; print the files that would change, and exit with 1 if there are any.")
  var check = false

  @Flag(help: "Define nothing; show the changes; with --check, exit with 1 if there are any.")
  var diff = false

  @Flag(help: "Print an object of JSON for each guest; without --yes, define nothing.")
  var json = false

  @Flag(help: "Define although the rules of check find errors.")
  var force = false

  @Flag(help: "Do not let libvirt validate the definition against its schema.")
  var noValidate = false

  func validate() throws {
    guard files.isEmpty != (guests == nil) else {
      throw ValidationError(
        files.isEmpty
          ? "Missing expected argument '<files> ...', or --guests"
          : "give files, or a list of guests by --guests")
    }
    try requireOneStandardInput(in: files)
    if check || diff, libvirt.yes || libvirt.dryRun {
      throw ValidationError("--check and --diff only look: leave out --yes and --dry-run")
    }
    if json, libvirt.dryRun {
      throw ValidationError("--json without --yes only looks: leave out --dry-run")
    }
    if json, diff { throw ValidationError("--json and --diff exclude each other") }
  }

  func run() async throws {
    try await Terminal.reporting(in: .text, guests: json) { try await define() }
  }

  private func define() async throws {
    let tasks =
      try guests.map { try GuestList(file: $0).tasks }
      ?? files.map { try Self.task(file: $0) }
    let errors = tasks.flatMap(\.findings).filter { $0.severity == .error }
    if !json { Terminal.say(errors, about: files.first ?? "") }
    if !errors.isEmpty, !force {
      if json { tasks.map(\.unplanned).forEach(Terminal.report) }
      throw VirtNestError("nothing is defined; use --force to define it anyway")
    }
    try await libvirt.run(
      tasks,
      DefineOptions.Manner(isCheck: check, isDiff: diff, isJSON: json, validates: !noValidate))
  }

  /// A file to define, with what the rules find in it.
  static func task(file: String) throws -> HostTask {
    let input = try Input(file)
    return HostTask(
      source: file, file: file, work: .define(try input.definition()),
      findings: CheckedFile.diagnostics(
        of: [CheckedFile(file, input.bytes, today: Today.date)]))
  }
}

/// The guests of a list of JSON, as `define --guests` reads it (Documentation/json.md).
struct GuestList {
  /// What shall become of the guests.
  private(set) var tasks: [HostTask] = []

  private static let keys = ["create", "patch", "define", "name", "state", "stop"]

  /// Reads a list, makes the guests that are created, and says everything that is wrong in it.
  ///
  /// - Parameter name: the file, or `-`.
  /// - Throws: ``ExitCode`` 2, once it was said what is wrong.
  init(file name: String) throws {
    var isInTrouble = false
    for (index, element) in try Input(name).guests().enumerated() {
      do {
        tasks += try Self.tasks(of: element)
      } catch {
        isInTrouble = true
        let known = error as? VirtNestError
        if let known { Terminal.say(known.diagnostics) }
        let reason =
          known != nil || error is ExitCode
          ? "it cannot be made" : PatchCommand.message(for: error)
        Terminal.say(VirtNestError("guest \(index + 1): \(reason)", in: name).diagnostics)
      }
    }
    if isInTrouble { throw ExitCode.trouble }
  }

  private static func tasks(of element: JSONWriter.Value) throws -> [HostTask] {
    guard case .object(let members) = element else {
      throw ValidationError("an object is expected")
    }
    for member in members where !keys.contains(member.key) {
      throw ValidationError(
        "there is no member '\(member.key)'; there are \(keys.joined(separator: ", "))")
    }
    let state = try element["state"].map(text) ?? "present"
    guard ["present", "running", "absent"].contains(state) else {
      throw ValidationError("'state' is present, running or absent")
    }
    let given = ["create", "patch", "define", "name"].filter { element[$0] != nil }
    guard given.count == 1, let value = element[given[0]] else {
      throw ValidationError("give one of 'create', 'patch', 'define' and 'name'")
    }
    var tasks: [HostTask]
    switch (given[0], state) {
    case ("name", "absent"):
      let stops = element["stop"] == true
      return [HostTask(source: try text(value), work: .remove(stops: stops))]
    case (_, "absent"): throw ValidationError("a guest that shall be absent has only a 'name'")
    case ("create", _):
      tasks = try CreateCommand.parse(try texts(value) + ["--define"]).tasks()
    case ("patch", _): tasks = try PatchCommand.parse(try texts(value)).tasks()
    case ("define", _): tasks = [try DefineCommand.task(file: try text(value))]
    default: tasks = [HostTask(source: try text(value), work: .keep)]
    }
    for index in tasks.indices { tasks[index].runs = state == "running" }
    return tasks
  }

  private static func text(_ value: JSONWriter.Value) throws -> String {
    guard let text = value.text else { throw ValidationError("a string is expected") }
    return text
  }

  private static func texts(_ value: JSONWriter.Value) throws -> [String] {
    guard let values = value.elements else {
      throw ValidationError("a list of arguments is expected")
    }
    return try values.map(text)
  }
}
