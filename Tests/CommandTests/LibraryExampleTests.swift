import Foundation
import TestSupport
import Testing

@Suite("The library, used by another package")
struct LibraryExampleTests {
  static let folder = Corpus.checkout.appending(path: "Examples/use-the-library")

  @Test("It builds by the public face alone, and its errors print as sentences")
  func builds() async throws {
    let scratch = Corpus.checkout.appending(path: ".build-example").path
    let options = ["--package-path", Self.folder.path, "--scratch-path", scratch]
    let build = try await run("swift", ["build"] + options)
    try #require(build.succeeded, "\(build.outputText)\(build.errorText)")
    let program = try await run(scratch + "/debug/use-the-library")
    #expect(program.succeeded)
    let readme = Self.folder.appending(path: "README.md")
    let text = try String(contentsOf: readme, encoding: .utf8)
    let start = try #require(text.firstRange(of: "```text\n")).upperBound
    let end = try #require(text[start...].firstRange(of: "```")).lowerBound
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil {
      try Data((text[..<start] + program.outputText + text[end...]).utf8).write(to: readme)
      Issue.record("recorded README.md; run again without VIRT_NEST_RECORD")
    }
    #expect(String(text[start..<end]) == program.outputText)
  }
}
