import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct TemplateLintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find what is wrong with templates; everything that check finds, too.",
    discussion: """
      Exit status: 0 nothing found but notes, 1 something was found, 2 a file could not be read.
      """)

  @Argument(help: "Templates: names, paths, or '-' for standard input.", completion: .templates)
  var templates: [String]

  @OptionGroup var format: FormatOption

  @Flag(help: "Compare with no schema.")
  var noSchema = false

  func run() throws {
    let schema = noSchema ? nil : try? Schema.installed()
    if schema == nil, !noSchema {
      Terminal.say("virt-nest: warning: libvirt's schema is not installed; it is left out")
    }
    let store = try TemplateStore.configured()
    var found: [Diagnostic] = []
    var isInTrouble = false
    for name in templates {
      guard let file = read(name, in: store) else {
        isInTrouble = true
        continue
      }
      found += TemplateLint.diagnostics(
        of: file.name, file.bytes, schema: schema, today: Today.date)
    }
    try Terminal.write(format.wanted.text(of: found))
    if isInTrouble { throw ExitCode.trouble }
    if found.contains(where: { $0.severity >= .warning }) { throw ExitCode.no }
  }

  private func read(
    _ name: String, in store: TemplateStore
  ) -> (name: String, bytes: [UInt8])? {
    if name == "-" || TemplateStore.isPath(name) {
      return Input.read(name).map { (Terminal.display(name), $0.bytes) }
    }
    do throws(VirtNestError) { return (name, try store.template(name).bytes) } catch {
      Terminal.say(error.diagnostics)
      return nil
    }
  }
}
