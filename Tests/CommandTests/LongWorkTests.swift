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

  @Test("What was interrupted is whole as far as it is there, and a second run goes on")
  func interrupted() async throws {
    // It may end before the signal comes: then more are made.
    if try await interrupted(Self.count, mayEndBefore: true) { return }
    _ = try await interrupted(10 * Self.count, mayEndBefore: false)
  }

  /// Interrupts the creation of so many guests; whether the signal came before its end.
  private func interrupted(_ count: Int, mayEndBefore: Bool) async throws -> Bool {
    let (folder, whole) = try (TemporaryFolder(), TemporaryFolder())
    let command = "create fedora --count \(count) -o"
    let script = """
      '\(VirtNestBinary.path)' \(command) '\(folder.path)' & program=$!
      while kill -0 $program && [ "$(ls '\(folder.path)' | wc -l)" -lt 1024 ]; do sleep 0.01; done
      kill -TERM $program || :; wait $program
      """
    let run = try await run("sh", ["-c", script])
    if mayEndBefore, run.status == .exited(0) { return false }
    #expect(run.status == .exited(128 + 15), "\(run.errorText)")
    #expect(run.errorText.contains("of \(count) guests are there, whole"), "\(run.errorText)")
    let arguments = command.split(separator: " ").map(String.init)
    try #require(
      try await VirtNestBinary.run(arguments + [whole.path]).succeeded)
    let there = try names(folder)
    #expect((1024..<count).contains(there.count))
    for name in there {
      #expect(name.hasSuffix(".xml"), "something temporary was left")
      #expect(try readFile(folder.file(name)) == readFile(whole.file(name)), "\(name)")
    }
    try #require(
      try await VirtNestBinary.run(arguments + [folder.path]).succeeded)
    let difference = try await TestSupport.run("diff", ["-r", folder.path, whole.path])
    #expect(difference.status == .exited(0), "\(difference.outputText)")
    return true
  }
}
