internal import Glibc
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A child process that has ended: how, and what it printed.
public struct Run: Sendable {
  /// How a child process ended.
  public enum Status: Sendable, Equatable {
    /// It exited with this status.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)
  }

  /// The program and its arguments, for messages.
  public var command: [String]
  /// How it ended.
  public var status: Status
  /// Every byte of its standard output.
  public var output: [UInt8]
  /// Every byte of its standard error.
  public var errorOutput: [UInt8]

  /// Whether it exited with status 0.
  public var succeeded: Bool { status == .exited(0) }

  /// Its standard output as text; bytes that are not UTF-8 become U+FFFD.
  public var outputText: String { String(decoding: output, as: UTF8.self) }

  /// Its standard error as text; bytes that are not UTF-8 become U+FFFD.
  public var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}

/// A child process that seemed to hang, and was killed.
public struct TimeLimitExceeded: Error, CustomStringConvertible {
  /// What it had printed by then.
  public var run: Run
  /// The time it had.
  public var limit: Duration

  /// The command that was waited for, the limit, and what the command had printed.
  public var description: String {
    "waited \(limit) for '\(run.command.joined(separator: " "))' to end, then killed it; "
      + "standard output: \(run.outputText)\nstandard error: \(run.errorText)"
  }
}

/// Runs a program and waits for its end, collecting both outputs while it runs.
///
/// A status other than 0 is no error here: look at ``Run/status``. The child is the leader of a
/// session of its own, so that the guard ends its children with it. Output that a grandchild
/// holds open is waited for: redirect the output of what stays in the background.
///
/// Nothing here measures speed by the clock, since other work slows a machine down: to bound the work
/// of a program, give `processorSeconds`.
/// - Parameters:
///   - program: A name to look up in `PATH`, or a path (anything with a `/`).
///   - environment: Changes to this process's environment; `nil` takes a variable out.
///   - input: The bytes of its standard input, which ends behind them. It need not read them.
///   - folder: Its working directory; this process's where `nil`.
///   - processorSeconds: Processor time after which it is killed (SIGXCPU, then SIGKILL); `nil` for
///     no limit. It is run by `sh`, which sets the limit and becomes the program.
///   - hangGuard: The time after which it must be waiting for something that never comes.
/// - Throws: ``TimeLimitExceeded``; Subprocess's error where the program cannot be started, or
///   prints more than 256 MiB.
public func run(
  _ program: String,
  _ arguments: [String] = [],
  environment: [String: String?] = [:],
  input: [UInt8] = [],
  in folder: String? = nil,
  processorSeconds: Int? = nil,
  hangGuard: Duration = .seconds(1800)
) async throws -> Run {
  _ = brokenPipesAreErrors
  let limit = processorSeconds.map { ["sh", "-c", "ulimit -t \($0); exec \"$@\"", "sh"] } ?? []
  let words = limit + [program] + arguments
  var changes: [Environment.Key: String?] = [:]
  for (name, value) in environment {
    guard let key = Environment.Key(rawValue: name) else { continue }
    changes.updateValue(value, forKey: key)
  }
  var options = PlatformOptions()
  options.createSession = true
  let killAll = [
    TeardownStep.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
  ]
  options.teardownSequence = killAll

  // Outside the body, so that it is cancelled too where Subprocess throws: a process id may be
  // another's by the time that the limit is reached.
  let watch = Mutex<Task<Void, any Error>?>(nil)
  defer { watch.withLock { $0?.cancel() } }

  let result = try await Subprocess.run(
    words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
    arguments: Arguments(Array(words.dropFirst())),
    environment: .inherit.updating(changes),
    workingDirectory: folder.map { FilePath($0) },
    platformOptions: options,
    input: .inputWriter,
    output: .bytes(limit: 256 << 20),
    error: .bytes(limit: 256 << 20)
  ) { execution in
    watch.withLock {
      $0 = Task {
        try await Task.sleep(for: hangGuard)
        await execution.teardown(using: killAll)
      }
    }
    do {
      _ = try await execution.standardInputWriter.write(input)
    } catch let error as SubprocessError where error.underlyingError == .brokenPipe {
      // The child ended, or closed its input, before it had read everything.
    }
  }
  let status: Run.Status =
    switch result.terminationStatus {
    case .exited(let code): .exited(code)
    case .signaled(let signal): .signaled(signal)
    }
  let run = Run(
    command: [program] + arguments, status: status,
    output: result.standardOutput, errorOutput: result.standardError)
  let watching = watch.withLock { $0 }
  watching?.cancel()
  if case .success = await watching?.result { throw TimeLimitExceeded(run: run, limit: hangGuard) }
  return run
}

/// Once a process: writing to a child that has ended is `EPIPE`, not the end of the tests.
private let brokenPipesAreErrors: Void = { signal(SIGPIPE, SIG_IGN) }()
