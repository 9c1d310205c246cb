import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say whether a host can run L1 guests, or a guest be one.",
    discussion: """
      Exit status: 0 where nesting can work, 1 where it cannot, 2 in trouble.

        virt-nest doctor --ssh power-host
        virt-nest doctor --ssh power-host --json > power-host.json
        virt-nest create fedora --for power-host.json
        virt-nest doctor --print-script | ssh power-host sh > power-host.facts
      """)

  @Option(
    name: .customLong("ssh"),
    help: ArgumentHelp("Look at the machine behind ssh.", valueName: "destination"))
  var destinations: [String] = []

  private var ssh: String? { destinations.first }

  @Option(
    help: ArgumentHelp(
      "Look at facts that were gathered before, as --print-facts or --json prints them; '-' is "
        + "standard input.",
      valueName: "file"))
  var facts: String?

  @Option(
    name: .customLong("as"),
    help: "Look at it as a host (l0) or as a guest (l1), in place of what it seems to be.")
  var role: Role?

  @Flag(
    help: """
      Print findings, facts and the recommended mechanism as JSON, also for --facts and create --for.
      """)
  var json = false

  @Flag(help: "Print the facts alone, for --facts and for create --for.")
  var printFacts = false

  @Flag(help: "Print the sh script that gathers facts, to be run by hand.")
  var printScript = false

  enum Role: String, ExpressibleByArgument, CaseIterable {
    case l0, l1
    var role: HostFacts.Role { self == .l0 ? .l0 : .l1 }
  }

  func validate() throws {
    if destinations.count > 1 { throw ValidationError("--ssh takes one machine at a time") }
    if ssh != nil, facts != nil { throw ValidationError("--ssh and --facts exclude each other") }
    if ssh?.hasPrefix("-") ?? false || ssh?.isEmpty ?? false {
      throw ValidationError("--ssh takes a destination, such as host or user@host")
    }
    if [json, printFacts, printScript].filter({ $0 }).count > 1 {
      throw ValidationError("--json, --print-facts and --print-script exclude each other")
    }
    if printScript, ssh != nil || facts != nil {
      throw ValidationError("--print-script looks at no machine: leave out --ssh and --facts")
    }
    if role != nil, printFacts || printScript {
      throw ValidationError("--as is for the report: --print-facts and --print-script make none")
    }
  }

  func run() async throws {
    if printScript { return try Terminal.write(Array(HostFacts.gatheringScript.utf8)) }
    let facts = try await gathered()
    if printFacts { return try Terminal.write(Array(facts.text.utf8)) }
    let report = HostReport(facts, as: role?.role)
    if json {
      try Terminal.write(Array(JSONWriter.text(of: report.json).utf8))
    } else {
      try Terminal.report(report.lines)
    }
    if report.level == .error { throw ExitCode.no }
  }

  private func gathered() async throws -> HostFacts {
    if let facts {
      guard let input = Input.read(facts) else { throw ExitCode.trouble }
      return try input.hostFacts()
    }
    do {
      return try await HostFacts.gathered(ssh.map { .ssh(destination: $0) } ?? .here)
    } catch let error as MalformedFacts {
      Terminal.say(.error, error.reason, file: ssh ?? "host-facts.sh", at: error.place)
    } catch {
      Terminal.say("virt-nest: error: \(error)")
    }
    throw ExitCode.trouble
  }
}
