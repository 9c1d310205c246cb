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
      others use stays. The data on the guest's disk is lost. A guest that is not there is no error, so \
      that the same command goes on after an interruption.

        virt-nest down --connect qemu+ssh://root@power-host/system kata-fedora-44-vm-00

      Exit status: 0 removed, 1 the answer was no, 2 trouble.
      """)

  @Argument(help: "Names of guests.", completion: .guests)
  var guests: [String]

  @OptionGroup var connection: ConnectOption

  @Flag(name: [.short, .long], help: "Remove without a question.")
  var yes = false

  @Flag(help: "Print what would be removed, and remove nothing.")
  var dryRun = false

  @Flag(help: "Print an object of JSON for each guest; without --yes, remove nothing.")
  var json = false

  func validate() throws {
    if yes, dryRun { throw ValidationError("--yes and --dry-run exclude each other") }
    if json, dryRun {
      throw ValidationError("--json without --yes only looks: leave out --dry-run")
    }
  }

  func run() async throws {
    try await Terminal.reporting(in: .text, guests: json) {
      try await interruptible { try await down() }
    }
  }

  private func down() async throws {
    let libvirt = connection.libvirt
    var plans: [DownPlan] = []
    // All of them, before anything is removed.
    for name in guests {
      try await about(name) {
        plans.append(try await DownPlan.look(at: name, behind: plans, on: libvirt))
      }
    }
    var errors: [String: String] = [:]
    defer {
      if json { plans.map { report($0, errors[$0.name]) }.forEach(Terminal.report) }
    }
    if dryRun || json && !yes { return json ? () : try plans.forEach(show) }
    for index in plans.indices {
      let name = plans[index].name
      do {
        try await about(name) {
          if index > 0 { plans[index] = try await DownPlan.look(at: name, on: libvirt) }
          try await remove(&plans[index])
        }
      } catch {
        errors[name] = (error as? VirtNestError)?.message ?? "interrupted"
        throw json && error is VirtNestError ? ExitCode.trouble : error
      }
    }
  }

  private func about(_ name: String, _ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as VirtNestError { throw error.about(name) }
  }

  private func show(_ plan: DownPlan) throws {
    for note in plan.notes { Terminal.say("\(plan.name): note: \(note)") }
    if plan.steps.isEmpty { return }
    try Terminal.report(
      ["on the host \(plan.host) (\(plan.libvirt.displayName)):"]
        + plan.steps.map { "  \($0.text)" })
  }

  private func remove(_ plan: inout DownPlan) async throws {
    if !yes {
      try show(plan)
    } else if !json {
      for note in plan.notes { Terminal.say("\(plan.name): note: \(note)") }
    }
    if plan.steps.isEmpty { return }
    guard
      try yes
        || Questions.isAgreed("Remove the guest '\(plan.name)' and the data on its disk? [y/N] ")
    else { throw ExitCode.no }
    let name = plan.name
    try await plan.run { Terminal.say("\(name): \($0)") }
  }

  private func report(_ plan: DownPlan, _ error: String?) -> GuestReport {
    var report = GuestReport(file: nil)
    (report.name, report.uuid) = (plan.name, plan.guest?.uuid.description)
    (report.notes, report.error) = (plan.notes, error)
    report.steps = (plan.host, plan.steps)
    report.isChanged = yes ? plan.steps.haveChanged : plan.steps.areToDo
    if plan.state == .absent || !yes { report.diff = plan.guest?.removal(from: plan.libvirt) ?? [] }
    report.states = (plan.guest?.state ?? .absent, yes ? plan.state : .absent)
    return report
  }
}
