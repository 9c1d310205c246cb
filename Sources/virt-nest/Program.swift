import ArgumentParser
import Dispatch

/// The program: runs most commands at once, and only those that wait for others under Swift's
/// concurrency runtime, whose start takes as long as changing a file.
@main
enum Program {
  static func main() {
    do {
      var command = try VirtNestCommand.parseAsRoot()
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
