import Foundation
import LosslessXML
import TestSupport
import Testing

/// Standard input, output and error that are closed, full, or read by nobody.
@Suite("Standard output and error that take nothing")
struct StandardOutputTests {
  private static let count = 20

  private func shell(_ script: String, _ arguments: [String]) async throws -> Run {
    try await run("sh", ["-c", script, VirtNestBinary.path] + arguments)
  }

  /// A folder with guests, and what `patch --memory 9GiB` makes of each.
  private func guests() async throws -> (folder: TemporaryFolder, before: [UInt8], after: [UInt8]) {
    let folder = try TemporaryFolder()
    let before = try await VirtNestBinary.run(["create", "fedora"]).output
    for index in 1...Self.count { try writeFile(folder.file("\(index).xml"), before) }
    let patch = try await VirtNestBinary.run(["patch", "-", "--memory", "9GiB"], input: before)
    try #require(patch.succeeded && patch.output != before)
    return (folder, before, patch.output)
  }

  private func contents(of folder: TemporaryFolder) throws -> [[UInt8]] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      try readFile(folder.file($0))
    }
  }

  @Test(
    "What cannot be printed is trouble",
    arguments: [
      ["--help"], ["--version"], ["create", "fedora"], ["template", "list"], ["explain", "VN003"],
      ["inspect", "FILE"], ["inspect", "--json", "FILE"], ["check", "--json", "FILE"],
      ["patch", "FILE", "--memory", "9GiB"], ["patch", "FILE", "--diff", "--memory", "9GiB"],
    ], ["/dev/full", "&-"])
  func unprinted(_ arguments: [String], _ target: String) async throws {
    let (folder, _, _) = try await guests()
    let run = try await shell(
      "exec \"$0\" \"$@\" >\(target)",
      arguments.map { $0 == "FILE" ? folder.file("1.xml") : $0 })
    #expect(run.status == .exited(2))
    #expect(run.errorText.contains("cannot write to standard output"), "\(run.errorText)")
  }

  @Test(
    "Files are changed as asked, whatever becomes of the messages",
    arguments: ["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", "2>&1 >&- | true"])
  func unsaid(_ redirection: String) async throws {
    let (folder, _, after) = try await guests()
    let files = (1...Self.count).map { folder.file("\($0).xml") }
    let run = try await shell(
      "\"$0\" patch -i --memory 9GiB \"$@\" \(redirection)", files)
    #expect(run.status == .exited(0))
    let contents = try contents(of: folder)
    #expect(contents.count == Self.count && contents.allSatisfy { $0 == after })
  }

  @Test("What is written anew has nothing of the messages in it")
  func written() async throws {
    let folder = try TemporaryFolder()
    let run = try await shell(
      "exec \"$0\" create fedora --count 3 -o \"$1\" --memory 3072MiB <&- >&- 2>&-", [folder.path])
    #expect(run.status == .exited(0))
    let contents = try contents(of: folder)
    #expect(contents.count == 3)
    for bytes in contents {
      #expect(try Document(bytes).root.localName == "domain")
      #expect(bytes.suffix(10).elementsEqual("</domain>\n".utf8))
    }
  }

  @Test("A file that would grow over the limit stays as it was, and no temporary one is left")
  func limited() async throws {
    let (folder, before, _) = try await guests()
    let files = (1...Self.count).map { folder.file("\($0).xml") }
    let run = try await shell(
      "ulimit -f 1; exec \"$0\" patch -i --memory 9GiB \"$@\" 2>&1", files)
    #expect(run.status == .exited(2))
    #expect(run.outputText.contains("File too large"), "\(run.outputText)")
    let contents = try contents(of: folder)
    #expect(contents.count == Self.count && contents.allSatisfy { $0 == before })
  }
}
