import TestSupport
import Testing

/// The shells that hosts have as /bin/sh.
let shells = [["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]]

/// The text of a file.
func text(of path: String) async throws -> String {
  let run = try await run("cat", [path])
  try #require(run.succeeded, "\(run.errorText)")
  return run.outputText
}

/// Lets shellcheck look at a script of POSIX sh.
func expectClean(_ script: String, _ name: String) async throws {
  let check = try await run("shellcheck", ["-s", "sh", "-"], input: Array(script.utf8))
  #expect(check.succeeded, "\(name): \(check.outputText)\(check.errorText)")
}
