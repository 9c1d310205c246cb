internal import Glibc
internal import LosslessXML
internal import Subprocess
internal import SystemPackage
internal import VirtNest

/// The output and exit status of a program.
struct ToolRun: Sendable {
  /// The exit status; 128 plus the signal's number if a signal killed it.
  var status: Int
  var output: String
  var errorOutput: String

  /// The most bytes of output that are read: far more than any domain definition has.
  private static let outputLimit = 16 << 20

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - environment: variables that are added to those of this process.
  ///   - input: its standard input, which is closed when it has started; `nil` for no input.
  ///   - isApart: whether it gets a session of its own, so that an interrupt at the terminal does not
  ///     reach it. In such a session ssh cannot ask for a password.
  ///   - limit: the time after which it is ended.
  /// - Throws: ``VirtNestError`` if it cannot be run or takes too long; `CancellationError` if the task
  ///   is cancelled. In each case the program has ended.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    input: FileDescriptor? = nil, isApart: Bool = false, limit: Duration
  ) async throws -> ToolRun {
    var options = PlatformOptions()
    options.createSession = isApart
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(15))]
    var changes: [Environment.Key: String?] = [:]
    for (name, value) in environment {
      if let key = Environment.Key(rawValue: name) { changes[key] = value }
    }
    // Callers search messages for English words.
    if let key = Environment.Key(rawValue: "LC_ALL") { changes[key] = "C" }
    let inherited = Environment.inherit.updating(changes)
    let work = Task { [options] in
      let arguments = Arguments(arguments)
      let started = { (input: FileDescriptor) in
        try await Subprocess.run(
          .name(program), arguments: arguments, environment: inherited, platformOptions: options,
          input: .fileDescriptor(input, closeAfterSpawningProcess: true),
          output: .string(limit: outputLimit), error: .string(limit: outputLimit))
      }
      let result = try await started(
        try input ?? FileDescriptor.open("/dev/null", .readOnly))
      let status: Int =
        switch result.terminationStatus {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
      return ToolRun(
        status: status, output: result.standardOutput, errorOutput: result.standardError)
    }
    let watch = Task {
      try await Task.sleep(for: limit)
      work.cancel()
    }
    let outcome = await withTaskCancellationHandler {
      await work.result
    } onCancel: {
      work.cancel()
    }
    watch.cancel()
    try Task.checkCancellation()
    if case .success = await watch.result {
      throw VirtNestError(
        .program, "'\(program)' did not end within \(limit.components.seconds) s and was ended")
    }
    do {
      return try outcome.get()
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw VirtNestError(notFound: program)
    } catch let error as SubprocessError {
      throw VirtNestError(.program, "cannot run '\(program)': \(error)")
    } catch let error as Errno {
      // Of what comes before the start: a chroot without /dev has no /dev/null.
      throw VirtNestError(.program, "cannot run '\(program)': \(error)")
    }
  }
}

extension FileDescriptor {
  /// A path by which another program opens the file while this process has it open.
  var pathForOthers: String { "/proc/\(getpid())/fd/\(rawValue)" }
}

/// Writes bytes to a temporary file without a name, as the standard input of a program.
///
/// With a pipe, SIGPIPE would kill this process if the program ends first. A file with a name could
/// be left behind, with passwords in it.
func unnamedFile(_ bytes: [UInt8]) throws(VirtNestError) -> FileDescriptor {
  let folder = temporaryFolder
  var path = Array("\(folder)/virt-nest.XXXXXX".utf8CString)
  let file = FileDescriptor(rawValue: mkstemp(&path))
  guard file.rawValue >= 0 else {
    throw VirtNestError(.program, "cannot make a file in \(folder): \(Errno(rawValue: errno))")
  }
  unlink(path)
  _ = fcntl(file.rawValue, F_SETFD, FD_CLOEXEC)
  do {
    try file.writeAll(bytes)
    try file.seek(offset: 0, from: .start)
    return file
  } catch {
    try? file.close()
    throw VirtNestError(.program, "cannot write to a file in \(folder): \(error)")
  }
}
