import ArgumentParser
import Dispatch

/// The program: runs most commands at once, and only those that wait for others under Swift's
/// concurrency runtime, whose start takes as long as changing a file.
@main
enum Program {
  static func main() {
    do {
      let words = Array(CommandLine.arguments.dropFirst())
      var command = try VirtNestCommand.parseAsRoot(words)
      if let sometimes = command as? any SometimesWaiting, !sometimes.waits {
        return try sometimes.runAtOnce()
      }
      guard let waiting = command as? any AsyncParsableCommand else { return try command.run() }
      run(waiting)
    } catch {
      VirtNestCommand.exit(withError: error)
    }
  }

  private static func run(_ command: any AsyncParsableCommand) {
    nonisolated(unsafe) var command = command
    let ended = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await command.run()
        ended.signal()
      } catch {
        VirtNestCommand.exit(withError: error)
      }
    }
    ended.wait()
  }
}

/// A command that waits for other programs only where its options say so.
protocol SometimesWaiting {
  /// Whether `run()` is needed.
  var waits: Bool { get }
  /// Does what there is to do without waiting.
  func runAtOnce() throws
}
