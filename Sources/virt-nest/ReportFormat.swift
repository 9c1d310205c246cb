import ArgumentParser
import LosslessXML
import VirtNest

/// How diagnostics are written.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case text
  case json
  case sarif
  case github
  case junit

  /// Diagnostics as one text, with a line end.
  func text(of diagnostics: [Diagnostic]) -> String { text(of: Report(diagnostics: diagnostics)) }

  /// A report as one text, with a line end.
  func text(of report: Report) -> String {
    let diagnostics = report.diagnostics
    return switch self {
    case .text:
      Terminal.text(
        diagnostics.flatMap(\.commandLines) + report.summary,
        coloured: Terminal.showsColours)
    case .json: JSONWriter.text(of: .array(diagnostics.map { $0.json(\.commandLine) }))
    case .sarif: JSONWriter.text(of: SARIF.log(of: diagnostics))
    case .github: diagnostics.map { GitHub.command(for: $0) + "\n" }.joined()
    case .junit: JUnit.text(of: report)
    }
  }
}

/// What was found, and where it was looked for.
struct Report {
  var diagnostics: [Diagnostic]
  /// The files that were looked at, those without a finding among them.
  var files: [String] = []
  /// The level from which on a file has failed.
  var failsFrom = Diagnostic.Severity.error

  /// How much was found in each file, and in all; nothing for a single file, or without a finding.
  fileprivate var summary: [String] {
    guard files.count > 1, !diagnostics.isEmpty else { return [] }
    let found = Dictionary(grouping: diagnostics) { $0.source ?? "" }
    let lines = files.compactMap { file in
      found[file].map { "\(file): \(Self.counts(of: $0))" }
    }
    return [""] + lines
      + ["\(Self.counts(of: diagnostics)) in \(lines.count) of \(files.count) files"]
  }

  /// `2 errors, 1 warning`.
  private static func counts(of diagnostics: [Diagnostic]) -> String {
    Diagnostic.Severity.allCases.reversed().compactMap { severity in
      let count = diagnostics.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }.joined(separator: ", ")
  }
}

/// The option for it, where findings are printed.
struct FormatOption: ParsableArguments {
  @OptionGroup var message: MessageFormatOption

  @Flag(help: "Short for --format json.")
  var json = false

  func validate() throws {
    if json, let format = message.format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
  }

  /// The format that is wanted.
  var wanted: ReportFormat { json ? .json : message.wanted }
}

/// The option for it, where --json is about guests.
struct MessageFormatOption: ParsableArguments {
  @Option(
    help: "Format: text, json, sarif for code review, github for workflows, or junit.")
  var format: ReportFormat?

  @OptionGroup var color: ColorOption

  /// The format that is wanted.
  var wanted: ReportFormat { format ?? .text }
}

/// The Static Analysis Results Interchange Format, version 2.1.0 (OASIS).
private enum SARIF {
  static func log(of diagnostics: [Diagnostic]) -> JSONWriter.Value {
    let rules = Rule.everything.filter { rule in diagnostics.contains { $0.code == rule.code } }
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": "virt-nest",
              "version": .string(CommandVersion.number),
              "rules": .array(rules.map(rule)),
            ]
          ],
          "columnKind": "utf16CodeUnits", "results": .array(diagnostics.map(result)),
        ]
      ],
    ]
  }

  private static func rule(_ rule: Rule) -> JSONWriter.Value {
    [
      "id": .string(rule.code.description),
      "shortDescription": ["text": .string(rule.title)],
      "fullDescription": ["text": .string(rule.reason)],
      "defaultConfiguration": ["level": .string(rule.severity.rawValue)],
    ]
  }

  private static func result(_ diagnostic: Diagnostic) -> JSONWriter.Value {
    let advice = diagnostic.advice.map { ". \($0.commandText)" } ?? ""
    var location: [JSONWriter.Member] = []
    if let source = diagnostic.source {
      location.append(.init("artifactLocation", ["uri": .string(uri(of: source))]))
    }
    if let place = diagnostic.place {
      location.append(
        .init(
          "region",
          ["startLine": .integer(place.start.line), "startColumn": .integer(place.start.column)]))
    }
    return [
      "ruleId": .string(diagnostic.code.description),
      "level": .string(diagnostic.severity.rawValue),
      "message": ["text": .string(diagnostic.message + advice)],
      "locations": location.isEmpty ? [] : [["physicalLocation": .object(location)]],
    ]
  }

  /// A path as a relative or absolute URI reference (RFC 3986).
  private static func uri(of path: String) -> String {
    path.systemBytes.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        String(UnicodeScalar(byte))
      case _ where "/-_.~".utf8.contains(byte): String(UnicodeScalar(byte))
      default:
        "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
      }
    }.joined()
  }
}

