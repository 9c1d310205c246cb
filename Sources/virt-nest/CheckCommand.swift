import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find what libvirt refuses, and what defines cleanly and then fails or does nothing.",
    discussion: """
      Looks whether files are well-formed, compares them with the installed libvirt's schema, and \
      applies the rules that virt-nest explain lists. Where no schema is installed that is said, \
      and the rest is done.

      Exit status: 0 nothing found at or above the level of --fail-on, 1 something was found, 2 a \
      file or the schema of --schema could not be read, 64 the options are wrong.
      """)

  @Argument(help: "Domain definitions; '-' is standard input.")
  var files: [String]

  @OptionGroup var format: FormatOption

  @Option(
    help: ArgumentHelp("Leave this rule out, as in VN042; repeatable.", valueName: "id"),
    transform: { text in try Rule.parsed(text).code })
  var ignore: [Diagnostic.Code] = []

  @Option(
    help: ArgumentHelp(
      "Exit with 1 from this level on: error, warning or note.", valueName: "level"),
    transform: { text in
      guard let level = Diagnostic.Severity(rawValue: text) else {
        throw ValidationError("the levels are error, warning and note")
      }
      return level
    })
  var failOn: Diagnostic.Severity = .error

  @Option(
    help: ArgumentHelp("Compare with this RELAX NG schema instead.", valueName: "path"))
  var schema: String?

  @Flag(help: "Compare with no schema.")
  var noSchema = false

  func validate() throws {
    if schema != nil, noSchema {
      throw ValidationError("--schema and --no-schema exclude each other")
    }
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input can be read only once")
    }
  }

  func run() throws {
    let schema = try noSchema ? nil : loadSchema()
    let ignored = Set(ignore)
    let today = Today.date
    let checked = concurrently(
      files, showing: ProgressLine("files", total: files.count)
    ) { name -> CheckedFile? in
      guard let input = Input.read(name) else { return nil }
      return CheckedFile(
        Terminal.display(name), input.bytes, schema: schema, today: today, ignoring: ignored)
    }.compactMap(\.self)
    let found = CheckedFile.diagnostics(of: checked, ignoring: ignored)
    try Terminal.write(Array(format.wanted.text(of: found).utf8))
    if checked.count < files.count { throw ExitCode.trouble }
    if found.contains(where: { $0.severity >= failOn }) { throw ExitCode.no }
  }

  /// The schema to compare with; `nil` where none is installed.
  ///
  /// - Throws: ``ExitCode`` 2 where one was asked for, or is installed, and cannot be used.
  private func loadSchema() throws -> Schema? {
    let found: LibvirtSchema
    do {
      found = try LibvirtSchema.find(explicit: schema.map { FilePath(argument: $0) })
    } catch {
      guard error.isExplicit else {
        Terminal.say("virt-nest: warning: \(error)")
        return nil
      }
      Terminal.say("virt-nest: error: \(error)")
      throw ExitCode.trouble
    }
    do {
      return try Schema(path: found.path.string)
    } catch {
      Terminal.say("virt-nest: error: \(error)")
      throw ExitCode.trouble
    }
  }
}
