internal import LosslessXML

/// What a file `.virt-nest.conf` says about definitions in its folder and below.
///
/// The form is that of .editorconfig: lines `key = value`, sections `[pattern]`, and comments that
/// begin with `#` or `;`. `root = true` before the first section ends the search for more files.
///
///     root = true
///     schema = schemas/domain.rng
///     ignore = VN054
///
///     [production/**.xml]
///     error = VN042, VN033
package struct Configuration: Hashable, Sendable {
  /// The name of such a file.
  package static let fileName = ".virt-nest.conf"

  /// What is said about a definition.
  package struct Settings: Hashable, Sendable {
    /// The schema to compare with.
    package enum Schema: Hashable, Sendable {
      /// None.
      case off
      /// The file at an absolute path.
      case path(String)
    }

    /// How much the findings of a rule matter; `nil` leaves the rule out.
    package var levels: [Diagnostic.Code: Diagnostic.Severity?] = [:]
    /// The schema; `nil` for the installed one.
    package var schema: Schema?
    /// The absolute path of a folder with templates.
    package var templates: String?

    /// Nothing is said.
    package init() {}

    /// Takes what a nearer file or a later section says.
    package mutating func override(with other: Settings) {
      levels.merge(other.levels) { $1 }
      schema = other.schema ?? schema
      templates = other.templates ?? templates
    }
  }

  private struct Section: Hashable, Sendable {
    /// `nil` before the first header.
    var pattern: GlobPattern?
    var settings = Settings()
  }

  /// Whether no file of the folders above counts.
  package private(set) var isRoot = false
  /// The folder of the file, which ends in `/`.
  private let folder: String
  private var sections = [Section()]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: what it contains, in UTF-8.
  ///   - path: its absolute path; paths in it are relative to its folder.
  /// - Throws: an error with every line that cannot be read.
  package init(_ bytes: [UInt8], at path: String) throws(VirtNestError) {
    folder = String(path[...(path.lastIndex(of: "/") ?? path.startIndex)])
    var wrong: [Diagnostic] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard let text = String(validating: line, as: UTF8.self) else {
        wrong.append(Self.error("the line is not in UTF-8", line: number))
        continue
      }
      do throws(InvalidLine) {
        try read(text.drop { $0 == "\u{FEFF}" }.trimmed)
      } catch {
        wrong.append(Self.error(error.reason, line: number))
      }
    }
    guard wrong.isEmpty else { throw VirtNestError(wrong.map { $0.about(path) }) }
  }

  private static func error(_ message: String, line: Int) -> Diagnostic {
    .error("configuration", message, at: .init(0..<0, Position(line: line, column: 1)))
  }

  private mutating func read(_ line: Substring) throws(InvalidLine) {
    if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { return }
    if line.hasPrefix("[") {
      guard line.hasSuffix("]") else { throw InvalidLine("the section has no ']' at its end") }
      sections.append(Section(pattern: try GlobPattern(String(line.dropFirst().dropLast()))))
      return
    }
    guard let equals = line.firstIndex(of: "=") else {
      throw InvalidLine("a line is 'key = value', '[pattern]', or a comment that begins with '#'")
    }
    try set(line[..<equals].trimmed.lowercased(), line[line.index(after: equals)...].trimmed)
  }

  private mutating func set(_ key: String, _ value: Substring) throws(InvalidLine) {
    let isFirst = sections.count == 1
    switch key {
    case "root":
      guard isFirst else { throw InvalidLine("'root' stands before the first section") }
      guard ["true", "false"].contains(value.lowercased()) else {
        throw InvalidLine("'root' is true or false")
      }
      isRoot = value.lowercased() == "true"
    case "ignore": try setLevel(nil, of: value)
    case "note", "warning", "error": try setLevel(Diagnostic.Severity(rawValue: key), of: value)
    case "schema":
      sections[sections.count - 1].settings.schema =
        value == "none" ? .off : .path(try absolute(value))
    case "templates":
      guard isFirst else { throw InvalidLine("'templates' stands before the first section") }
      sections[0].settings.templates = try absolute(value)
    default:
      throw InvalidLine(
        "there is no key '\(key)'; the keys are root, ignore, note, warning, error, schema and "
          + "templates")
    }
  }

  private mutating func setLevel(
    _ level: Diagnostic.Severity?, of rules: Substring
  ) throws(InvalidLine) {
    for name in rules.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      guard let rule = Rule.named(String(name)) else {
        throw InvalidLine("there is no rule '\(name)'")
      }
      sections[sections.count - 1].settings.levels.updateValue(level, forKey: rule.code)
    }
  }

  private func absolute(_ path: Substring) throws(InvalidLine) -> String {
    if path.isEmpty { throw InvalidLine("the path is missing") }
    return path.hasPrefix("/") ? String(path) : folder + path
  }

  /// What is said about the definition at an absolute path.
  package func settings(for path: String) -> Settings {
    guard path.utf8.starts(with: folder.utf8) else { return Settings() }
    let relative = String(decoding: path.utf8.dropFirst(folder.utf8.count), as: UTF8.self)
    return sections.reduce(into: Settings()) { settings, section in
      if section.pattern?.matches(relative) ?? true { settings.override(with: section.settings) }
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let start = drop(while: \.isWhitespace)
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { start[...$0] } ?? ""
  }
}
