import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// The option for the libvirt that has the guests.
struct ConnectOption: ParsableArguments {
  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp(
      "The libvirt, as for virsh: qemu:///system, qemu+ssh://root@host/system.", valueName: "URI"))
  var connect: String?

  var libvirt: Virsh { Virsh(uri: connect) }
}

/// The options of everything that defines guests.
struct DefineOptions: ParsableArguments {
  @OptionGroup var connection: ConnectOption

  @Flag(name: [.short, .long], help: "Define without a question.")
  var yes = false

  @Flag(help: "Show what would be defined, and define nothing.")
  var dryRun = false

  @Flag(help: "Let go of the host's VNC and SPICE passwords where a definition has none.")
  var dropSecrets = false

  /// Whether any of them was given.
  var isGiven: Bool { connection.connect != nil || yes || dryRun || dropSecrets }

  func validate() throws {
    if yes, dryRun { throw ValidationError("--yes and --dry-run exclude each other") }
  }

  /// How the work is shown, and what is done of it.
  struct Manner {
    /// Whether the guests that would change are only named, and the exit status says if there are any.
    var isCheck = false
    /// Whether the changes are only shown, as `diff -u` shows them.
    var isDiff = false
    /// Whether each guest is an object of JSON, and without `--yes` nothing is done.
    var isJSON = false
    /// Whether libvirt validates the definitions against its schema.
    var validates = true
  }

  /// Looks at all guests, asks, and does what shall become of them.
  func run(_ tasks: [HostTask], _ manner: Manner = Manner()) async throws {
    let libvirt = connection.libvirt
    let (host, plans) = try await plans(tasks, on: libvirt)
    let wanted = plans.filter(\.isChanged)
    if manner.isCheck || manner.isDiff || manner.isJSON && !yes {
      try show(plans, manner)
      if manner.isCheck, !wanted.isEmpty { throw ExitCode.no }
      return
    }
    if !manner.isJSON {
      for plan in plans { try show(plan) }
      if dryRun || wanted.isEmpty { return }
      guard try yes || isAgreed(wanted, on: libvirt, host) else { throw ExitCode.no }
    }
    let outcomes = try await trouble { source in
      source = wanted.first?.name ?? ""
      return try await Self.outcomes(of: wanted, manner, on: libvirt)
    }
    if manner.isJSON {
      report(plans, outcomes)
    } else {
      for (plan, outcome) in zip(wanted, outcomes) { say(outcome, of: plan) }
    }
    if outcomes.contains(where: { $0.failure != nil }) { throw ExitCode.trouble }
  }

  /// Compares all guests with what a libvirt has.
  private func plans(
    _ tasks: [HostTask], on libvirt: Virsh
  ) async throws -> (host: String, guests: [PlannedGuest]) {
    try await trouble { source in
      source = tasks.first?.source ?? ""
      let found = try await HostGuest.find(tasks.map(\.wanted), on: libvirt)
      var plans: [PlannedGuest] = []
      var names: Set<TextKey> = []
      for (task, guest) in zip(tasks, found.guests) {
        source = task.source
        let plan = try task.planned(for: guest, on: libvirt, dropsSecrets: dropSecrets)
        guard names.insert(TextKey(plan.name)).inserted else {
          throw VirtNestError("the guest '\(plan.name)' is defined twice: give one", in: source)
        }
        plans.append(plan)
      }
      return (found.host, plans)
    }
  }

  /// Does what is wanted: definitions first, then what goes, then what starts.
  private static func outcomes(
    of plans: [PlannedGuest], _ manner: Manner, on libvirt: Virsh
  ) async throws -> [DefinitionChange.Outcome] {
    var outcomes = plans.map { _ in DefinitionChange.Outcome() }
    let redefined = plans.indices.filter { plans[$0].isRedefined }
    if !redefined.isEmpty {
      let results = try await DefinitionChange.define(
        redefined.compactMap { plans[$0].change }, validates: manner.validates, on: libvirt)
      for (index, result) in zip(redefined, results) { outcomes[index] = result }
    }
    let removed = plans.indices.filter { plans[$0].removed != nil }
    let removals = try await HostGuest.remove(
      removed.compactMap { plans[$0].removed }, on: libvirt)
    for (index, failure) in zip(removed, removals) { outcomes[index].failure = failure }
    let started = plans.indices.filter {
      plans[$0].task.runs && plans[$0].before != .running && outcomes[$0].failure == nil
    }
    let starts = try await HostGuest.start(started.map { plans[$0].name }, on: libvirt)
    for (index, failure) in zip(started, starts) { outcomes[index].failure = failure }
    return outcomes
  }

  // MARK: What is shown

  /// Shows what would change, or the names of the files in which it would.
  private func show(_ plans: [PlannedGuest], _ manner: Manner) throws {
    if manner.isJSON { return plans.map(\.report).forEach(Terminal.report) }
    for plan in plans where plan.isChanged {
      if manner.isDiff {
        try Terminal.write(
          plan.diff(coloured: Terminal.showsColours, escaped: Terminal.isShown))
      } else {
        try Terminal.report([Terminal.display(plan.task.source)])
      }
    }
  }

  private func show(_ plan: PlannedGuest) throws {
    for note in plan.change?.notes ?? [] { Terminal.say("\(plan.name): note: \(note)") }
    if !plan.isChanged { Terminal.say("\(plan.name): nothing to change") }
    if plan.isChanged, !plan.isRedefined { Terminal.say("\(plan.name): \(plan.stateLine)") }
    try Terminal.write(plan.diff(coloured: Terminal.showsColours, escaped: Terminal.isShown))
  }

  private func say(_ outcome: DefinitionChange.Outcome, of plan: PlannedGuest) {
    if let failure = outcome.failure { return Terminal.say(failure.diagnostics, about: plan.name) }
    if plan.isRedefined {
      Terminal.say("\(plan.name): \(plan.host == nil ? "defined" : "redefined")")
    }
    if plan.removed != nil { Terminal.say("\(plan.name): removed") }
    if plan.task.runs, plan.before != .running { Terminal.say("\(plan.name): started") }
    for note in outcome.notes { Terminal.say("\(plan.name): \(note)") }
  }

  /// Reports all guests, those that were wanted with what became of them.
  private func report(_ plans: [PlannedGuest], _ outcomes: [DefinitionChange.Outcome]) {
    var rest = outcomes[...]
    for plan in plans {
      var report = plan.report
      if plan.isChanged, let outcome = rest.popFirst() {
        report.notes += outcome.notes
        report.error = outcome.failure?.message
      }
      Terminal.report(report)
    }
  }

  /// Says what goes wrong, of the guest that `body` names, on standard error: there is no report yet.
  private func trouble<Value>(
    _ body: (inout String) async throws -> Value
  ) async throws -> Value {
    var source = ""
    do { return try await body(&source) } catch let error as VirtNestError {
      for line in error.about(source).diagnostics.flatMap(\.commandLines) { Terminal.say(line) }
      throw ExitCode.trouble
    }
  }

  /// Asks the person at the terminal, who need not be at standard input.
  private func isAgreed(
    _ plans: [PlannedGuest], on libvirt: Virsh, _ host: String
  ) throws -> Bool {
    let what = plans.count == 1 ? "'\(plans[0].name)'" : "these \(plans.count) guests"
    let isDefinition = plans.allSatisfy { $0.change != nil }
    let question =
      "\(isDefinition ? "Define" : "Change") \(what) on the host \(host) (\(libvirt.displayName))? [y/N] "
    return try Questions.isAgreed(question)
  }
}
