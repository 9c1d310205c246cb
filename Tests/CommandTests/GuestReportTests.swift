import Foundation
import TestSupport
import Testing

@Suite("--json of create, patch and define")
struct GuestReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Runs a command in the folder; its objects, which have to be as the schema has them.
  private func reports(
    _ arguments: [String], exits status: Int32 = 0, input: [UInt8] = []
  ) async throws -> [[String: Any]] {
    let run = try await VirtNestBinary.run(arguments, input: input, in: folder.path)
    #expect(run.status == .exited(status), "\(arguments): \(run.errorText)")
    let judge = try await TestSupport.run(
      "python3",
      [
        "-c",
        """
        import json, jsonschema, sys
        jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))
        """,
        Self.root.appending(path: "Documentation/guests.schema.json").path,
      ], input: run.output)
    #expect(judge.succeeded, "\(arguments): \(judge.errorText)\(run.outputText)")
    let list = try JSONSerialization.jsonObject(with: Data(run.output)) as? [[String: Any]]
    return try #require(list, "\(run.outputText)")
  }

  @Test("create reports what it makes, and that nothing changes the second time", .needs("python3"))
  func create() async throws {
    let made = try await reports(["create", "fedora", "--name", "kata-a", "--json"])
    #expect(made.count == 1 && made[0]["name"] as? String == "kata-a")
    #expect(made[0]["file"] is NSNull && made[0]["changed"] as? Bool == true)
    let series = ["create", "fedora", "--count", "3", "-o", ".", "--json"]
    for isChanged in [true, false] {
      let all = try await reports(series)
      #expect(all.map { $0["changed"] as? Bool } == [isChanged, isChanged, isChanged])
      #expect(
        all.map { $0["file"] as? String }
          == (0..<3).map { "./kata-fedora-44-vm-0\($0).xml" })
    }
    for isChanged in [true, false] {
      let one = try await reports(["create", "fedora", "--name", "b", "-o", "b.xml", "--json"])
      #expect(one[0]["changed"] as? Bool == isChanged && one[0]["file"] as? String == "b.xml")
    }
    // Another guest in its place is refused, and with --force it is a change of two lines.
    let other = ["create", "fedora", "--name", "b", "--memory", "4GiB", "-o", "b.xml", "--json"]
    let refused = try await reports(other, exits: 2)
    let findings = refused[0]["findings"] as? [[String: Any]]
    #expect(
      findings?.first?["message"] as? String
        == "exists with different content; use --force to replace it")
    let replaced = try await reports(other + ["--force"])
    #expect((replaced[0]["changes"] as? [String])?.count == 2, "\(replaced)")
  }

  @Test("patch looks, and with --in-place does what it reports", .needs("python3"))
  func patch() async throws {
    _ = try await reports(["create", "fedora", "--count", "2", "-o", ".", "--json"])
    try writeFile(folder.file("not.xml"), "<domain".utf8)
    let memory = ["patch", ".", "--memory", "6GiB", "--json"]
    let look = try await reports(memory, exits: 2)
    #expect(look.map { $0["changed"] as? Bool } == [true, true, false])
    #expect(
      look[0]["changes"] as? [String]
        == ["-  <memory unit='MiB'>8192</memory>", "+  <memory unit='MiB'>6144</memory>"])
    #expect((look[2]["findings"] as? [Any])?.isEmpty == false && look[2]["name"] is NSNull)
    try FileManager.default.removeItem(atPath: folder.file("not.xml"))
    let diff = try await VirtNestBinary.run(
      ["patch", ".", "--memory", "6GiB", "--diff"], in: folder.path)
    #expect(
      try await reports(memory + ["--check"], exits: 1).map { $0["diff"] as? String ?? "" }
        .joined() == diff.outputText)
    #expect(try await reports(memory + ["-i"]).map { $0["changed"] as? Bool } == [true, true])
    #expect(try await reports(memory + ["-i"]).map { $0["changed"] as? Bool } == [false, false])
    #expect(try await reports(memory + ["--check"]).count == 2)
    let overwritten = try await reports(
      ["patch", "kata-fedora-44-vm-00.xml", "--memory", "4GiB", "--json", "-i", "--overwrite"])
    #expect(overwritten[0]["changed"] as? Bool == true)
  }

  @Test(
    "define compares the guests of a list, and says all that is wrong in it",
    .needs("python3", "virsh"))
  func list() async throws {
    let define = ["define", "--guests", "-", "--json", "--connect", "test:///default"]
    let guests = try await reports(
      define,
      input: Array(
        """
        [{"create": ["fedora", "--count=2"], "state": "running"},
         {"patch": ["--domain=test", "--memory=1GiB"]}, {"name": "gone", "state": "absent"}]
        """.utf8))
    #expect(guests.map { $0["before"] as? String } == ["absent", "absent", "running", "absent"])
    #expect(guests.map { $0["after"] as? String } == ["running", "running", "running", "absent"])
    #expect(guests.map { $0["changed"] as? Bool } == [true, true, true, false])

    let wrong = [
      (#"{"name": "a"}"#, "a list of guests is expected"), (#"[3]"#, "an object is expected"),
      (#"[{"nam": "a"}]"#, "there is no member 'nam'"), (#"[{"#, "a key is missing here"),
      (#"[{"name": "a", "state": "gone"}]"#, "'state' is present, running or absent"),
      (#"[{"state": "running"}]"#, "give one of 'create', 'patch', 'define' and 'name'"),
      (#"[{"name": "a", "define": "b"}]"#, "give one of"),
      (#"[{"define": "a.xml", "state": "absent"}]"#, "has only a 'name'"),
      (#"[{"create": "fedora"}]"#, "a list of arguments is expected"),
      (#"[{"create": ["fedora", "--no-such"]}]"#, "Unknown option '--no-such'"),
      (#"[{"create": ["fedora", "--yes"]}]"#, "have no place here"),
      (#"[{"create": ["fedora", "--memory=1MiB"]}]"#, "guest 1: it cannot be made"),
      (#"[{"patch": ["--domain=test"]}]"#, "nothing to change is given"),
      (#"[{"patch": ["a.xml", "--nested"]}]"#, "give guests by --domain"),
    ]
    for (text, reason) in wrong {
      let found = try await reports(define, exits: 2, input: Array(text.utf8))
      let messages = found.flatMap { $0["findings"] as? [[String: Any]] ?? [] }
        .compactMap { $0["message"] as? String }
      #expect(messages.contains { $0.contains(reason) }, "\(text): \(messages)")
    }
  }

  @Test(
    "A guest that runs, or is given twice, or is not there, is refused before anything is done",
    .needs("virsh"),
    arguments: [
      (#"[{"name": "test", "state": "absent"}]"#, "the guest is running"),
      (#"[{"name": "test"}, {"patch": ["--domain=test", "--memory=1GiB"]}]"#, "twice"),
      (#"[{"name": "nobody"}]"#, "there is no such guest"),
    ])
  func refusals(_ text: String, _ reason: String) async throws {
    for options in [["--json"], ["--yes"], ["--json", "--yes"]] {
      let run = try await VirtNestBinary.run(
        ["define", "--guests", "-", "--connect", "test:///default"] + options,
        input: Array(text.utf8))
      #expect(run.status == .exited(2) && run.outputText == "", "\(run.outputText)")
      #expect(run.errorText.contains(reason), "\(run.errorText)")
    }
  }

  @Test("--json with an option that prints something else is refused")
  func usage() async throws {
    for (arguments, reason) in [
      (["create", "fedora", "--json", "--format", "sarif"], "--json excludes --format"),
      (["create", "fedora", "--json", "-o", "-"], "--json and -o - exclude"),
      (["patch", "a.xml", "--nested", "--json", "--diff"], "--json excludes --diff"),
      (["define", "a.xml", "--guests", "b.json"], "give files, or a list of guests"),
    ] {
      let run = try await VirtNestBinary.run(arguments)
      #expect(run.status == .exited(64) && run.errorText.contains(reason), "\(run.errorText)")
    }
  }
}
