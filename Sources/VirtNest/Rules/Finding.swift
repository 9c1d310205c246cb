package import LosslessXML

/// Something in a definition that is wrong, or good to know.
package struct Finding: Hashable, Sendable {
  /// The rule that found it.
  package var id: RuleID
  /// How much it matters.
  package var severity: Severity
  /// What is wrong.
  package var message: String
  /// What to do about it.
  package var advice: String
  /// The name of the file, as it was given.
  package var file: String
  /// Where in the file; `nil` for the whole.
  package var location: SourceLocation?

  /// `FILE:LINE:COLUMN: error: MESSAGE [VN003]`, as compilers print it.
  package var headline: String {
    let place = location.map { ":\($0)" } ?? ""
    return "\(file)\(place): \(severity.rawValue): \(message) [\(id)]"
  }
}

extension Finding: CustomStringConvertible {
  /// The headline, and what to do on a second line.
  package var description: String { "\(headline)\n    \(advice)" }

  /// The finding as an object of JSON.
  package var json: JSONWriter.Value {
    [
      "id": .string(id.description), "severity": .string(severity.rawValue),
      "file": .string(file), "line": location.map { .integer($0.line) } ?? .null,
      "column": location.map { .integer($0.column) } ?? .null, "message": .string(message),
      "advice": .string(advice),
    ]
  }
}
