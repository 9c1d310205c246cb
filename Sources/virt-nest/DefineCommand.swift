import ArgumentParser
import LosslessXML
import VirtNest

struct DefineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "define",
    abstract: "Give definitions to a libvirt, here or on a host, after a look at what it has.",
    discussion: """
      What would change is shown, and a question asked. A definition is validated and replaced as a \
      whole; a guest that runs has the change at its next start.

        virt-nest define --connect qemu+ssh://root@power-host/system kata-fedora-43-vm-00.xml

      Exit status: 0 defined or nothing to do, 1 the answer was no, 2 trouble.
      """)

  @Argument(help: "Domain definitions; '-' is standard input.")
  var files: [String]

  @OptionGroup var libvirt: DefineOptions

  func validate() throws {
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input can be read only once")
    }
  }

  func run() async throws {
    var definitions: [(source: String, definition: DomainDefinition)] = []
    for name in files {
      guard let definition = Input.read(name)?.definition() else { throw ExitCode.trouble }
      definitions.append((name, definition))
    }
    try await libvirt.define(definitions)
  }
}
