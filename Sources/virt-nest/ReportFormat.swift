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
