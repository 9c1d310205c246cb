internal import Subprocess
internal import SystemPackage
internal import TestSupport

/// A libvirtd of a test's own, which ends with the closure that uses it (`private-libvirtd`).
struct PrivateLibvirtd: Sendable {
  /// The libvirt URI of this daemon.
  var uri: String
  /// A process in the network of this daemon, which is not the machine's.
  var process: String

  /// Starts a libvirtd that lasts as long as `body`.
  ///
  /// Its guests are stopped first, in whatever way `body` ends. Then `folder` is removed, also where this process is killed before; where `body`
  /// throws or there is no libvirtd, it is kept with what the guest and libvirt logged.
  /// - Throws: ``NoLibvirtd``, and what `body` throws.
  static func run<Value: Sendable>(
    in folder: String, body: @Sendable (PrivateLibvirtd) async throws -> Value
  ) async throws -> Value {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1800))]
    // The script stops the daemon when its standard input ends: also where these tests are killed.
    let ended = try await Subprocess.run(
      .path(FilePath(proofFolder + "/private-libvirtd")),
      arguments: [
        "--remove", folder, folder + "/libvirt", "sh", "-c",
        #"echo "$LIBVIRT_DEFAULT_URI"; echo "$PRIVATE_LIBVIRTD_PID"; exec cat"#,
      ],
      platformOptions: options,
      input: .inputWriter,
      output: .sequence,
      error: .string(limit: 1 << 20)
    ) { script -> Result<Value, any Error>? in
      var lines = script.standardOutput.strings().makeAsyncIterator()
      guard let uri = try await lines.next(), let process = try await lines.next() else {
        return nil
      }
      let outcome: Result<Value, any Error>
      do {
        outcome = .success(
          try await body(PrivateLibvirtd(uri: uri.trimmed, process: process.trimmed)))
      } catch {
        outcome = .failure(error)
        try write("", to: folder + "/keep")
      }
      try await script.standardInputWriter.finish()
      return outcome
    }
    guard let outcome = ended.closureResult else {
      throw NoLibvirtd(reason: ended.standardError)
    }
    return try outcome.get()
  }

  /// What a virsh command prints, without white space at its ends.
  /// - Throws: ``VirshFailed``, or that it did not end within its limit.
  @discardableResult
  func virsh(_ arguments: String..., timeLimit: Duration = .seconds(1800)) async throws -> String {
    let ended = try await TestSupport.run(
      "virsh", ["--quiet", "--connect", uri] + arguments, hangGuard: timeLimit)
    guard ended.succeeded else { throw VirshFailed(run: ended) }
    return ended.outputText.trimmed
  }
}

/// A libvirtd that did not start.
struct NoLibvirtd: Error, CustomStringConvertible {
  var reason: String

  var description: String { "there is no libvirtd to test with: \(reason)" }
}

/// A virsh command that said no.
struct VirshFailed: Error, CustomStringConvertible {
  var run: Run

  var description: String {
    "'\(run.command.joined(separator: " "))' failed (\(run.status)): \(run.errorText)"
  }
}
