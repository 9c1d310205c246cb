import ArgumentParser
import Glibc

/// The program.
@main
enum Program {
  static func main() async {
    // A reader that goes away, and a file that grows over `ulimit -f`, make writing fail, so that the
    // command can clean up and report it.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try VirtNestCommand.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// Prints what ArgumentParser has to print for an error, and exits with its status.
  private static func end(with error: any Error) -> Never {
    let code = VirtNestCommand.exitCode(for: error)
    let text = VirtNestCommand.fullMessage(for: error)
    if !text.isEmpty {
      guard code == .success else {
        Terminal.say(text)
        exit(code.rawValue)
      }
      // Help and version that cannot be written are trouble, not success.
      do { try Terminal.write(Array((text + "\n").utf8)) } catch { exit(ExitCode.trouble.rawValue) }
    }
    exit(code.rawValue)
  }
}
