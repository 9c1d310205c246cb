import Foundation
import TestSupport
import Testing

@Suite("create --for, patch --for")
struct HostFactsOptionTests {
  private let folder: TemporaryFolder
  private let guest: String

  init() throws {
    folder = try TemporaryFolder()
    guest = folder.file("guest.xml")
  }

  private func virtNest(_ arguments: String...) async throws -> Run {
    try await VirtNestBinary.run(arguments)
  }

  /// The facts of a kind of machine as `doctor --json` has them.
  private func report(_ name: String) async throws -> String {
    let file = folder.file("\(name).json")
    try writeFile(
      file, try await virtNest("doctor", "--facts", FactsFixture.path(name), "--json").output)
    return file
  }

  @Test(
    "What doctor recommends is what is made, from the facts and from the report alike",
    arguments: [
      ("powernv-power9", "nesting  on: QEMU runs with cap-nested-hv", "(feature)"),
      ("powernv-libvirt-old", "nesting  on: QEMU runs with cap-nested-hv", "(commandline)"),
      ("lpar-with-api-v2", "nesting  off", ": nothing asks for it"),
      ("x86", "nesting  on: QEMU runs with cap-nested-hv", "(feature)"),
    ])
  func recommended(name: String, nesting: String, mechanism: String) async throws {
    let json = try await report(name)
    var results: [[UInt8]] = []
    for facts in [FactsFixture.path(name), json] {
      let run = try await virtNest("create", "fedora", "-q", "--for", facts)
      #expect(run.status == .exited(0) && run.errorText == "", "\(run.errorText)")
      try await expect(run.output, nesting, mechanism)
      results.append(run.output)

      try writeFile(guest, try await virtNest("create", "fedora", "-q", "--no-nested").output)
      let patched = try await virtNest("patch", guest, "--for", facts, "-q")
      #expect(patched.status == .exited(0), "\(patched.errorText)")
      try await expect(patched.output, nesting, mechanism)
    }
    #expect(results[0] == results[1])
  }

  /// Expects what inspect says of a definition.
  private func expect(_ definition: [UInt8], _ nesting: String, _ mechanism: String) async throws {
    let inspected = try await VirtNestBinary.run(["inspect", "-"], input: definition).outputText
    #expect(inspected.contains("\n\(nesting)"), "\(inspected)")
    #expect(inspected.contains(mechanism), "\(inspected)")
  }

  @Test("Each fixture's report makes the guest that its facts make")
  func allFixtures() async throws {
    for name in try FactsFixture.all() {
      let json = try await report(name)
      #expect(
        try await virtNest("create", "fedora", "-q", "--for", json).output
          == virtNest("create", "fedora", "-q", "--for", FactsFixture.path(name)).output, "\(name)")
    }
  }

  @Test("Where the facts cannot be read, nothing is made and nothing is changed")
  func unreadable() async throws {
    let facts = folder.file("facts")
    try await virtNest("create", "fedora", "-q", "-o", guest).expectDone()
    let before = try readFile(guest)
    for (text, reason) in [
      (nil, "\(facts): error: cannot read: No such file"),
      ("facts=1\n", "the line 'end=1' is missing"),
      ("{\n \"facts\": [}", "\(facts):2:12: error: a value is missing here"),
      ("{\"facts\": null}", "'facts' is missing"),
    ] as [(String?, String)] {
      if let text { try writeFile(facts, text.utf8) }
      let other = folder.file("other.xml")
      expectTrouble(try await virtNest("create", "fedora", "--for", facts, "-o", other), reason)
      expectTrouble(try await virtNest("patch", guest, "--for", facts, "-i"), reason)
      #expect(!FileManager.default.fileExists(atPath: other))
      #expect(try readFile(guest) == before)
    }
  }

  static let usages = [
    ["--for", "f", "--nested"], ["--for", "f", "--no-nested"],
    ["--for", "f", "--mechanism", "auto"],
    ["--for", "f", "--nested-api", "hv"], ["--for", "f", "--for-libvirt", "9.0"],
    ["--for", "f", "--for-qemu", "7.2"], ["--for", "f", "--wrapper", "/q"],
    ["--for", "f", "--explicit"],
  ]

  @Test("It goes with no other option of nesting", arguments: usages)
  func alone(_ options: [String]) async throws {
    for command in [["create", "fedora"], ["patch", "a.xml"]] {
      let run = try await VirtNestBinary.run(command + options)
      #expect(run.status == .exited(64) && run.outputText == "", "\(run.errorText)")
      #expect(run.errorText.contains("--for chooses the mechanism; it goes with no other option"))
    }
  }

  @Test("Standard input is the guest's, not the facts'")
  func standardInput() async throws {
    let run = try await virtNest("create", "fedora", "--for", "-")
    #expect(run.status == .exited(64) && run.outputText == "")
    #expect(run.errorText.contains("--for takes a file, not standard input"), "\(run.errorText)")
  }
}

extension Run {
  fileprivate func expectDone() { #expect(status == .exited(0), "\(errorText)") }
}
