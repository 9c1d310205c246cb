import ArgumentParser
import LosslessXML
import VirtNest

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
  var files: [String]

  @OptionGroup var libvirt: DefineOptions

  @OptionGroup var color: ColorOption

  @Flag(
    help: "Define nothing; print the files that would change, and exit with 1 if there are any.")
  var check = false

  @Flag(help: "Define nothing; show the changes; with --check, exit with 1 if there are any.")
  var diff = false

  @Flag(help: "Define nothing; print an object of JSON for each guest.")
  var json = false

  @Flag(help: "Define although the rules of check find errors.")
  var force = false

  @Flag(help: "Do not let libvirt validate the definition against its schema.")
  var noValidate = false

  func validate() throws {
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input can be read only once")
    }
    if check || diff || json, libvirt.yes || libvirt.dryRun {
      throw ValidationError("--check, --diff and --json only look: leave out --yes and --dry-run")
    }
    if json, diff { throw ValidationError("--json and --diff exclude each other") }
  }

  func run() async throws {
    var definitions: [(source: String, definition: DomainDefinition)] = []
    var findings: [[Diagnostic]] = []
    for name in files {
      guard let input = Input.read(name), let definition = input.definition() else {
        throw ExitCode.trouble
      }
      definitions.append((name, definition))
      findings.append(
        CheckedFile.diagnostics(of: [CheckedFile(name, input.bytes, today: Today.date)]))
    }
    let errors = findings.joined().filter { $0.severity == .error }
    Terminal.say(Array(errors), about: files[0])
    if !errors.isEmpty, !force {
      Terminal.say("virt-nest: error: nothing is defined; use --force to define it anyway")
      throw ExitCode.trouble
    }
    let isLook = check || diff || json
    try await libvirt.define(
      definitions,
      look: isLook
        ? DefineLook(isCheck: check, isDiff: diff, isJSON: json, findings: findings) : nil,
      validates: !noValidate)
  }
}
