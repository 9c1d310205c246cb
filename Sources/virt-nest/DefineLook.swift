import LosslessXML
import VirtNest
import VirtNestHost

/// A look at what `define` would change, in place of defining.
struct DefineLook {
  /// Whether the exit status says if something would change.
  var isCheck = false
  /// Whether the changes are shown as `diff -u` shows them.
  var isDiff = false
  /// Whether each guest is an object of JSON.
  var isJSON = false
  /// What the rules find in each file.
  var findings: [[Diagnostic]] = []

  /// Shows the guests, or the names of those that would change.
  func show(_ changes: [DefinitionChange], named files: [String]) throws {
    if isJSON {
      let guests = zip(zip(changes, files), findings).map { pair, found in
        Self.json(pair.0, file: pair.1, found)
      }
      return try Terminal.write(Array(JSONWriter.text(of: .array(guests)).utf8))
    }
    for (change, file) in zip(changes, files) where !change.isEmpty {
      if isDiff {
        try Terminal.write(change.diff(coloured: Terminal.showsColours, escaped: Terminal.isShown))
      } else {
        try Terminal.write(Array("\(Terminal.display(file))\n".utf8))
      }
    }
  }

  private static func json(
    _ change: DefinitionChange, file: String, _ findings: [Diagnostic]
  ) -> JSONWriter.Value {
    let lines = String(
      decoding: change.isEmpty ? [] : change.diff(coloured: false, escaped: false), as: UTF8.self
    )
    .split(separator: "\n").dropFirst(2).filter { $0.hasPrefix("+") || $0.hasPrefix("-") }
    return .object([
      .init("name", .string(change.name)),
      .init("uuid", .optional(Guest(reading: change.definition).uuid?.description)),
      .init("file", .string(file)), .init("changed", .bool(!change.isEmpty)),
      .init("changes", .array(lines.map { .string(String($0)) })),
      .init("findings", .array(findings.map { $0.json(\.commandLine) })),
    ])
  }
}
