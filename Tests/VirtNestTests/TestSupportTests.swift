import Glibc
import TestSupport
import Testing

@Suite("Helpers of the tests")
struct TestSupportTests {
  @Test("A run gives status, both outputs, and passes input, environment and folder")
  func runs() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let result = try await run(
      "sh", ["-c", "cat; pwd; echo $ONE; echo ${HOME-none}; echo oops >&2; exit 3"],
      environment: ["ONE": "1", "HOME": nil], input: Array("in\n".utf8), in: folder.path)
    #expect(result.status == .exited(3))
    #expect(result.outputText == "in\n\(folder.path)\n1\nnone\n")
    #expect(result.errorText == "oops\n")
  }

  @Test("Output larger than a pipe does not block, even when input is left unread")
  func largeOutput() async throws {
    let result = try await run(
      "sh", ["-c", "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"],
      input: [UInt8](repeating: 0, count: 1_000_000))
    #expect(result.output.count == 3_000_000)
    #expect(result.errorOutput.count == 3_000_000)
  }

  @Test("A run that hangs is killed with its children, and the error says what was run")
  func hangGuard() async throws {
    var error: TimeLimitExceeded?
    // On a busy machine it may not have begun within the first ones.
    for seconds in [0.3, 3, 30, 300] where error?.run.output.isEmpty != false {
      error = await #expect(throws: TimeLimitExceeded.self) {
        try await run(
          "sh", ["-c", "echo begun; sleep 3600 & wait"], hangGuard: .seconds(seconds))
      }
    }
    #expect(error?.run.outputText == "begun\n")
    #expect(error?.description.contains("sleep 3600") == true)
  }

  @Test("A run that takes more processor time than it may is killed; waiting takes none")
  func processorTime() async throws {
    let busy = try await run("sh", ["-c", "while :; do :; done"], processorSeconds: 1)
    #expect([.signaled(SIGXCPU), .signaled(SIGKILL)].contains(busy.status))
    let waiting = try await run("sleep", ["1.5"], processorSeconds: 1)
    #expect(waiting.succeeded)
  }

  @Test("A temporary folder goes with everything in it")
  func folderGoes() async throws {
    let folder = try TemporaryFolder()
    #expect(try await run("mkdir", ["-p", folder.file("a/b")]).succeeded)
    // A name that is no UTF-8.
    let odd = "mkdir \"$1/$(printf '\\377')\" && : >\"$1/$(printf '\\377/\\376')\""
    #expect(try await run("sh", ["-c", odd, "sh", folder.path]).succeeded)
    #expect(try await run("ln", ["-s", "/etc", folder.file("a/link")]).succeeded)
    folder.remove()
    #expect(access(folder.path, F_OK) == -1)
    #expect(access("/etc/passwd", F_OK) == 0)
  }
}
