import ArgumentParser
import Dispatch
import Glibc
import LosslessXML
import Synchronization

/// How many values are worked on at once: more than there are processors, since files wait for the
/// disk.
private let width = 8

/// Does the same with many values, several at a time; what is printed meanwhile is printed in their
/// order.
///
/// - Parameter progress: shows how many are done, where that is wanted.
func concurrently<Value: Sendable, Result: Sendable>(
  _ values: [Value], showing progress: ProgressLine? = nil,
  _ body: @escaping @Sendable (Value) -> Result
) -> [Result] {
  let results = Mutex<[(Result, [String])?]>(Array(repeating: nil, count: values.count))
  let shown = Mutex((progress: progress, done: 0))
  let next = Atomic(0)
  // concurrentPerform starts no more threads than there are processors.
  let queue = DispatchQueue(label: "concurrently", attributes: .concurrent)
  let group = DispatchGroup()
  for _ in 0..<min(width, values.count) {
    queue.async(group: group) {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < values.count else { return }
        let collector = Terminal.Collector()
        let result = Terminal.$collector.withValue(collector) { body(values[index]) }
        results.withLock { $0[index] = (result, collector.lines) }
        shown.withLock {
          $0.done += 1
          $0.progress?.show($0.done)
        }
      }
    }
  }
  group.wait()
  if progress != nil { ProgressLine.clear() }
  return results.withLock { $0 }.compactMap(\.self).map { result, lines in
    for line in lines { Terminal.say(line) }
    return result
  }
}

/// Keeps what ends a program from ending it between a temporary file and its place.
///
/// Signals that ask for the end wait until the files are whole and nothing temporary is left; then
/// they do what they always do. SIGKILL does not wait: it may leave a temporary file.
enum SignalDelay {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
  /// How many calls are in each other.
  private static let depth = Atomic(0)
  /// The last signal that came meanwhile; 0 for none.
  private static let pending = Atomic<Int32>(0)

  /// Does something while signals, to whatever thread, wait.
  @discardableResult
  static func around<Value, Failure: Error>(
    _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let before = signals.filter { !isIgnored($0) }.map { number in
      (number, signal(number) { SignalDelay.pending.store($0, ordering: .relaxed) })
    }
    defer {
      // A nested call leaves the signal to the outer one, whose handler takes it.
      for (number, handler) in before { signal(number, handler) }
      let number = pending.load(ordering: .relaxed)
      if number != 0, depth.load(ordering: .relaxed) == 1 { end(by: number) }
      depth.wrappingSubtract(1, ordering: .relaxed)
    }
    depth.wrappingAdd(1, ordering: .relaxed)
    return try body()
  }

  /// Lets a signal do what it always does.
  ///
  /// It goes to the process: threads of Dispatch block signals, so that it would never reach this one.
  private static func end(by number: Int32) -> Never {
    kill(getpid(), number)
    sleep(5)
    exit(128 + number)
  }

  /// Whether a signal is ignored, as under nohup.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether a signal waits: time to clean up and to write no more.
  static var isPending: Bool { pending.load(ordering: .relaxed) != 0 }
}

/// Runs work that has something to clean up, also where the command is interrupted.
///
/// - Throws: what `work` throws; exit status 128 and the signal's number where SIGINT, SIGTERM or
///   SIGHUP came, once `work` has cleaned up.
func interruptible(_ work: @escaping @Sendable () async throws -> Void) async throws {
  // A reader that goes away makes writing fail, instead of ending the program with its files left.
  signal(SIGPIPE, SIG_IGN)
  let task = Task { try await work() }
  let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler {
      Interruption.received.withLock { $0 = $0 ?? number }
      task.cancel()
    }
    source.resume()
    return source
  }
  let outcome = await task.result
  for source in sources { source.cancel() }
  if let number = Interruption.received.withLock({ $0 }) { throw ExitCode(128 + number) }
  try outcome.get()
}

private enum Interruption {
  /// The first signal that came.
  static let received = Mutex<Int32?>(nil)
}
