import ArgumentParser
import Dispatch
import Glibc
import LosslessXML
import Synchronization

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
