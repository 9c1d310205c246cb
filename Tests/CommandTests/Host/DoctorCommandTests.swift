import Foundation
import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// Facts of a kind of machine, from the folder that the library's tests have them in.
enum FactsFixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "VirtNestHostTests/HostFacts").path

  static func path(_ name: String) -> String { "\(folder)/\(name).facts" }

  static func all() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".facts") }
      .map { String($0.dropLast(6)) }.sorted()
  }
}

@Suite("doctor")
struct DoctorCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func doctor(_ arguments: String..., input: [UInt8] = []) async throws -> Run {
    try await VirtNestBinary.run(["doctor"] + arguments, input: input)
  }

  static let usages = [
    Usage("--ssh", "host", "--facts", "f", reason: "a host and --facts exclude each other"),
    Usage("--ssh", "-oProxyCommand=true", reason: "Missing value for '--ssh <destination>'"),
    Usage("--ssh=-oProxyCommand=true", reason: "a host is a destination of ssh"),
    Usage("--", "-oProxyCommand=true", reason: "a host is a destination of ssh"),
    Usage("--json", "--print-facts", reason: "exclude each other"),
    Usage("--json", "--print-script", reason: "exclude each other"),
    Usage("--print-facts", "--print-script", reason: "exclude each other"),
    Usage("--print-script", "--ssh", "host", reason: "leave out hosts and --facts"),
    Usage("--print-script", "--facts", "f", reason: "leave out hosts and --facts"),
    Usage("--print-facts", "--as", "l0", reason: "--as is for the report"),
    Usage("--print-script", "--as", "l1", reason: "--as is for the report"),
    Usage("--as", "l2", reason: "one of 'l0' and 'l1'"),
    Usage("a", "b", "a", reason: "'a' is given twice"),
    Usage("a", "--ssh", "a", reason: "'a' is given twice"),
    Usage("a", "b", "--print-facts", reason: "--print-facts is for one host"),
    Usage("a", "--connect-timeout", "0", reason: "at least 1 second"),
  ]

  @Test("What makes no sense is refused with the reason", arguments: usages)
  func refused(_ usage: Usage) async throws {
    try await usage.expectRefusal(of: "doctor")
  }

  @Test("The status is 0 where nesting can work, 1 where it cannot; the report ends alike")
  func status() async throws {
    var statuses: Set<Int32> = []
    for name in try FactsFixture.all() {
      let run = try await doctor("--facts", FactsFixture.path(name))
      let refuses = run.outputText.contains("\nerror: ")
      let status: Int32 = refuses ? 1 : 0
      statuses.insert(status)
      #expect(run.status == .exited(status) && run.errorText == "", "\(name): \(run.errorText)")
      #expect(
        run.outputText.contains("\nverdict: it \(refuses ? "cannot" : "can") run L"), "\(name)")
      #expect(run.outputText.hasSuffix("\n"))
    }
    #expect(statuses == [0, 1])
  }

  @Test("--as looks at a machine as what it does not seem to be")
  func role() async throws {
    let lpar = FactsFixture.path("lpar-with-api-v2")
    #expect(try await doctor("--facts", lpar).status == .exited(0))
    #expect(try await doctor("--facts", lpar, "--as", "l1").status == .exited(0))
    let host = try await doctor("--facts", lpar, "--as", "l0")
    #expect(host.status == .exited(1))
    #expect(host.outputText.contains(", as a host (L0)\n"))
    #expect(host.outputText.contains("error: platform: this is a PowerVM partition"))
  }

  @Test(
    "Of each kind of machine, --json is a file of facts as good as the lines that it was made of")
  func roundTrip() async throws {
    let saved = folder.file("saved.json")
    for name in try FactsFixture.all() {
      let fixture = FactsFixture.path(name)
      let report = try await doctor("--facts", fixture, "--json")
      #expect(report.errorText == "")
      try writeFile(saved, report.output)
      for options in [["--json"], [], ["--as", "l0"]] {
        let (lines, json) = (
          try await VirtNestBinary.run(["doctor", "--facts", fixture] + options),
          try await VirtNestBinary.run(["doctor", "--facts", saved] + options)
        )
        #expect(json.output == lines.output && json.status == lines.status, "\(name)")
      }
      let facts = try await doctor("--facts", saved, "--print-facts")
      #expect(facts.status == .exited(0))
      #expect(try HostFacts(reading: facts.output) == HostFacts(reading: readFile(fixture)))
      let piped = try await doctor("--facts", "-", "--print-facts", input: report.output)
      #expect(piped.output == facts.output)
    }
  }

  @Test("The script that it prints gathers what it gathers")
  func script() async throws {
    let script = try await doctor("--print-script")
    #expect(script.status == .exited(0) && script.errorText == "")
    let (byHand, here) = (
      try await run("sh", input: script.output), try await doctor("--print-facts")
    )
    #expect(here.status == .exited(0) && here.errorText == "")
    let moving = { (fact: Substring) in fact.hasPrefix("hugepages.free=") }
    let facts = { (run: Run) in
      run.outputText.split(separator: "\n").filter { !moving($0) }.sorted()
    }
    #expect(facts(byHand) == facts(here))
    let report = try await doctor("--facts", "-", "--json", input: byHand.output)
    #expect(report.outputText.hasPrefix("{\n  \"role\": \""))
    let level = report.outputText.contains("\n  \"level\": \"error\"")
    #expect(report.status == .exited(level ? 1 : 0))
  }

  static let files = [
    ("", "{}: error: the line 'facts=1' is missing"),
    ("hello", "{}: error: the line 'facts=1' is missing"),
    ("facts=1\nmachine\nend=1\n", "{}:2:1: error: expected key=value"),
    ("facts=1\na=1\n", "{}: error: the line 'end=1' is missing"),
    ("{", "{}:1:2: error: a key is missing here"),
    ("{\n  \"facts\": {\n    \"a\" \"b\"}}", "{}:3:9: error: ':' is missing behind the key"),
    ("{\"facts\": {\"a\": 1}}", "{}: error: the value of 'a' is not a string"),
    ("{\"facts\": {\"a\nb\": \"\"}}", "{}:1:14: error: a control character has to be escaped"),
    ("{\"facts\": {\"end\": \"1\"}}", "{}: error: 'end' is not a valid key of a fact"),
    (
      "{\"findings\": []}",
      "{}: error: the member 'facts' is missing; use the output of virt-nest doctor --json"
    ),
  ]

  @Test("A file that has no facts is refused with the place and what to do", arguments: files)
  func malformed(_ text: String, _ message: String) async throws {
    let file = folder.file("host.facts")
    try writeFile(file, text.utf8)
    for options in [[], ["--json"], ["--print-facts"]] {
      expectTrouble(
        try await VirtNestBinary.run(["doctor", "--facts", file] + options),
        message.replacing("{}", with: file))
    }
    expectTrouble(
      try await doctor("--facts", "-", input: Array(text.utf8)),
      message.replacing("{}", with: "<stdin>"))
  }

  @Test("A file that cannot be read is an error with the reason")
  func unreadable() async throws {
    for (path, reason) in [
      (folder.file("none"), "cannot read: No such file or directory"), (folder.path, "is a folder"),
      ("/dev/null", "is not a regular file"), ("/proc/self/mem", "Input/output error"),
    ] {
      expectTrouble(try await doctor("--facts", path), "\(path): error: ")
      expectTrouble(try await doctor("--facts", path), reason)
    }
  }

  @Test("A host that ssh does not reach is an error with ssh's words and the way by hand")
  func unreachable() async throws {
    // Nothing listens at the port that the IANA keeps for tcpmux.
    let run = try await doctor("--ssh", "ssh://127.0.0.1:1")
    expectTrouble(run, "'ssh' ended with status 255: ssh: connect to host 127.0.0.1 port 1: ")
    #expect(run.errorText.contains("virt-nest doctor --print-script"))
    let without = try await VirtNestBinary.run(
      ["doctor", "--ssh", "host"], environment: ["PATH": folder.path])
    expectTrouble(without, "virt-nest: error: 'ssh' was not found")
  }
}
