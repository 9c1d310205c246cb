import LosslessXML
import VirtNest

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
    escaped(diagnostics.flatMap(\.commandLines).joined(separator: "\n"))
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
