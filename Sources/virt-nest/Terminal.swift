import ArgumentParser
import Glibc
import LosslessXML
import Synchronization
import SystemPackage
import VirtNest

/// What the command says besides its result, and how it ends.
enum Terminal {
  /// Writes a result to standard output, whole.
  ///
  /// - Throws: ``ExitCode`` 2 where it cannot be written, as on a full disk.
  static func write(_ bytes: [UInt8]) throws {
    ProgressLine.clear()
    do {
      try FileDescriptor.standardOutput.writeAll(bytes)
    } catch let error as Errno where error == .brokenPipe {
      throw ExitCode(2)
    } catch {
      say("virt-nest: error: cannot write to standard output: \(error)")
      throw ExitCode(2)
    }
  }

  /// Lines that are said later, in the order of the files that they are about.
  final class Collector: Sendable {
    private let collected = Mutex<[String]>([])

    var lines: [String] { collected.withLock { $0 } }

    func add(_ line: String) { collected.withLock { $0.append(line) } }
  }

  /// Where lines go while several files are worked on at once; `nil` for standard error.
  @TaskLocal static var collector: Collector?

  /// Writes a line to standard error.
  static func say(_ text: String) {
    if let collector { return collector.add(text) }
    ProgressLine.clear()
    // Where standard error is gone, there is nobody to tell.
    _ = try? FileDescriptor.standardError.writeAll(Array((text + "\n").utf8))
  }

  /// Writes a question to standard error, without a line end.
  static func ask(_ question: String) throws {
    try FileDescriptor.standardError.writeAll(Array(question.utf8))
  }

  /// Says what there is to know about a file, as compilers do: `FILE:LINE:COLUMN: LEVEL: TEXT`.
  static func say(_ level: String, _ text: String, file: String, at place: Position?) {
    let location = place.map { ":\($0)" } ?? ""
    say("\(display(file))\(location): \(level): \(text)")
  }

  /// Prints diagnostics about a file, guest or host to standard error.
  static func say(_ diagnostics: [Diagnostic], about source: String) {
    for diagnostic in diagnostics { say(diagnostic.about(source).commandText) }
  }

  /// Writes diagnostics to standard output, as text or as a list of JSON objects.
  static func write(_ diagnostics: [Diagnostic], asJSON: Bool) throws {
    let text =
      asJSON
      ? JSONWriter.text(of: .array(diagnostics.map { $0.json(\.commandLine) }))
      : diagnostics.map { $0.commandText + "\n" }.joined()
    try write(Array(text.utf8))
  }

  /// A file's name as messages have it.
  static func display(_ file: String) -> String { file == "-" ? "<stdin>" : file }

  /// Whether colours are wanted: on a terminal, unless `NO_COLOR` is set.
  static var showsColours: Bool {
    let refused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    return isatty(STDOUT_FILENO) == 1 && !refused
  }
}

extension ExitCode {
  /// The answer is no: something would change, or something was found.
  static let no = ExitCode(1)
  /// Something is wrong with a file, a value or the machine.
  static let trouble = ExitCode(2)
}
