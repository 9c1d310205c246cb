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
      var definitions: [(name: String, definition: DomainDefinition)] = []
      for name in guests {
        source = name
        let guest = try await HostGuest.find(name: name, uuid: DomainUUID(name), on: libvirt)
        guard let guest else {
          Terminal.say("\(name): error: there is no such guest on \(libvirt.displayName)")
          throw ExitCode.trouble
        }
        definitions.append((guest.name, guest.definition))
      }
      return definitions
    }
  }

  /// Looks at all guests, asks, and defines them.
  func define(_ definitions: [(source: String, definition: DomainDefinition)]) async throws {
    let libvirt = Virsh(uri: connect)
    let changes = try await trouble { source in
      var changes: [DefinitionChange] = []
      for (name, definition) in definitions {
        source = name
        let change = try await DefinitionChange(
          definition, on: libvirt, dropsSecrets: dropSecrets)
        guard !changes.contains(where: { $0.name == change.name }) else {
          Terminal.say(
            "\(Terminal.display(name)): error: the guest '\(change.name)' is defined twice: give one"
          )
          throw ExitCode.trouble
        }
        changes.append(change)
      }
      return changes
    }
    let wanted = changes.filter { !$0.isEmpty }
    for change in changes {
      for note in change.notes { Terminal.say("\(change.name): note: \(note)") }
      if change.isEmpty { Terminal.say("\(change.name): nothing to change") }
      try Terminal.write(change.diff(coloured: Terminal.showsColours, escaped: Terminal.isShown))
    }
    if dryRun || wanted.isEmpty { return }
    guard try yes || isAgreed(wanted, on: libvirt) else { throw ExitCode.no }
    try await trouble { source in
      for change in wanted {
        source = change.name
        let notes = try await change.define()
        Terminal.say("\(change.name): \(change.host == nil ? "defined" : "redefined")")
        for note in notes { Terminal.say("\(change.name): \(note)") }
      }
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
  private func isAgreed(_ changes: [DefinitionChange], on libvirt: Virsh) throws -> Bool {
    let what =
      changes.count == 1 ? "'\(changes[0].name)'" : "these \(changes.count) guests"
    let question = "Define \(what) on \(libvirt.displayName)? [y/N] "
    do {
      let terminal = try FileDescriptor.open("/dev/tty", .readWrite)
      return try terminal.closeAfter {
        try terminal.writeAll(question.visible.utf8)
        var answer = [UInt8](repeating: 0, count: 256)
        let count = try answer.withUnsafeMutableBytes { try terminal.read(into: $0) }
        let word = String(decoding: answer.prefix(count), as: UTF8.self).lowercased()
        return ["y\n", "yes\n"].contains(word)
      }
    } catch {
      Terminal.say("virt-nest: error: there is no terminal to ask at: give --yes, or --dry-run")
      throw ExitCode.trouble
    }
  }
}
