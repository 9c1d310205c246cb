import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// The options that say which guest is made: a template or definition, and what is different in it.
struct GuestSource: ParsableArguments {
  @Argument(
    help: "Name of a template, or path of a definition (it has a '/' or ends in .xml).",
    completion: .templates)
  var template = ""

  @Option(
    help: ArgumentHelp(
      "Release of the distribution: 43, 24.04, noble, stream9.", valueName: "release"),
    completion: .releases)
  var release: String?

  @Option(
    help: ArgumentHelp(
      "Number of the guest in its name; without it that of the template, mostly 0.",
      valueName: "number"))
  var index: Int?

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

  @OptionGroup var changeOptions: ChangeOptions
  @OptionGroup(title: "Devices") var devices: GuestDeviceOptions
  @OptionGroup(title: "Sections and devices") var words: WordOptions

  @Option(
    help: ArgumentHelp(
      "Text mixed into the derived UUID and MAC addresses, for sites that use the same names.",
      valueName: "text"))
  var identity: String?

  func validate() throws {
    guard !template.isEmpty else { throw ValidationError("Missing expected argument '<template>'") }
    guard (0...999_999_999).contains(index ?? 0) else {
      throw ValidationError("--index is a number from 0 to 999999999")
    }
    _ = try Assignments(assignments)
    _ = try request(for: nil)
  }

  /// The template; says what is wrong and throws where there is none.
  func loadTemplate() throws -> Template {
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
  func request(for template: Template?) throws -> GuestRequest {
    var values = try Assignments(assignments).values
    if let parameters, template != nil {
      values.merge(try Assignments(file: parameters).values) { given, _ in given }
    }
    var options = changeOptions
    if let template { try options.properties.move(to: &values, of: template) }
    var changes = try options.changes()
    changes.words += try devices.changes(of: template)
    words.apply(to: &changes)
    changes.identity = GuestChanges.Identity(text: identity)
    return GuestRequest(
      release: release, index: index ?? template?.firstIndex, parameters: values, changes: changes)
  }

  /// Says what is wrong, and ends the command.
  func reportingProblems<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as VirtNestError {
      Terminal.say(error.diagnostics, about: template)
      throw ExitCode.trouble
    }
  }

  /// Says what there is to know about a guest.
  func say(_ guest: CreatedGuest) {
    Terminal.say(guest.diagnostics, about: template)
    guard let release = guest.release else { return }
    if let note = release.endOfLifeNote(today: Today.date) { Terminal.say("note: \(note)") }
    // Of the usual release it would be said at every guest.
    if self.release != nil, let note = release.unconfirmedNote { Terminal.say("note: \(note)") }
    switch release.nestedHV {
    case .yes, .backported: break
    case .needsNewerKernel(let hint):
      Terminal.say("note: the release's own kernel is too old for an L1 guest: \(hint)")
    case .moduleUnsupportedByVendor(let note): Terminal.say("note: \(note)")
    }
  }
}
