import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct DownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down",
    abstract: "Remove a guest that virt-nest up has made, with exactly what was made for it.",
    discussion: """
      What is removed stands in the guest's definition and is not found by its name. An image that \
      others use stays. The data on the guest's disk is lost.

        virt-nest down --connect qemu+ssh://root@power-host/system kata-fedora-44-vm-00

      Exit status: 0 removed, 1 the answer was no, 2 trouble.
      """)

  @Argument(help: "Names of guests.", completion: .guests)
  var guests: [String]

  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp("The libvirt of the guests, as for virsh.", valueName: "URI"))
  var connect: String?

  @Flag(name: [.short, .long], help: "Remove without a question.")
  var yes = false

  @Flag(help: "Print what would be removed, and remove nothing.")
  var dryRun = false

  func validate() throws {
    if yes, dryRun { throw ValidationError("--yes and --dry-run exclude each other") }
  }

  func run() async throws {
    try await interruptible {
      let libvirt = Virsh(uri: connect)
      for name in guests {
        try await down(try await DownPlan.look(at: name, on: libvirt))
      }
    }
  }

  private func down(_ plan: DownPlan) async throws {
    for note in plan.notes { Terminal.say("\(plan.name): note: \(note)") }
    if dryRun || !yes {
      try Terminal.report(
        ["on the host \(plan.host) (\(plan.libvirt.displayName)):"] + plan.steps.map { "  \($0)" })
    }
    if dryRun { return }
    guard
      try yes
        || Questions.isAgreed("Remove the guest '\(plan.name)' and the data on its disk? [y/N] ")
    else { throw ExitCode.no }
    try await plan.run { Terminal.say("\(plan.name): \($0)") }
  }
}
