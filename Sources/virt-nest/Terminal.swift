import ArgumentParser
import Glibc
import LosslessXML
import Synchronization
import SystemPackage
import VirtNest
import VirtNestHost

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

  /// Writes a text to standard output, as it is.
  ///
  /// - Throws: ``ExitCode`` 2 where it cannot be written.
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes a value to standard output as JSON.
  ///
  /// - Throws: ``ExitCode`` 2 where it cannot be written.
  static func write(json: JSONWriter.Value) throws { try write(JSONWriter.text(of: json)) }

  /// Writes lines to standard output, each on one line of the terminal.
  ///
  /// - Throws: ``ExitCode`` 2 where they cannot be written.
  static func report(_ lines: [String]) throws { try write(text(lines)) }

  /// Lines as they are shown.
  ///
  /// A value in them may come from a file or a host. It can neither begin a line nor change how the
  /// text is shown. Everything that is said goes through here.
  static func text(_ lines: [String], coloured: Bool = false) -> String {
    lines.map { (coloured ? ColorChoice.coloured($0.visible) : $0.visible) + "\n" }.joined()
  }

  /// Columns as wide as their widest cell.
  static func table(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
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

  /// What is kept for the end, where it is not printed as text at once.
  private struct Kept {
    var format = ReportFormat.text
    var diagnostics: [Diagnostic] = []
    /// The objects of `--json`; `nil` without it.
    var guests: [GuestReport]?
  }

  private static let kept = Mutex(Kept())

  /// Prints diagnostics to standard error.
  ///
  /// - Parameter source: the file, guest or host that they are about, where they do not say it.
  static func say(_ diagnostics: [Diagnostic], about source: String? = nil) {
    let own = source.map { source in diagnostics.map { $0.about(source) } } ?? diagnostics
    let shown = kept.withLock { kept in
      guard kept.format != .text || kept.guests != nil else { return own }
      // What is about no guest is in no report of one.
      let unreported = kept.guests == nil ? [] : own.filter { $0.source == nil }
      kept.diagnostics += own.filter { !unreported.contains($0) }
      return unreported
    }
    for line in shown.flatMap(\.commandLines) { say(line) }
  }

  /// Adds a guest to the objects of `--json`, if they are wanted.
  static func report(_ guest: GuestReport) { kept.withLock { $0.guests?.append(guest) } }

  /// Does something whose diagnostics are printed in a format, all together at its end.
  ///
  /// - Parameter guests: whether the diagnostics are members of what ``report(_:)`` is given, all on
  ///   standard output; otherwise they go to standard error.
  static func reporting(
    in format: ReportFormat, guests: Bool = false, _ body: () async throws -> Void
  ) async throws {
    keep(format, guests)
    var failure: (any Error)?
    do { try await body() } catch { failure = end(for: error) }
    try writeKept(failure)
  }

  /// The same on the thread of the caller.
  static func reporting(
    in format: ReportFormat, guests: Bool = false, _ body: () throws -> Void
  ) throws {
    keep(format, guests)
    var failure: (any Error)?
    do { try body() } catch { failure = end(for: error) }
    try writeKept(failure)
  }

  /// How the command ends for an error, once it is said what is wrong.
  static func end(for error: any Error) -> any Error {
    if let error = error as? VirtNestError {
      say(error.diagnostics)
    } else if error is ExitCode || VirtNestCommand.exitCode(for: error) != .failure {
      return error
    } else {
      say("virt-nest: error: \(error)")
    }
    return ExitCode.trouble
  }

  private static func keep(_ format: ReportFormat, _ guests: Bool) {
    kept.withLock { kept in kept = Kept(format: format, guests: guests ? [] : nil) }
  }

  /// Writes what is kept, and throws what the command ends with.
  private static func writeKept(_ failure: (any Error)?) throws {
    let kept = kept.withLock { kept in
      defer { kept = Kept() }
      return kept
    }
    if let guests = kept.guests?.with(kept.diagnostics) {
      // A command that fails before it knows a guest has said why on standard error.
      if failure == nil || !guests.isEmpty { try write(json: .array(guests.map(\.json))) }
    } else if kept.format != .text {
      _ = try? FileDescriptor.standardError.writeAll(
        Array(kept.format.text(of: kept.diagnostics).utf8))
    }
    if let failure { throw failure }
  }

  /// A file's name as messages have it.
  static func display(_ file: String) -> String { file == "-" ? "<stdin>" : file }

  /// Whether standard output is a terminal, and not a file or a program.
  static var isShown: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether colours are wanted on standard output.
  static var showsColours: Bool { ColorChoice.isWanted(in: STDOUT_FILENO) }
}

extension VirtNestError {
  /// Trouble that the command finds itself, in a file or elsewhere.
  init(_ message: String, in file: String? = nil, at position: Position? = nil) {
    self.init(
      Diagnostic(
        .error, file == nil ? "command" : .file, message,
        at: position.map { Diagnostic.Place(0..<0, $0) }, in: file))
  }

  /// The same about a file, guest or host, unless it is about a program that cannot be run.
  func about(_ source: String) -> VirtNestError {
    VirtNestError(diagnostics.map { $0.code == .program ? $0 : $0.about(source) })
  }
}

extension ExitCode {
  /// The answer is no: something would change, or something was found.
  static let no = ExitCode(1)
  /// Something is wrong with a file, a value or the machine.
  static let trouble = ExitCode(2)
}

/// When colours are shown.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto
  case always
  case never

  private static let chosen = Mutex(ColorChoice.auto)

  /// What the command line says.
  static var current: ColorChoice {
    get { chosen.withLock { $0 } }
    set { chosen.withLock { $0 = newValue } }
  }

  /// Whether colours are wanted in a file: on a terminal that has them, unless `NO_COLOR` is set.
  static func isWanted(in file: CInt) -> Bool {
    switch current {
    case .always: return true
    case .never: return false
    case .auto:
      let isRefused = !(environmentVariable("NO_COLOR") ?? "").isEmpty
      return isatty(file) == 1 && !isRefused && environmentVariable("TERM") != "dumb"
    }
  }

  /// A line of a message with its level in colour: errors red, warnings magenta, notes cyan.
  static func coloured(_ line: String) -> String {
    let levels = [("error", "31"), ("warning", "35"), ("note", "36")]
    let found = levels.compactMap { level, colour in
      line.firstRange(of: ": \(level): ").map { (range: $0, level: level, colour: colour) }
    }
    if let first = found.min(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      return "\u{1B}[1m\(line[..<first.range.lowerBound]):\u{1B}[0m "
        + "\u{1B}[1;\(first.colour)m\(first.level):\u{1B}[0m \(line[first.range.upperBound...])"
    }
    guard line.hasPrefix("Error: ") else { return line }
    return "\u{1B}[1;31mError:\u{1B}[0m \(line.dropFirst("Error: ".count))"
  }
}

/// The option for it, where diagnostics or differences are printed.
struct ColorOption: ParsableArguments {
  @Option(help: "Colours: auto (on a terminal, unless NO_COLOR is set), always or never.")
  var color = ColorChoice.auto

  func validate() throws { ColorChoice.current = color }
}
