import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct QEMUCommandCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qemu-command",
    abstract: "Print the command line by which QEMU runs a guest without libvirt.",
    discussion: """
      It is libvirt's own command line, one option a line, without what only a running libvirt has: \
      its monitor socket and keys are left out, its tap devices become QEMU's user network, and the \
      first console is the terminal. A part of the definition that is no plain device or section, \
      such as another program as <emulator> or an argument that names a file, is left out. What is \
      different is said.

        virt-nest create fedora --emulated > l1.xml && virt-nest qemu-command l1.xml > l1.sh

      A guest of KVM on Power needs the libvirt of a Power host: --connect. Elsewhere, make it one \
      for TCG: virt-nest patch --emulated.
      """)

  @Argument(help: "A domain definition; '-' is standard input.", completion: .definitions)
  var file: String

  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp(
      "Ask this libvirt, as for virsh; else one inside virsh, for the QEMU here.",
      valueName: "URI"))
  var connect: String?

  @Option(
    help: ArgumentHelp(
      "Keep this <emulator> of the definition, which must be trusted.", valueName: "path"))
  var wrapper: String?

  @Flag(name: [.short, .long], help: "Print only errors.")
  var quiet = false

  func run() async throws {
    try await interruptible { try await printCommand() }
  }

  private func printCommand() async throws {
    let definition = try Input(file).definition()
    do {
      let command = try await QEMUCommand(
        of: definition, by: connect.map { Virsh(uri: $0) }, wrapper: wrapper)
      if !quiet { for note in command.notes { Terminal.say("note: \(note)") } }
      return try Terminal.write(command.text)
    } catch let error as VirtNestError {
      guard error.has(.missingKVM) else { throw error.about(file) }
      throw VirtNestError(
        error.message
          + "; --connect URI asks a Power host, and virt-nest patch --emulated makes it "
          + "a guest for TCG", in: file)
    }
  }
}
