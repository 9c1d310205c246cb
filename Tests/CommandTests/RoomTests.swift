import Foundation
import TestSupport
import Testing

/// What each room never does, as CONTRIBUTING says it: what the manifest cannot hold.
@Suite("Rooms")
struct RoomTests {
  /// The lines of a target's sources without comments, by file.
  private func lines(of target: String) throws -> [(file: String, line: String)] {
    let folder = Corpus.checkout.appending(path: "Sources/\(target)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    let sources = (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
    try #require(!sources.isEmpty)
    return try sources.flatMap { url in
      try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        .map { (url.lastPathComponent, $0.trimmingCharacters(in: .whitespaces)) }
        .filter { !$0.1.hasPrefix("//") }
    }
  }

  @Test("VirtNest opens no file, starts no process, and reads no environment, clock or terminal")
  func values() throws {
    let forbidden = [
      "import Glibc", "import SystemPackage", "import Subprocess", "import Foundation",
      "import Dispatch", "getenv", "ContinuousClock", "time(nil)", "isatty",
    ]
    for (file, line) in try lines(of: "VirtNest") {
      #expect(!forbidden.contains { line.contains($0) }, "\(file): \(line)")
    }
  }

  @Test("VirtNest names no option of the command")
  func options() throws {
    // Options of virsh and QEMU, which messages may name.
    let foreign = ["--validate", "--inactive", "--machine", "--global", "--M"]
    for (file, line) in try lines(of: "VirtNest") {
      let rest = foreign.reduce(line) { $0.replacing($1, with: "") }
      #expect(rest.firstMatch(of: #/--[a-z]/#) == nil, "\(file): \(line)")
    }
  }

  @Test("Every file compares texts as bytes: it imports the module whose operators do that")
  func bytes() throws {
    for target in ["VirtNest", "VirtNestHost", "virt-nest"] {
      let lines = try lines(of: target)
      let importing = Set(lines.filter { $0.line.hasSuffix("import LosslessXML") }.map(\.file))
      #expect(Set(lines.map(\.file)).subtracting(importing) == [], "\(target)")
    }
  }

  @Test("LosslessXML alone imports libxml2")
  func libxml2() throws {
    for target in ["VirtNest", "VirtNestHost", "virt-nest"] {
      for (file, line) in try lines(of: target) {
        #expect(!line.contains("import CLibXML2"), "\(target)/\(file)")
      }
    }
  }

  @Test("VirtNestHost prints nothing")
  func host() throws {
    for (file, line) in try lines(of: "VirtNestHost") {
      #expect(
        !line.hasPrefix("print(") && !line.contains("standardOutput.write")
          && !line.contains("standardError.write"), "\(file): \(line)")
    }
  }
}
