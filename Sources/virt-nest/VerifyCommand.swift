import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Ask QEMU itself whether a guest can nest.",
    discussion: """
      Of a running guest, QEMU's monitor and the guest agent are asked; nothing is changed:

        virt-nest verify --connect qemu+ssh://root@power-host/system kata-fedora-43-vm-00

      With --emulated no host is needed: a copy of the definition is started under TCG, paused, in \
      a libvirt of its own that is gone afterwards. The copy has nothing that names a file, program, \
      socket or device of this machine, and what is left out is listed:

        virt-nest verify --emulated kata-fedora-43-vm-00.xml

      Exit status: 0 nesting is as the definition asks, 1 it is not, 2 trouble.
      """)

  @Argument(
    help: "Names of guests; with --emulated definitions, '-' is standard input.",
    completion: .guests)
  var guests: [String]

  @OptionGroup var connection: ConnectOption

  @Flag(help: "Start copies of definitions here, under TCG.")
  var emulated = false

  @Option(
    help: ArgumentHelp(
      "With --emulated: run this <emulator> of a definition, which must be trusted.",
      valueName: "path"))
  var wrapper: String?

  @Flag(help: "For other programs: a list of objects.")
  var json = false

  func validate() throws {
    if emulated, connection.connect != nil {
      throw ValidationError("--emulated needs no host: leave out --connect")
    }
    if wrapper != nil, !emulated { throw ValidationError("--wrapper goes with --emulated") }
  }

  func run() async throws {
    try await interruptible { try await verify() }
  }

  private func verify() async throws {
    var reports = VerificationReports(json: json, isSeveral: guests.count > 1)
    do {
      if emulated {
        try await verifyCopies(&reports)
      } else {
        try await verifyRunning(&reports)
      }
    } catch let error as VirtNestError {
      Terminal.say(error.diagnostics)
      reports.isInTrouble = true
    }
    try reports.finish()
  }

  private func verifyCopies(_ reports: inout VerificationReports) async throws {
    var read: [(name: String, definition: DomainDefinition)] = []
    for name in guests {
      if let definition = Input.readDefinition(name) {
        read.append((name, definition))
      } else {
        reports.isInTrouble = true
      }
    }
    if read.isEmpty { return }
    try await Verification.emulated(read.map(\.definition), wrapper: wrapper) { index, result in
      switch result {
      case .success(let verification): try reports.add(verification, of: read[index].name)
      case .failure(let error):
        Terminal.say(error.diagnostics, about: read[index].name)
        reports.isInTrouble = true
      }
    }
  }

  private func verifyRunning(_ reports: inout VerificationReports) async throws {
    for name in guests {
      do {
        try reports.add(try await Verification.running(name, on: connection.libvirt), of: name)
      } catch let error as VirtNestError where !error.has(.program) {
        Terminal.say(error.diagnostics, about: name)
        reports.isInTrouble = true
      }
    }
  }
}

/// The reports of a run: text as it comes, or JSON at the end.
private struct VerificationReports {
  let json: Bool
  let isSeveral: Bool
  var isInTrouble = false
  var isDenied = false
  var values: [JSONWriter.Value] = []

  mutating func add(_ verification: Verification, of source: String) throws {
    isDenied = isDenied || !verification.isAsAsked
    if json {
      values.append(verification.json(source: source, \.commandLine))
    } else {
      try Terminal.report((isSeveral ? ["\(source):"] : []) + verification.lines(\.commandLine))
    }
  }

  func finish() throws {
    if json { try Terminal.write(json: .array(values)) }
    if isInTrouble { throw ExitCode.trouble }
    if isDenied { throw ExitCode.no }
  }
}
