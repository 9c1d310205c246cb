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

  /// Writes lines to standard output, each on one line of the terminal.
  ///
  /// - Throws: ``ExitCode`` 2 where they cannot be written.
  static func report(_ lines: [String]) throws { try write(Array(text(lines).utf8)) }

  /// Lines as they are shown.
  ///
  /// A value in them may come from a file or a host. It can neither begin a line nor change how the
  /// text is shown. Everything that is said goes through here.
  static func text(_ lines: [String], coloured: Bool = false) -> String {
    lines.map { (coloured ? ColorChoice.coloured($0.visible) : $0.visible) + "\n" }.joined()
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
  static func say(_ line: String) {
    if let collector { return collector.add(line) }
    ProgressLine.clear()
    // Where standard error is gone, there is nobody to tell.
    _ = try? FileDescriptor.standardError.writeAll(
      Array(text([line], coloured: ColorChoice.isWanted(in: STDERR_FILENO)).utf8))
  }

  /// Writes a question to standard error, without a line end.
  static func ask(_ question: String) throws {
    try FileDescriptor.standardError.writeAll(Array(question.visible.utf8))
  }

  /// Prints one thing to know about a file, as compilers do: `FILE:LINE:COLUMN: LEVEL: TEXT`.
  static func say(
    _ severity: Diagnostic.Severity, _ text: String, file: String, at place: Position?
  ) {
    let diagnostic = Diagnostic(
      severity, "file", text, at: place.map { Diagnostic.Place(0..<0, $0) }, in: file)
    say([diagnostic], about: file)
  }

  /// What is kept for the end, where standard error has another format than text.
  private static let kept = Mutex<(format: ReportFormat, diagnostics: [Diagnostic])>((.text, []))

  /// Prints diagnostics about a file, guest or host to standard error.
  static func say(_ diagnostics: [Diagnostic], about source: String) {
    let own = diagnostics.map { $0.about(source) }
    let isKept = kept.withLock { kept in
      if kept.format != .text { kept.diagnostics += own }
      return kept.format != .text
    }
    if !isKept { for line in own.flatMap(\.commandLines) { say(line) } }
  }

  /// Does something whose diagnostics go to standard error in a format, all together at its end.
  static func reporting<Value>(
    in format: ReportFormat, _ body: () async throws -> Value
  ) async throws -> Value {
    kept.withLock { $0.format = format }
    defer { writeKept() }
    return try await body()
  }

  /// The same on the thread of the caller.
  static func reporting<Value>(in format: ReportFormat, _ body: () throws -> Value) throws -> Value
  {
    kept.withLock { $0.format = format }
    defer { writeKept() }
    return try body()
  }

  private static func writeKept() {
    let (format, diagnostics) = kept.withLock { kept in
      defer { kept = (.text, []) }
      return kept
    }
    if format == .text { return }
    _ = try? FileDescriptor.standardError.writeAll(Array(format.text(of: diagnostics).utf8))
  }

  /// A file's name as messages have it.
  static func display(_ file: String) -> String { file == "-" ? "<stdin>" : file }

  /// Whether standard output is a terminal, and not a file or a program.
  static var isShown: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether colours are wanted on standard output.
  static var showsColours: Bool { ColorChoice.isWanted(in: STDOUT_FILENO) }
}

extension ExitCode {
  /// The answer is no: something would change, or something was found.
  static let no = ExitCode(1)
  /// Something is wrong with a file, a value or the machine.
  static let trouble = ExitCode(2)
}
