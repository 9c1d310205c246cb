import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// The options of everything that defines guests.
struct DefineOptions: ParsableArguments {
  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp(
      "The libvirt, as for virsh: qemu:///system, qemu+ssh://root@host/system.", valueName: "URI"))
  var connect: String?

  @Flag(name: [.short, .long], help: "Define without a question.")
  var yes = false

  @Flag(help: "Show what would be defined, and define nothing.")
  var dryRun = false

  @Flag(help: "Let go of the host's VNC and SPICE passwords where a definition has none.")
  var dropSecrets = false

  /// Whether any of them was given.
  var isGiven: Bool { connect != nil || yes || dryRun || dropSecrets }

  func validate() throws {
    if yes, dryRun { throw ValidationError("--yes and --dry-run exclude each other") }
  }

  /// What a libvirt has of guests, by name or uuid.
  func definitions(
    of guests: [String]
  ) async throws -> [(name: String, definition: DomainDefinition)] {
    let libvirt = Virsh(uri: connect)
    return try await trouble { source in
      source = guests.first ?? ""
      let wanted = guests.map { HostGuest.Wanted(name: $0, uuid: DomainUUID($0)) }
      let found = try await HostGuest.find(wanted, on: libvirt).guests
      return try zip(guests, found).map { name, guest in
        guard let guest else {
          Terminal.say("\(name): error: there is no such guest on \(libvirt.displayName)")
          throw ExitCode.trouble
        }
        return (guest.name, guest.definition)
      }
    }
  }

  /// Looks at all guests, asks, and defines them.
  ///
  /// - Parameters:
  ///   - isWhole: whether the definitions are libvirt's own with changes.
  ///   - look: what to do in place of defining; `nil` to define.
  func define(
    _ definitions: [(source: String, definition: DomainDefinition)], isWhole: Bool = false,
    look: DefineLook? = nil, validates: Bool = true
  ) async throws {
    let libvirt = Virsh(uri: connect)
    let (host, changes) = try await changes(definitions, isWhole, on: libvirt)
    let wanted = changes.filter { !$0.isEmpty }
    if let look {
      try look.show(changes, named: definitions.map(\.source))
      if look.isCheck, !wanted.isEmpty { throw ExitCode.no }
      return
    }
    for change in changes {
      for note in change.notes { Terminal.say("\(change.name): note: \(note)") }
      if change.isEmpty { Terminal.say("\(change.name): nothing to change") }
      try Terminal.write(change.diff(coloured: Terminal.showsColours, escaped: Terminal.isShown))
    }
    if dryRun || wanted.isEmpty { return }
    guard try yes || isAgreed(wanted, on: libvirt, host) else { throw ExitCode.no }
    let outcomes = try await trouble { source in
      source = wanted[0].name
      return try await DefinitionChange.define(wanted, validates: validates, on: libvirt)
    }
    for (change, outcome) in zip(wanted, outcomes) {
      if let failure = outcome.failure {
        Terminal.say("\(change.name): error: \(failure)")
        continue
      }
      Terminal.say("\(change.name): \(change.host == nil ? "defined" : "redefined")")
      for note in outcome.notes { Terminal.say("\(change.name): \(note)") }
    }
    if outcomes.contains(where: { $0.failure != nil }) { throw ExitCode.trouble }
  }

  /// Compares all definitions with what a libvirt has.
  private func changes(
    _ definitions: [(source: String, definition: DomainDefinition)], _ isWhole: Bool,
    on libvirt: Virsh
  ) async throws -> (host: String, changes: [DefinitionChange]) {
    try await trouble { source in
      source = definitions.first?.source ?? ""
      let wanted = definitions.map { DefinitionChange.wanted($0.definition) }
      let found = try await HostGuest.find(wanted, on: libvirt)
      var changes: [DefinitionChange] = []
      var names: Set<String> = []
      for ((name, definition), guest) in zip(definitions, found.guests) {
        source = name
        let change = try DefinitionChange(
          definition, of: guest, on: libvirt, isWhole: isWhole, dropsSecrets: dropSecrets)
        guard names.insert(change.name).inserted else {
          Terminal.say(
            "\(Terminal.display(name)): error: the guest '\(change.name)' is defined twice: give one"
          )
          throw ExitCode.trouble
        }
        changes.append(change)
      }
      return (found.host, changes)
    }
  }

  /// Says what goes wrong, and where.
  private func trouble<Value>(
    _ body: (inout String) async throws -> Value
  ) async throws -> Value {
    var source = ""
    do {
      return try await body(&source)
    } catch let error as VirshError {
      Terminal.say("\(Terminal.display(source)): error: \(error)")
    } catch let error as ToolFailure {
      Terminal.say("virt-nest: error: \(error)")
    }
    throw ExitCode.trouble
  }

  /// Asks the person at the terminal, who need not be at standard input.
  private func isAgreed(
    _ changes: [DefinitionChange], on libvirt: Virsh, _ host: String
  ) throws -> Bool {
    let what =
      changes.count == 1 ? "'\(changes[0].name)'" : "these \(changes.count) guests"
    let question = "Define \(what) on the host \(host) (\(libvirt.displayName))? [y/N] "
    return try Questions.isAgreed(question)
  }
}
