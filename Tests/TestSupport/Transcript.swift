public import Foundation

/// Commands and what they print, as a Markdown file shows them in blocks of `console`.
///
/// A line that begins with `$ ` is a command (ended by `\`, it goes on in the next; `<<'END'` takes
/// the lines up to END), the lines up
/// to the next are what it prints on both outputs. A line `[…]` stands for any lines.
public struct Transcript: Sendable {
  /// A command and what it should print.
  public struct Step: Sendable {
    /// The command, as sh reads it.
    public var command: String
    /// The lines that it should print.
    public var expected: [String]
    /// The lines of the file that hold the expected output.
    var lines: Range<Int>
  }

  /// The file.
  public let file: URL
  /// The commands in order.
  public let steps: [Step]
  private let text: [String]

  /// Reads a Markdown file.
  public init(_ file: URL) throws {
    self.file = file
    text = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    var steps: [Step] = []
    var isInside = false
    var index = 0
    while index < text.count {
      let line = text[index]
      index += 1
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside, line.hasPrefix("$ ") {
        var command = String(line.dropFirst(2))
        while command.hasSuffix("\\"), index < text.count {
          command += "\n" + text[index]
          index += 1
        }
        if let word = Self.hereDocumentEnd(command) {
          while index < text.count {
            command += "\n" + text[index]
            index += 1
            if text[index - 1] == word { break }
          }
        }
        let start = index
        while index < text.count, !text[index].hasPrefix("$ "), !text[index].hasPrefix("```") {
          index += 1
        }
        steps.append(
          Step(command: command, expected: Array(text[start..<index]), lines: start..<index))
      }
    }
    self.steps = steps
  }

  /// The line that ends the text of a command like `cat > FILE <<'END'`; `nil` where it has none.
  private static func hereDocumentEnd(_ command: String) -> String? {
    guard let start = command.range(of: "<<'"), command.hasSuffix("'") else { return nil }
    return String(command[start.upperBound...].dropLast())
  }

  /// A command that did not print what the file shows.
  public struct Difference: Sendable, CustomStringConvertible {
    var step: Step
    var printed: [String]

    /// Both, one under the other.
    public var description: String {
      "$ \(step.command)\n--- the file shows\n\(step.expected.joined(separator: "\n"))\n"
        + "--- it printed\n\(printed.joined(separator: "\n"))"
    }
  }

  /// Runs every command in a folder, one shell for each, and compares.
  ///
  /// With `VIRT_NEST_RECORD` set, what they print is written into the file, and the differences are
  /// still reported: a recording run fails.
  public func differences(in folder: String) async throws -> [Difference] {
    let environment: [String: String?] = [
      "PATH": VirtNestBinary.folder.path + ":"
        + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
      "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "SOURCE_DATE_EPOCH": "1795478400",
      "XDG_CONFIG_HOME": folder + "/.config", "SWIFT_BACKTRACE": "enable=no",
    ]
    var differences: [Difference] = []
    for step in steps {
      let result = try await TestSupport.run(
        "/bin/sh", ["-c", "exec 2>&1\n" + step.command], environment: environment, in: folder)
      // A carriage return would be lost in an editor: it is left out of the comparison.
      let text = String(decoding: result.output.filter { $0 != 0x0D }, as: UTF8.self)
      var printed = text.components(separatedBy: "\n")
      if printed.last == "" { printed.removeLast() }
      if !Self.matches(printed[...], step.expected[...]) {
        differences.append(Difference(step: step, printed: printed))
      }
    }
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil { try record(differences) }
    return differences
  }

  private func record(_ differences: [Difference]) throws {
    guard !differences.isEmpty else { return }
    var lines = text
    for difference in differences.reversed() {
      lines.replaceSubrange(difference.step.lines, with: difference.printed)
    }
    try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
  }

  private static func matches(_ printed: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool
  {
    guard let first = expected.first else { return printed.isEmpty }
    let rest = expected.dropFirst()
    if first == "[…]" {
      return (printed.startIndex...printed.endIndex).contains { matches(printed[$0...], rest) }
    }
    return printed.first == first && matches(printed.dropFirst(), rest)
  }
}
