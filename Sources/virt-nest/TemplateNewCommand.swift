import ArgumentParser
import VirtNest

struct TemplateNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a template out of the definition of a guest that works.",
    discussion: """
      What identifies one guest is taken out (uuid, MAC addresses, what libvirt writes of a running \
      guest), a block of parameters is put in, and everything else stays byte for byte. The \
      definition holds the defaults: creating from the template gives the guest back.

        virsh dumpxml --inactive G | virt-nest template new site --from - > site.xml
      """)

  @Argument(help: "Name of the template.")
  var name: String

  @Option(help: ArgumentHelp("Definition of the guest; '-' is standard input.", valueName: "file"))
  var from: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write it to this file, or to NAME.xml in this folder.", valueName: "path"))
  var output: String?

  @Flag(help: "Replace a file that has other content.")
  var force = false

  func run() throws {
    guard let definition = Input.read(from)?.definition() else { throw ExitCode.trouble }
    let bytes: [UInt8]
    do throws(ChangeError) {
      bytes = try TemplateAuthor(name: name, from: definition).template()
    } catch {
      for problem in error.problems {
        Terminal.say("error", problem.text, file: from, at: problem.location)
      }
      throw ExitCode.trouble
    }
    try OutputTarget(output, needsFolder: false).write(bytes, named: name + ".xml", force: force)
  }
}
