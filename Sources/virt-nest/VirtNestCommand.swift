import ArgumentParser
import LosslessXML
import VirtNestHost

struct VirtNestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virt-nest",
    abstract:
      "Make, change, explain and check libvirt definitions of L1 guests for nested KVM on Power.",
    discussion: """
      Exit status:
        0   yes: done, nothing found, nothing would change
        1   no: check found something, patch --check would change something
        2   trouble: a file, a value in it or the machine is not as it should be
        64  usage: the options are wrong
      """,
    version: CommandVersion.text,
    subcommands: [
      CreateCommand.self, PatchCommand.self, InspectCommand.self, CheckCommand.self,
      ExplainCommand.self, TemplateCommand.self, WrapperCommand.self, DoctorCommand.self,
      FirstBootCommand.self, VerifyCommand.self, DefineCommand.self,
      QEMUCommandCommand.self, DiffCommand.self, UpCommand.self, DownCommand.self,
    ])
}

/// The version of the command, in this one place; CHANGELOG.md begins with it.
enum CommandVersion {
  static let number = "0.1.0"

  /// `0.1.0 (libxml2 2.9.14)`.
  static var text: String { "\(number) (libxml2 \(LibXML2.version))" }
}
