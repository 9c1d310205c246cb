import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
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

  @Argument(
    help: "Name of a template, or path of a definition (it has a '/' or ends in .xml).",
    completion: .templates)
  var template = ""

  @Option(
    help: ArgumentHelp(
      "Release of the distribution: 43, 24.04, noble, stream9.", valueName: "release"),
    completion: .releases)
  var release: String?

  @Option(help: ArgumentHelp("Number of the guest, which its name ends in.", valueName: "number"))
  var index = 0

  @Option(
    help: ArgumentHelp("How many guests, from --index on; needs -o FOLDER.", valueName: "number"))
  var count = 1

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Value of a parameter of the template; repeatable.", valueName: "parameter=value"))
  var assignments: [String] = []

  @Option(
    help: ArgumentHelp(
      "File of lines parameter=value; empty lines and lines that begin with # are passed over.",
      valueName: "file"), completion: .file())
  var parameters: String?

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

  @OptionGroup var changeOptions: ChangeOptions
  @OptionGroup(title: "Devices") var devices: GuestDeviceOptions
  @OptionGroup(title: "Sections and devices") var words: WordOptions

  @Option(
    help: ArgumentHelp(
      "Text mixed into the derived UUID and MAC addresses, for sites that use the same names.",
      valueName: "text"))
  var identity: String?

  @Flag(help: "Define the guests on a libvirt, in place of printing them; with -o, do both.")
  var define = false

  @OptionGroup(title: "With --define") var libvirt: DefineOptions

  @Flag(name: [.short, .long], help: "Print only errors.")
  var quiet = false

  @OptionGroup(title: "Messages on standard error") var format: FormatOption

  func validate() throws {
    guard !template.isEmpty else { throw ValidationError("Missing expected argument '<template>'") }
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count is a number from 1 to 1000000")
    }
    guard (0...999_999_999).contains(index) else {
      throw ValidationError("--index is a number from 0 to 999999999")
    }
    if define, helpParameters {
      throw ValidationError("--help-parameters makes no guest: leave out --define")
    }
    if count > 1, output == nil, !define {
      throw ValidationError("--count \(count) needs -o FOLDER or --define")
    }
    if count > 1, let seed = devices.seed, !seed.contains("{name}") {
      throw ValidationError(
        "--seed with --count needs a seed for each guest; write {name} in its path")
    }
    if !define, libvirt.isGiven {
      throw ValidationError("--connect, --yes, --dry-run and --drop-secrets go with --define")
    }
    _ = try Assignments(assignments)
    _ = try request(for: nil)
  }

  func run() async throws {
    try await Terminal.reporting(in: format.wanted) { try await create() }
  }

  private func create() async throws {
    if helpParameters {
      return try Terminal.report(ParameterList(try loadTemplate()).lines)
    }
    let (template, request) = try wanted()
    try sayShared(template, request)
    guard define else { return try write(template, request) }
    let guests = try guests(template, request)
    if output != nil { try write(template, request) } else if !quiet { say(guests[0]) }
    try await libvirt.define(guests.map { ($0.name, try $0.definition()) })
  }

  /// The template, and what is asked of it.
  private func wanted() throws -> (Template, GuestRequest) {
    let template = try loadTemplate()
    var request = try request(for: template)
    if !quiet, let warning = changeOptions.nesting.hostWarning() { Terminal.say(warning) }
    if ask { request.parameters = try Questions(template).answers(beside: request.parameters) }
    return (template, request)
  }

  /// All guests, for a libvirt; each is shown and asked about, so that there are not many.
  private func guests(_ template: Template, _ request: GuestRequest) throws -> [CreatedGuest] {
    try (0..<count).map { offset in
      var next = request
      next.index += offset
      return try reportingProblems { try template.create(next) }
    }
  }

  /// Says what several guests would share.
  private func sayShared(_ template: Template, _ request: GuestRequest) throws {
    guard count > 1 else { return }
    let shared = try reportingProblems { try template.sharedParts(of: request) }
    let errors = shared.filter { $0.severity == .error }
    Terminal.say(errors.isEmpty && !quiet ? shared : errors, about: self.template)
    if !errors.isEmpty { throw ExitCode.trouble }
  }

  private func write(_ template: Template, _ request: GuestRequest) throws {
    let target = try OutputTarget(output, needsFolder: count > 1)
    let force = changeOptions.nesting.force
    guard count > 1, case .folder(let folder) = target else {
      let guest = try reportingProblems { try template.create(request) }
      if !quiet { say(guest) }
      return try target.write(guest, force: force)
    }
    if !quiet { say(try reportingProblems { try template.create(request) }) }
    let batch = SeriesOutput(
      template: template, request: request, count: count, folder: folder, force: force,
      showsProgress: !quiet)
    try reportingProblems { try batch.write() }
  }

  private func loadTemplate() throws -> Template {
    let store = try TemplateStore.configured()
    let found: TemplateStore.Found
    do throws(TemplateNotFound) {
      found = try store.template(template)
    } catch {
      Terminal.say("virt-nest: error: \(error.message)")
      throw ExitCode.trouble
    }
    return try Input(name: template, bytes: found.bytes, file: nil).template()
  }

  /// The request; with a template, options that are named like its parameters become these.
  private func request(for template: Template?) throws -> GuestRequest {
    var values = try Assignments(assignments).values
    if let parameters, template != nil {
      values.merge(try Assignments(file: parameters).values) { given, _ in given }
    }
    var options = changeOptions
    if let template { try options.properties.move(to: &values, of: template) }
    var changes = try options.changes()
    changes.words = try devices.changes(of: template)
    words.apply(to: &changes)
    changes.identity = GuestChanges.Identity(text: identity)
    return GuestRequest(release: release, index: index, parameters: values, changes: changes)
  }

  /// Says what is wrong, and ends the command.
  private func reportingProblems<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as VirtNestError {
      Terminal.say(error.diagnostics, about: template)
      throw ExitCode.trouble
    }
  }

  private func say(_ guest: CreatedGuest) {
    Terminal.say(guest.diagnostics, about: template)
    guard let release = guest.release else { return }
    if let note = release.endOfLifeNote(today: Today.date) { Terminal.say("note: \(note)") }
    switch release.nestedHV {
    case .yes, .backported: break
    case .needsNewerKernel(let hint):
      Terminal.say("note: the release's own kernel is too old for an L1 guest: \(hint)")
    case .moduleUnsupportedByVendor(let note): Terminal.say("note: \(note)")
    }
  }
}

extension CreatedGuest {
  fileprivate func definition() throws -> DomainDefinition {
    guard let definition = Input(name: name, bytes: bytes, file: nil).definition() else {
      throw ExitCode.trouble
    }
    return definition
  }
}
