import Glibc

/// Keeps what ends a program from ending it between a temporary file and its place.
///
/// Signals that ask for the end wait until the files are whole and nothing temporary is left; then
/// they do what they always do. SIGKILL does not wait: what it leaves is in nobody's way.
enum SignalDelay {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  /// Does something while signals wait.
  @discardableResult
  static func around<Value, Failure: Error>(
    _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    // A file that grows over `ulimit -f` is an error to report, with something to clean up.
    signal(SIGXFSZ, SIG_IGN)
    var waiting = sigset_t()
    var before = sigset_t()
    sigemptyset(&waiting)
    for signal in signals { sigaddset(&waiting, signal) }
    pthread_sigmask(SIG_BLOCK, &waiting, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return try body()
  }

  /// Whether a signal waits: time to clean up and to write no more.
  static var isPending: Bool {
    var pending = sigset_t()
    sigemptyset(&pending)
    sigpending(&pending)
    return signals.contains { sigismember(&pending, $0) == 1 }
  }
}
