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

      Of a folder, every file *.xml in it and below is checked. A file .virt-nest.conf beside the \
      definitions, or above them, says which rules to ignore or to raise, and a comment does in a \
      definition:

        <!-- virt-nest: ignore VN042 reason -->

      Exit status: 0 nothing found at or above the level of --fail-on, 1 something was found, 2 a \
      file or the schema of --schema could not be read, 64 the options are wrong.
      """)

  @Argument(
    help: "Domain definitions, or folders of them; '-' is standard input.", completion: .definitions
  )
  var files: [String]

  @OptionGroup var inputFiles: InputFiles

  @OptionGroup var format: FormatOption

  @Option(
    help: ArgumentHelp(
      "Leave these rules out, as in VN042,VN043; repeatable.", valueName: "ids"),
    completion: .rules,
    transform: { text in
      try text.split(separator: ",").map { id in try Rule.parsed(String(id)).code }
    })
  var ignore: [[Diagnostic.Code]] = []

  @Option(
    help: ArgumentHelp(
      "Exit with 1 from this level on: error, warning or note.", valueName: "level"),
    completion: .list(Diagnostic.Severity.allCases.map(\.rawValue)),
    transform: { text in
      guard let level = Diagnostic.Severity(rawValue: text) else {
        throw ValidationError("the levels are error, warning and note")
      }
      return level
    })
  var failOn: Diagnostic.Severity = .error

  @Flag(help: "Show notes too; --fail-on note shows them in any case.")
  var notes = false

  @Option(
    help: ArgumentHelp("Compare with this RELAX NG schema instead.", valueName: "path"),
    completion: .file(extensions: ["rng"]))
  var schema: String?

  @Flag(help: "Compare with no schema.")
  var noSchema = false

  @Flag(help: "Fail where no schema is installed.")
  var requireSchema = false

  func validate() throws {
    if [schema != nil, noSchema, requireSchema].count(where: \.self) > 1 {
      throw ValidationError("--schema, --no-schema and --require-schema exclude each other")
    }
    try requireOneStandardInput(in: files)
  }

  func run() throws {
    let jobs = try jobs(for: inputFiles.entries(of: files))
    let today = Today.date
    let outcomes = concurrently(jobs, showing: ProgressLine("files", total: jobs.count)) {
      job -> (isRead: Bool, file: CheckedFile?) in
      guard let input = Input.read(job.entry.name) else { return (false, nil) }
      if job.entry.isPassedOver(input) { return (true, nil) }
      let file = CheckedFile(
        Terminal.display(job.entry.name), input.bytes, schema: job.schema, today: today,
        ignoring: job.ignored, levels: job.levels)
      return (true, file)
    }
    let checked = outcomes.compactMap(\.file)
    let found = CheckedFile.diagnostics(of: checked)
    let leastShown = notes || failOn == .note ? Diagnostic.Severity.note : .warning
    let report = Report(
      diagnostics: found.filter { $0.severity >= leastShown }, files: checked.map(\.name),
      failsFrom: failOn)
    try Terminal.write(format.wanted.text(of: report))
    if outcomes.contains(where: { !$0.isRead }) { throw ExitCode.trouble }
    if found.contains(where: { $0.severity >= failOn }) { throw ExitCode.no }
  }

  /// A file, and how it is checked.
  private struct Job: Sendable {
    var entry: InputFiles.Entry
    var schema: Schema?
    var ignored: Set<Diagnostic.Code> = []
    var levels: [Diagnostic.Code: Diagnostic.Severity] = [:]
  }

  private func jobs(for entries: [InputFiles.Entry]) throws -> [Job] {
    var configurations = ConfigurationFiles()
    var schemas: [String?: Schema?] = [:]
    return try entries.map { entry in
      let settings = try configurations.settings(
        for: FilePath(argument: entry.name))
      var job = Job(entry: entry)
      job.ignored = Set(ignore.joined())
      for (code, level) in settings.levels {
        if let level { job.levels[code] = level } else { job.ignored.insert(code) }
      }
      let path: String?
      switch settings.schema {
      case _ where noSchema: return job
      case .off where schema == nil && !requireSchema: return job
      case .path(let configured): path = schema ?? configured
      default: path = schema
      }
      if let known = schemas[path] {
        job.schema = known
      } else {
        job.schema = try loadSchema(path)
        schemas[path] = .some(job.schema)
      }
      return job
    }
  }

  /// The schema at a path, or the installed one; `nil` where none is installed.
  ///
  /// - Throws: ``VirtNestError`` where one was asked for, or is installed, and cannot be used.
  private func loadSchema(_ path: String?) throws -> Schema? {
    let found: FilePath
    do {
      found = try LibvirtSchema.find(explicit: path.map { FilePath(argument: $0) })
    } catch {
      guard error.has(.notFound), !requireSchema else { throw error }
      Terminal.say("virt-nest: warning: \(error.message)")
      return nil
    }
    return try Schema(path: found.string)
  }
}
