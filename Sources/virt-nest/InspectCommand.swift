import ArgumentParser
import LosslessXML
import VirtNest

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what guest a definition describes, and whether nesting is really on.",
    discussion: """
      Nesting is computed from everything in the definition that says something about it, as QEMU \
      would see it: the last one wins.
      """)

  @Argument(help: "Domain definitions; '-' is standard input.", completion: .definitions)
  var files: [String]

  @Flag(help: "For other programs: a list of objects, sizes in bytes.")
  var json = false

  func run() throws {
    var reports: [JSONWriter.Value] = []
    var lines: [String] = []
    var isInTrouble = false
    for name in files {
      guard let definition = Input.readDefinition(name) else {
        isInTrouble = true
        continue
      }
      let inspection = Inspection(of: definition, file: name)
      if json {
        reports.append(inspection.json(file: name, \.commandLine))
      } else {
        if files.count > 1 { lines += (lines.isEmpty ? [] : [""]) + ["file     \(name)"] }
        lines += inspection.lines(\.commandLine)
      }
    }
    if json {
      try Terminal.write(json: .array(reports))
    } else {
      try Terminal.report(lines)
    }
    if isInTrouble { throw ExitCode.trouble }
  }
}
