import Dispatch
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

/// A file in a folder of its own, with what tests of replacing ask about it.
struct FileFixture {
  let folder: TemporaryFolder
  let path: String

  init(_ text: String = "old\n") throws {
    folder = try TemporaryFolder()
    path = folder.file("guest.xml")
    try writeFile(path, Array(text.utf8))
  }

  func read() throws(VirtNestError) -> OriginalFile {
    try OriginalFile.read(FilePath(path), maximumSize: 1 << 20)
  }

  var text: String {
    get throws { String(decoding: try readFile(path), as: UTF8.self) }
  }

  /// Every name in the folder, hidden ones too.
  func names() async throws -> [String] {
    try await output("ls", ["-A", folder.path]).split(separator: "\n").map(String.init)
  }

  /// The standard output of a program that must succeed.
  @discardableResult
  func output(_ program: String, _ arguments: [String]) async throws -> String {
    let result = try await run(program, arguments)
    try #require(result.succeeded, "\(result.command): \(result.errorText)")
    return result.outputText
  }
}

/// Whether the tests may do what only root may.
let isRoot = geteuid() == 0

/// Runs `body` on a thread of its own: the threads of Swift's tasks are few, and must not wait.
func onThread(_ body: @escaping @Sendable () throws -> Void) -> Task<Void, any Error> {
  Task {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "writer").async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
