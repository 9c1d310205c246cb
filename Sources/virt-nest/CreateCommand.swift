import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct CreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make definitions of L1 guests from a template.",
    discussion: """
      The definition goes to standard output, ready for virsh define:

        virt-nest create fedora --release 43 --index 0 > kata-fedora-43-vm-00.xml

      TEMPLATE is a name (virt-nest template list) or the path of anybody's definition, which is \
      then a template without parameters. uuid and MAC addresses derive from the name, so that \
      creating and defining again updates the guest.
      """)

  @OptionGroup var source: GuestSource

  @OptionGroup var series: SeriesOptions

  @Flag(help: "Ask on the terminal for each parameter that is not given.")
  var ask = false

  @Flag(help: "List the template's parameters with their types and defaults.")
  var helpParameters = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "A file, or a folder that is there, where NAME.xml is made.", valueName: "path"),
    completion: .file())
  var output: String?

  @Flag(help: "Define the guests on a libvirt, in place of printing them; with -o, do both.")
  var define = false

  @OptionGroup(title: "With --define") var libvirt: DefineOptions

  @Flag(name: [.short, .long], help: "Print only errors.")
  var quiet = false

  @Flag(
    help: "Print an object of JSON for each guest; with --define and without --yes, define nothing."
  )
  var json = false

  @OptionGroup(title: "Messages on standard error") var format: MessageFormatOption

  func validate() throws {
    if define, helpParameters {
      throw ValidationError("--help-parameters makes no guest: leave out --define")
    }
    if count > 1, output == nil, !define {
      throw ValidationError("--count \(count) needs -o FOLDER or --define")
    }
    if series.file != nil, ask {
      throw ValidationError("--from has a row for each guest: leave out --ask")
    }
    if count > 1, let seed = source.devices.seed, !seed.contains("{name}") {
      throw ValidationError(
        "--seed with --count needs a seed for each guest; write {name} in its path")
    }
    if json, format.format != nil || libvirt.dryRun {
      throw ValidationError("--json excludes --format and --dry-run")
    }
    if json, output == "-" { throw ValidationError("--json and -o - exclude each other") }
    if !define, libvirt.isGiven {
      throw ValidationError("--connect, --yes, --dry-run and --drop-secrets go with --define")
    }
  }

  private var count: Int { series.count }

  func run() async throws {
    try await Terminal.reporting(in: format.wanted, guests: json) { try await create() }
  }

  private func create() async throws {
    if helpParameters {
      return try Terminal.report(ParameterList(try source.loadTemplate()).lines)
    }
    if let file = series.file {
      let guests = try guests(from: file, source.loadTemplate())
      if output != nil || !define { try write(guests.count, says: false) { guests[$0] } }
      guard define else { return }
      return try await libvirt.run(
        try guests.map(HostTask.init), DefineOptions.Manner(isJSON: json))
    }
    let (template, request) = try wanted()
    try sayShared(template, request)
    guard define else { return try write(template, request) }
    let guests = try guests(template, request)
    if output != nil { try write(template, request) } else if !quiet { source.say(guests[0]) }
    try await libvirt.run(try guests.map(HostTask.init), DefineOptions.Manner(isJSON: json))
  }

  /// The guests, for a libvirt.
  ///
  /// - Throws: ValidationError for an option that says where guests go; what is wrong with a guest is
  ///   said, and ``ExitCode`` 2 thrown.
  func tasks() throws -> [HostTask] {
    if output != nil || ask || helpParameters || json || libvirt.isGiven || series.file != nil {
      throw ValidationError(
        "--output, --from, --ask, --help-parameters, --json, --connect and --yes have no place here"
      )
    }
    let (template, request) = try wanted()
    try sayShared(template, request)
    return try guests(template, request).map(HostTask.init)
  }

  /// The template, and what is asked of it.
  private func wanted() throws -> (Template, GuestRequest) {
    let template = try source.loadTemplate()
    var request = try source.request(for: template)
    if !quiet, let warning = source.changeOptions.nesting.hostWarning() { Terminal.say(warning) }
    if ask { request.parameters = try Questions(template).answers(beside: request.parameters) }
    return (template, request)
  }

  /// All guests, for a libvirt; each is shown and asked about, so that there are not many.
  private func guests(_ template: Template, _ request: GuestRequest) throws -> [CreatedGuest] {
    try source.reportingProblems {
      try (0..<count).map { try template.create(request.following(by: $0)) }
    }
  }

  /// Says what several guests would share.
  private func sayShared(_ template: Template, _ request: GuestRequest) throws {
    guard count > 1 else { return }
    try source.sayShared(quiet: quiet) { try template.sharedParts(of: request) }
  }

  private func write(_ template: Template, _ request: GuestRequest) throws {
    try source.reportingProblems {
      try write(count, says: !quiet) { try template.create(request.following(by: $0)) }
    }
  }

  /// Writes guests; none where one of them has no place.
  ///
  /// - Parameter says: whether to say what there is to know, of several of the first.
  private func write(
    _ count: Int, says: Bool, _ guest: @escaping @Sendable (Int) throws -> CreatedGuest
  ) throws {
    let target = try OutputTarget(output, needsFolder: count > 1)
    let force = source.changeOptions.nesting.force
    let reports = json && !define
    if count > 1, case .folder(let folder) = target {
      if says, !json { source.say(try guest(0)) }
      return try SeriesOutput(
        count: count, folder: folder, force: force, showsProgress: !quiet, reports: reports,
        guest: guest
      ).write()
    }
    for index in 0..<count {
      let guest = try guest(index)
      if reports {
        try target.report(guest, force: force)
      } else {
        if says { source.say(guest) }
        try target.write(guest, force: force)
      }
    }
  }
}

extension HostTask {
  /// A created guest to define.
  init(_ guest: CreatedGuest) throws {
    self.init(
      source: guest.name, work: .define(try guest.definition()), findings: guest.diagnostics)
  }
}

extension CreatedGuest {
  /// The definition, read again.
  func definition() throws -> DomainDefinition {
    try Input(name: name, bytes: bytes).definition()
  }
}

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
}

/// The parameters of a template as `create --help-parameters` lists them.
struct ParameterList {
  let lines: [String]

  init(_ template: Template) {
    var lines: [String] = []
    for parameter in template.parameters {
      lines.append("\(parameter.name) (\(parameter.kind.rawValue))")
      if let help = parameter.help { lines += Self.wrapped(help) }
      lines.append("    allowed: \(parameter.allowed)")
      lines.append("    default: \(template.defaultDescription(of: parameter))")
    }
    self.lines = lines.isEmpty ? ["This template has no parameters."] : lines
  }

  private static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    var line = "   "
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > 80 {
        lines.append(line)
        line = "   "
      }
      line += " " + word
    }
    return lines + [line]
  }
}
