import Foundation
import TestSupport
import Testing

@testable import virt_nest

@Suite("Long work shows how far it is, and can be interrupted", .serialized)
struct LongWorkTests {
  @Test(
    "Count, rate and time left are readable at any speed",
    arguments: [
      (0, 100_000, 1.0, "0 of 100,000 guests"),
      (12_288, 100_000, 0.8, "12,288 of 100,000 guests, 15,360/s, 6 s left"),
      (3, 10_000, 2.0, "3 of 10,000 guests, 1.5/s, 2 h left"),
      (500, 10_500, 10.0, "500 of 10,500 guests, 50/s, 3 min left"),
      (999, 1000, 1.0, "999 of 1,000 guests, 999/s, 1 s left"),
    ])
  func text(_ done: Int, _ total: Int, _ seconds: Double, _ expected: String) {
    let text = ProgressLine.text("guests", done: done, total: total, seconds: seconds)
    #expect(text == expected)
  }

  private static let count = 2_000

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test("On a terminal it is shown and taken away, elsewhere there is nothing", .needs("script"))
  func terminal() async throws {
    let command = ["create", "fedora", "--count", String(Self.count), "-o"]
    let folder = try TemporaryFolder()
    let quiet = try await VirtNestBinary.run(
      command + [folder.path])
    #expect(quiet.status == .exited(0) && quiet.errorText == "", "\(quiet.errorText)")
    #expect(try names(folder).count == Self.count)

    let other = try TemporaryFolder()
    let line = ([VirtNestBinary.path] + command + [other.path]).map { "'\($0)'" }
    let run = try await run(
      "script", ["-qefc", "TERM=vt100 \(line.joined(separator: " "))", "/dev/null"])
    #expect(run.status == .exited(0))
    let text = run.outputText
    #expect(text.contains("of 2,000 guests, ") && text.contains(" left\u{1B}[K"), "\(text)")
    #expect(text.hasSuffix("\r\u{1B}[K"), "the last thing is that the line is taken away: \(text)")

    let dumb = try await TestSupport.run(
      "script", ["-qefc", "TERM=dumb \(line.joined(separator: " "))", "/dev/null"])
    #expect(dumb.outputText == "")
  }

  @Test(
    "What was interrupted is whole as far as it is there, and a second run goes on",
    .needs("strace"))
  func interrupted() async throws {
    let count = 600
    let arguments = ["create", "fedora", "--count", "\(count)", "-o"]
    let (folder, trace) = try (TemporaryFolder(), TemporaryFolder())
    // In the middle of the first batch everything stands still until the signal is there: to the process,
    // as from a terminal or `kill`, whichever thread takes it.
    let script = """
      trace=$1
      shift
      strace -f -o "$trace" -e trace=renameat2 -e inject=renameat2:signal=STOP:when=100 "$@" &
      strace=$!
      until grep -qs 'stopped by SIGSTOP' "$trace" || ! kill -0 $strace; do sleep 0.1; done
      read -r program _ <"$trace"
      kill -TERM "$program"
      # Another thread may come to its hundredth call as well.
      while kill -CONT "$program" 2>/dev/null; do sleep 0.1; done
      wait $strace
      """
    let run = try await run(
      "sh",
      ["-c", script, "sh", trace.file("trace"), VirtNestBinary.path] + arguments
        + [folder.path], environment: ["SWIFT_BACKTRACE": "enable=no"])
    #expect(run.status == .exited(128 + 15), "\(run.errorText)")
    let there = try names(folder)
    #expect((100..<count).contains(there.count))
    let words = "\(there.count) of \(count) guests are there, whole"
    #expect(run.errorText.contains(words), "\(run.errorText)")

    let whole = try TemporaryFolder()
    try #require(try await VirtNestBinary.run(arguments + [whole.path]).succeeded)
    for name in there {
      #expect(name.hasSuffix(".xml"), "something temporary was left")
      #expect(try readFile(folder.file(name)) == readFile(whole.file(name)), "\(name)")
    }
    try #require(try await VirtNestBinary.run(arguments + [folder.path]).succeeded)
    let difference = try await TestSupport.run("diff", ["-r", folder.path, whole.path])
    #expect(difference.status == .exited(0), "\(difference.outputText)")
  }
}
