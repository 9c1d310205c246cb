import TestSupport
import Testing

@Suite("create --ask")
struct AskTests {
  /// Runs the command on a terminal of its own, with these lines typed.
  private func ask(_ typed: String, _ arguments: String) async throws -> Run {
    // `cat` keeps the terminal open until the command has ended.
    try await run(
      "script",
      ["-qefc", "'\(VirtNestBinary.path)' create fedora --ask \(arguments)", "/dev/null"],
      input: Array(typed.utf8))
  }

  @Test("Where standard input is no terminal it is an error that says what to do")
  func noTerminal() async throws {
    let run = try await VirtNestBinary.run(["create", "fedora", "--ask"])
    #expect(run.status == .exited(2))
    #expect(run.outputText == "")
    #expect(run.errorText.contains("--ask needs a terminal; give values by --set or --parameters"))
  }

  @Test("An empty line is the default, a wrong value is asked for again", .needs("script"))
  func answers() async throws {
    let list = try await VirtNestBinary.run(["create", "fedora", "--help-parameters"]).outputText
    let parameters = list.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map {
      String($0.prefix { $0 != " " })
    }
    try #require(parameters.contains("memory") && parameters.contains("vcpus"))
    var typed = ""
    for parameter in parameters where parameter != "vcpus" {
      typed += parameter == "memory" ? "4 gigs\n12G\n" : "\n"
    }
    let run = try await ask(typed, "--vcpus 6 -o -")
    #expect(run.status == .exited(0), "\(run.outputText)")
    let text = run.outputText
    #expect(text.contains("memory [") && !text.contains("vcpus ["), "\(text)")
    #expect(text.contains("'4 gigs' is not a valid memory: give a whole number"), "\(text)")
    #expect(
      text.contains("<memory unit='MiB'>12288</memory>") && text.contains(">6</vcpu>"), "\(text)")
    #expect(text.contains("<name>kata-fedora-44-vm-00</name>"), "\(text)")
  }
}
