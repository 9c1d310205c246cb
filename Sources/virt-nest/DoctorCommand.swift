import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say whether a host can run L1 guests, or a guest be one.",
    discussion: """
      Several hosts are looked at side by side, and ssh asks nothing: one that wants a password is trouble. \
      Exit status: 0 where nesting can work, 1 where it cannot, 2 in trouble, such as a host that \
      cannot be reached; of several hosts, the highest.

        virt-nest doctor root@power-a root@power-b root@power-c
        virt-nest doctor root@power-host
        virt-nest doctor root@power-host --json > power-host.json
        virt-nest create fedora --for power-host.json
        virt-nest doctor --print-script | ssh power-host sh > power-host.facts
      """)

  @Argument(
    help: ArgumentHelp(
      "Destinations of ssh, such as root@power-host; this machine where none is given.",
      valueName: "host"))
  var hosts: [String] = []

  @Option(
    name: .customLong("ssh"),
    help: ArgumentHelp("The same as a host.", valueName: "destination"))
  var destinations: [String] = []

  private var all: [String] { hosts + destinations }

  @Option(
    help: ArgumentHelp(
      "How long ssh may take to reach a host.", valueName: "seconds"))
  var connectTimeout = 10

  @Option(
    help: ArgumentHelp(
      "Look at facts that were gathered before, as --print-facts or --json prints them; '-' is "
        + "standard input.",
      valueName: "file"))
  var facts: String?

  @Option(
    name: .customLong("as"),
    help: "Look at it as a host (l0) or as a guest (l1), in place of what it seems to be.")
  var role: HostFacts.Role?

  @Flag(
    help: """
      Print findings, facts and the recommended mechanism as JSON, also for --facts and create --for.
      """)
  var json = false

  @Flag(help: "Print the facts alone, for --facts and for create --for.")
  var printFacts = false

  @Flag(help: "Print the sh script that gathers facts, to be run by hand.")
  var printScript = false

  func validate() throws {
    if !all.isEmpty, facts != nil { throw ValidationError("a host and --facts exclude each other") }
    if all.contains(where: { $0.isEmpty || $0.hasPrefix("-") }) {
      throw ValidationError("a host is a destination of ssh, such as host or user@host")
    }
    if let twice = all.indices.first(where: { all[..<$0].contains(all[$0]) }) {
      throw ValidationError("'\(all[twice])' is given twice")
    }
    if connectTimeout < 1 { throw ValidationError("--connect-timeout is at least 1 second") }
    if [json, printFacts, printScript].filter({ $0 }).count > 1 {
      throw ValidationError("--json, --print-facts and --print-script exclude each other")
    }
    if printScript, !all.isEmpty || facts != nil {
      throw ValidationError("--print-script looks at no machine: leave out hosts and --facts")
    }
    if printFacts, all.count > 1 { throw ValidationError("--print-facts is for one host") }
    if role != nil, printFacts || printScript {
      throw ValidationError("--as is for the report: --print-facts and --print-script make none")
    }
  }

  func run() async throws {
    if printScript { return try Terminal.write(HostFacts.gatheringScript) }
    if all.count > 1 { return try await compare() }
    let facts = try await gathered()
    if printFacts { return try Terminal.write(facts.text) }
    let report = HostReport(facts, as: role)
    if json {
      try Terminal.write(json: report.json)
    } else {
      try Terminal.report(report.lines)
    }
    if report.level == .error { throw ExitCode.no }
  }

  private func gathered() async throws -> HostFacts {
    if let facts {
      return try Input(facts).hostFacts()
    }
    do {
      return try await HostFacts.gathered(
        all.first.map { .ssh(destination: $0) } ?? .here, connectTimeout: connectTimeout)
    } catch let error as VirtNestError {
      throw error.about(all.first ?? "host-facts.sh")
    }
  }

  // MARK: Several hosts

  /// What was found out about a host, or why nothing was.
  private enum Look: Sendable {
    case report(HostReport)
    case failure(String)
  }

  private func compare() async throws {
    let looks = await looks()
    if json {
      let hosts = looks.map { host, look in
        switch look {
        case .report(let report): JSONWriter.Member(host, report.json)
        case .failure(let reason): JSONWriter.Member(host, ["error": .string(reason)])
        }
      }
      try Terminal.write(json: ["hosts": .object(hosts)])
    } else {
      try Terminal.report(Self.lines(looks))
    }
    let levels = looks.map { _, look -> Int32 in
      guard case .report(let report) = look else { return ExitCode.trouble.rawValue }
      return report.level == .error ? ExitCode.no.rawValue : 0
    }
    if let worst = levels.max(), worst > 0 { throw ExitCode(worst) }
  }

  /// Looks at all hosts, 16 at a time.
  private func looks() async -> [(host: String, look: Look)] {
    var found: [Int: Look] = [:]
    await withTaskGroup(of: (Int, Look).self) { group in
      for (index, host) in all.enumerated() {
        if index >= 16, let (done, look) = await group.next() { found[done] = look }
        group.addTask { (index, await look(at: host)) }
      }
      for await (index, look) in group { found[index] = look }
    }
    return all.enumerated().map { ($1, found[$0] ?? .failure("it was not looked at")) }
  }

  private func look(at host: String) async -> Look {
    do {
      let facts = try await HostFacts.gathered(
        .ssh(destination: host), connectTimeout: connectTimeout, mayAsk: false)
      return .report(HostReport(facts, as: role))
    } catch {
      let reason = (error as? VirtNestError)?.message ?? "\(error)"
      // The last thing that ssh said.
      return .failure(reason.split(whereSeparator: \.isNewline).last.map(String.init) ?? reason)
    }
  }

  /// A table, and below it what is wrong with each host.
  private static func lines(_ looks: [(host: String, look: Look)]) -> [String] {
    let rows = looks.map { host, look in
      switch look {
      case .report(let report):
        [host, report.ability, report.facts.recommendedMechanism.mechanism?.rawValue ?? "none"]
      case .failure: [host, "not known", "-"]
      }
    }
    let problems = looks.flatMap { host, look -> [String] in
      switch look {
      case .report(let report):
        report.problems.isEmpty ? [] : ["", "\(host):"] + report.problems
      case .failure(let reason): ["", "\(host):", "error: \(reason)"]
      }
    }
    return Terminal.table([["HOST", "VERDICT", "MECHANISM"]] + rows) + problems
  }
}

extension HostFacts.Role: ExpressibleByArgument {}
