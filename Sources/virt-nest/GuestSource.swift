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

  /// The template.
  func loadTemplate() throws -> Template {
    let found = try TemplateStore.configured().template(template)
    return try Input(name: template, bytes: found.bytes).template()
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
    try words.apply(to: &changes)
    changes.identity = GuestChanges.Identity(text: identity)
    return GuestRequest(
      release: release, index: index ?? template?.firstIndex, parameters: values, changes: changes)
  }

  /// What is wrong is about the template.
  func reportingProblems<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as VirtNestError { throw error.about(template) }
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

/// Values of parameters as a user gives them: `NAME=VALUE`.
struct Assignments {
  private(set) var values: [String: String] = [:]

  /// Reads the values of `--set`.
  init(_ texts: [String]) throws {
    for text in texts { try add(text, from: "--set") }
  }

  /// Reads a file of lines.
  init(file path: String) throws {
    let bytes = try OriginalFile.read(FilePath(argument: path), maximumSize: 1 << 20).bytes
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      try add(String(line), from: "\(path):\(index + 1)")
    }
  }

  private mutating func add(_ text: String, from origin: String) throws {
    guard let (name, value) = text.parted(at: "="), !name.isEmpty else {
      throw ValidationError("\(origin): '\(text)' is not parameter=value")
    }
    guard values.updateValue(value, forKey: name) == nil else {
      throw ValidationError("\(origin): the parameter '\(name)' is given twice")
    }
  }
}

extension PropertyOptions {
  /// The options that go to a parameter of their name where the template has one.
  static var movable: [WritableKeyPath<PropertyOptions, String?>: String] {
    [
      \.name: "name", \.uuid: "uuid", \.memory: "memory", \.vcpus: "vcpus", \.cpu: "cpu",
      \.machine: "machine", \.emulator: "emulator", \.virtType: "virt-type",
    ]
  }

  /// Gives the options that are named like a parameter of the template to that parameter.
  mutating func move(to values: inout [String: String], of template: Template) throws {
    for (path, name) in Self.movable {
      // These take lists, of which a parameter is one part.
      let takesList = ["memory", "vcpus", "cpu"].contains(name)
      guard let text = self[keyPath: path], template.parameter(name) != nil,
        !takesList || !text.contains(where: { ",=".contains($0) })
      else { continue }
      guard values.updateValue(text, forKey: name) == nil else {
        throw ValidationError("--\(name) and --set \(name)=… are the same; give one of them")
      }
      self[keyPath: path] = nil
    }
  }
}