/// Workflow commands of GitHub Actions, which it shows beside the lines of a change.
enum GitHub {
  /// `::error file=guest.xml,line=3,col=5,title=VN003::MESSAGE`.
  static func command(for diagnostic: Diagnostic) -> String {
    let level = diagnostic.severity == .note ? "notice" : diagnostic.severity.rawValue
    var properties: [String] = []
    if let source = diagnostic.source { properties.append("file=\(property(source))") }
    if let start = diagnostic.place?.start {
      properties += ["line=\(start.line)", "col=\(start.column)"]
    }
    properties.append("title=\(property(diagnostic.code.description))")
    let advice = diagnostic.advice.map { "\n\($0.commandText)" } ?? ""
    return "::\(level) \(properties.joined(separator: ","))::\(data(diagnostic.message + advice))"
  }

  /// What the commands take for an end is escaped, as GitHub's toolkit does it
  /// (actions/toolkit, `packages/core/src/command.ts`).
  private static func data(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}

/// The XML that JUnit writes and every CI server reads: a test case for each file.
enum JUnit {
  static func text(of report: Report) -> String {
    let found = Dictionary(grouping: report.diagnostics) { $0.source ?? "virt-nest" }
    let others = found.keys.filter { !report.files.contains($0) }.sorted()
    let files = report.files + others
    let failed = files.count { failures(in: found[$0] ?? [], report) != nil }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites>
        <testsuite name="virt-nest" tests="\(files.count)" failures="\(failed)" errors="0">
      \(files.map { testCase($0, found[$0] ?? [], report) }.joined())\
        </testsuite>
      </testsuites>

      """
  }

  private static func testCase(
    _ file: String, _ diagnostics: [Diagnostic], _ report: Report
  ) -> String {
    let head = "    <testcase classname=\"virt-nest\" name=\"\(escaped(file))\""
    guard !diagnostics.isEmpty else { return head + "/>\n" }
    var text = head + ">\n"
    if let failures = failures(in: diagnostics, report) {
      text += "      <failure message=\"\(escaped(failures[0].message))\""
      text += " type=\"\(escaped(failures[0].code.description))\">"
      text += "\(lines(failures))</failure>\n"
    }
    let others = diagnostics.filter { $0.severity < report.failsFrom }
    if !others.isEmpty { text += "      <system-out>\(lines(others))</system-out>\n" }
    return text + "    </testcase>\n"
  }

  private static func failures(in found: [Diagnostic], _ report: Report) -> [Diagnostic]? {
    let failures = found.filter { $0.severity >= report.failsFrom }
    return failures.isEmpty ? nil : failures
  }

  private static func lines(_ diagnostics: [Diagnostic]) -> String {
    escaped(diagnostics.flatMap(\.commandLines).map(\.visible).joined(separator: "\n"))
  }

  /// A text as XML has it; what XML 1.0 has no form for becomes U+FFFD.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      case "\n": "&#10;"
      case "\t": "&#9;"
      case "\r": "&#13;"
      case "\u{0}"..<" ", "\u{FFFE}"..."\u{FFFF}": "\u{FFFD}"
      default: String(scalar)
      }
    }.joined()
  }
}
