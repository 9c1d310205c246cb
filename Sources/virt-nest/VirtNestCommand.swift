import ArgumentParser
import Glibc
import LosslessXML
import VirtNest
import VirtNestHost

struct VirtNestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virt-nest",
    abstract:
      "Make, change, explain and check libvirt definitions of L1 guests for nested KVM on Power.",
    discussion: """
      Exit status:
        0   yes: done, nothing found, nothing would change
        1   no: check found something, patch --check would change something
        2   trouble: a file, a value in it or the machine is not as it should be
        64  usage: the options are wrong
      """,
    version: CommandVersion.text,
    subcommands: [
      CreateCommand.self, PatchCommand.self, InspectCommand.self, CheckCommand.self,
      ExplainCommand.self, TemplateCommand.self, WrapperCommand.self, DoctorCommand.self,
      FirstBootCommand.self, VerifyCommand.self, DefineCommand.self,
      QEMUCommandCommand.self, DiffCommand.self, UpCommand.self, DownCommand.self,
    ])
}

/// The version of the command, in this one place; CHANGELOG.md begins with it.
enum CommandVersion {
  static let number = "0.1.0"

  /// `0.1.0 (libxml2 2.9.14)`.
  static var text: String { "\(number) (libxml2 \(LibXML2.version))" }
}

/// The program.
@main
enum Program {
  /// The words of the command line, with bytes that are no UTF-8 kept for names of files.
  static let arguments: [String] = (0..<Int(CommandLine.argc)).compactMap { index in
    CommandLine.unsafeArgv[index].map { word in
      String(systemBytes: UnsafeRawBufferPointer(start: word, count: strlen(word)))
    }
  }

  /// Runs the command, on the main thread unless it waits for other programs.
  @MainActor static func main() async {
    // A reader that goes away, and a file that grows over `ulimit -f`, make writing fail, so that the
    // command can clean up and report it.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    occupyStandardDescriptors()
    do {
      var command = try VirtNestCommand.parseAsRoot(Array(arguments.dropFirst()))
      do {
        if let patch = command as? PatchCommand, patch.domain.isEmpty {
          try patch.runOnFiles()
        } else if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      } catch let error as ValidationError {
        // ArgumentParser does not know any more whose usage it is.
        let usage = VirtNestCommand.usageString(for: type(of: command))
        end(.init(64), "Error: \(error)\nUsage: \(usage)")
      } catch {
        throw Terminal.end(for: error)
      }
    } catch {
      end(with: error)
    }
  }

  /// Opens what is closed of standard input, output and error, for nothing to be read or written.
  ///
  /// Otherwise a file of the command would become one of them, and get a message.
  private static func occupyStandardDescriptors() {
    var descriptor: Int32
    repeat { descriptor = open("/dev/null", O_RDONLY) } while (0...2).contains(descriptor)
    if descriptor > 2 { close(descriptor) }
  }

  /// Prints what ArgumentParser has to print for an error, and exits with its status.
  private static func end(with error: any Error) -> Never {
    let code = VirtNestCommand.exitCode(for: error)
    let text = VirtNestCommand.fullMessage(for: error)
    let isUsage = code == .validationFailure
    let advice = { UsageAdvice(Array(arguments.dropFirst())).mended(lines(of: text)) }
    end(code, isUsage ? advice() : text)
  }

  private static func end(_ code: ExitCode, _ text: String) -> Never {
    if !text.isEmpty {
      guard code == .success else {
        for line in lines(of: text) { Terminal.say(String(line)) }
        exit(code.rawValue)
      }
      let text = text.split(separator: "\n", omittingEmptySubsequences: false).map(narrowed)
        .joined(separator: "\n")
      // Help and version that cannot be written are trouble, not success.
      do { try Terminal.write(text + "\n") } catch { exit(ExitCode.trouble.rawValue) }
    }
    exit(code.rawValue)
  }

  /// A line of usage that is wider than 80 columns as several.
  private static func narrowed(_ line: Substring) -> String {
    guard line.hasPrefix("USAGE: "), line.count > 80 else { return String(line) }
    var lines = [""]
    // A space in brackets belongs to an option and its value.
    for word in String(line).replacing("] [", with: "]\u{0} [").replacing("> [", with: ">\u{0} [")
      .split(separator: "\u{0}")
    {
      if lines[lines.count - 1].count + word.count > 80 { lines.append("      ") }
      lines[lines.count - 1] += word
    }
    return lines.joined(separator: "\n")
  }

  /// The lines of ArgumentParser's message: an argument in it that has a line end stays on its line.
  private static func lines(of message: String) -> [Substring] {
    var message = message.unicodeScalars
    for argument in arguments.map({ Array($0.unicodeScalars) }) {
      // An argument is named whole or in parts: what stands beside the line end tells whose it is.
      for index in argument.indices where argument[index] == "\n" {
        let around = argument[max(0, index - 1)...min(index + 1, argument.count - 1)]
        let visible = around.flatMap { Array(String($0).visible.unicodeScalars) }
        message = message.replacing(around, with: visible)
      }
    }
    return String(message).split(separator: "\n", omittingEmptySubsequences: false)
  }
}

/// Today's date: it may change messages, never what is written.
enum Today {
  /// The day in UTC; that of `SOURCE_DATE_EPOCH` where it is set, as for every reproducible build.
  static var date: CalendarDate {
    let fixed = environmentVariable("SOURCE_DATE_EPOCH").flatMap { Int($0) }
    var seconds = time_t(fixed ?? Int(time(nil)))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = CalendarDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
    return date ?? ReleaseTable.lastReview
  }
}
