import TestSupport

/// A system call of a run: its name, and which of that name it was.
struct SystemCall: Hashable, Sendable, CustomStringConvertible {
  var name: String
  /// Counted from 1, as strace's `when` counts.
  var number: Int

  var description: String { "\(name)#\(number)" }
}

extension SystemCall {
  /// The calls of a trace from the one that first names a file to the end.
  ///
  /// What comes before belongs to the loader and to Swift's runtime. Calls that cannot fail, or that
  /// give memory alone, are left out.
  static func onWritePath(of trace: String, file: String) -> [SystemCall] {
    var counts: [String: Int] = [:]
    var calls: [SystemCall] = []
    var isOn = false
    for line in trace.split(separator: "\n") {
      // With -f, the process's number stands first.
      let text = line.drop { $0.isNumber || $0 == " " }
      guard let parenthesis = text.firstIndex(of: "(") else { continue }
      let name = String(text[..<parenthesis])
      guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
        continue
      }
      counts[name, default: 0] += 1
      if name != "execve", text.contains(file) { isOn = true }
      if isOn, !withoutFailure.contains(name) {
        calls.append(SystemCall(name: name, number: counts[name] ?? 0))
      }
    }
    return calls
  }

  private static let withoutFailure: Set = [
    "getpid", "gettid", "getrandom", "brk", "mmap", "munmap", "mprotect", "madvise", "futex",
    "exit_group", "rt_sigprocmask", "rt_sigaction", "rt_sigpending",
  ]
}

/// What is done to a system call.
enum Fault: String, CaseIterable, Sendable {
  case noSpace = "error=ENOSPC"
  case inputOutput = "error=EIO"
  case interrupted = "error=EINTR"
  case noAccess = "error=EACCES"
  case killed = "signal=KILL"
  case terminated = "signal=TERM"
  case interruptedByKey = "signal=INT"
}

extension VirtNestBinary {
  /// Runs the command with a fault at one of its system calls.
  ///
  /// - Returns: how it ended, and whether the fault has hit: strace counts the calls of each thread by
  ///   itself, so the command must do its work on one.
  static func run(
    _ arguments: [String], _ fault: Fault, at call: SystemCall, in folder: String
  ) async throws -> (run: Run, hasHit: Bool) {
    let trace = try TemporaryFolder()
    defer { trace.remove() }
    // The backtracer would outlive what is killed, and hold its pipes.
    let run = try await TestSupport.run(
      "strace",
      [
        "-f", "-o", trace.file("trace"), "-e", "trace=\(call.name)", "-e",
        "inject=\(call.name):\(fault.rawValue):when=\(call.number)", path,
      ] + arguments, environment: ["SWIFT_BACKTRACE": "enable=no"], in: folder)
    let said = String(decoding: try readFile(trace.file("trace")), as: UTF8.self)
    let marks = ["(INJECTED", "--- SIGTERM", "--- SIGINT", "+++ killed by SIGKILL"]
    return (run, marks.contains { said.contains($0) })
  }
}
