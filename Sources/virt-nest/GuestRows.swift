import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// The guests of a file, for `create --from`: CSV with a header, or a list of JSON objects.
struct GuestRows {
  /// What a file says of one guest, as options of `create`.
  struct Row {
    /// The guest in messages: a place in CSV, a path in JSON.
    let place: Place
    let cells: [Cell]
  }

  /// One value of a guest.
  struct Cell {
    let place: Place
    let arguments: [String]
  }

  /// Where something stands.
  struct Place {
    var position: Position?
    var path: String?
  }

  let file: String
  private(set) var rows: [Row] = []

  /// Reads a file.
  ///
  /// A column is an option of `create` without its dashes, a parameter of the template, or a word
  /// such as `disk:vda,path`. An empty value is none.
  init(file: String, for template: Template) throws {
    self.file = file
    let input = try Input(file)
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = Array(input.bytes.dropFirst(input.bytes.starts(with: mark) ? mark.count : 0))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Self.refused(file, "it is not UTF-8", Place())
    }
    let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
    rows =
      first == "[" || first == "{"
      ? try Self.json(bytes, file, template) : try Self.csv(text, file, template)
    if rows.isEmpty { throw Self.refused(file, "it has no guests", Place()) }
  }

  /// What is wrong at a place.
  static func refused(_ file: String, _ message: String, _ place: Place) -> VirtNestError {
    VirtNestError(
      (place.path.map { $0 + ": " } ?? "") + message, in: file, at: place.position)
  }

  /// Options of `create` that are for all guests of a file.
  private static let forAll: Set = [
    "ask", "c", "color", "connect", "count", "define", "drop-secrets", "dry-run", "format", "from",
    "h", "help", "help-parameters", "help-words", "is-row", "json", "no-wait", "o", "output",
    "parameters", "q", "quiet", "unchecked-host", "version", "wait-limit", "y", "yes",
  ]

  /// A value as options of `create`.
  private static func cell(
    _ column: String, _ value: String, _ template: Template, _ place: Place, in file: String
  ) throws -> Cell {
    guard !forAll.contains(column) else {
      throw refused(file, "'\(column)' is for all guests, and not for one of them", place)
    }
    return Cell(place: place, arguments: arguments(column, value, template))
  }

  private static func arguments(
    _ column: String, _ value: String, _ template: Template
  ) -> [String] {
    if column.contains(where: { ",:".contains($0) }) {
      return ["--edit", column + "=" + value.replacing(",", with: ",,")]
    }
    if column == "mac" { return ["--edit", "interface:1,mac=" + value] }
    // These options go to a parameter of their name where the template has one.
    let options = ["name", "uuid", "memory", "vcpus", "cpu", "machine", "emulator", "virt-type"]
    // What no parameter takes, but the option of the same name.
    let isOption =
      options.contains(column)
      || ["disk", "network"].contains(column) && (value == "none" || value.contains("="))
    if !isOption, template.parameter(column) != nil {
      return ["--set", column + "=" + value]
    }
    return ["--\(column)=" + value]
  }

  // MARK: JSON

  private static func json(_ bytes: [UInt8], _ file: String, _ template: Template) throws -> [Row] {
    let value: JSONWriter.Value
    do throws(MalformedJSON) { value = try JSONReader.value(of: bytes) } catch {
      throw refused(
        file, error.reason,
        Place(position: Position(line: error.line, column: error.column)))
    }
    guard let elements = value.elements else {
      throw refused(file, "a list of guests is expected", Place())
    }
    return try elements.enumerated().map { index, element in
      let path = "[\(index)]"
      guard case .object(let members) = element else {
        throw refused(file, "an object is expected", Place(path: path))
      }
      let cells = try members.compactMap { member -> Cell? in
        let place = Place(path: "\(path).\(member.key)")
        switch member.value {
        case .null: return nil
        case .string(let text), .number(let text):
          return try cell(member.key, text, template, place, in: file)
        case .integer(let number):
          return try cell(member.key, String(number), template, place, in: file)
        case .bool(true):
          _ = try cell(member.key, "", template, place, in: file)
          return Cell(place: place, arguments: ["--" + member.key])
        case .bool(false): return nil
        case .array, .object: throw refused(file, "a string or a number is expected", place)
        }
      }
      return Row(place: Place(path: path), cells: cells)
    }
  }

  // MARK: CSV

  /// Fields as RFC 4180 has them: between commas, or in quotes, in which a doubled quote is one.
  private static func csv(_ text: String, _ file: String, _ template: Template) throws -> [Row] {
    var lines = try fields(of: text, file)
    guard !lines.isEmpty else { return [] }
    let header = lines.removeFirst()
    if header.count == 1, header[0].text.contains(where: { ";\t|".contains($0) }) {
      throw refused(
        file, "'\(header[0].text)' is one column: columns are separated by commas",
        Place(position: header[0].position))
    }
    for (index, field) in header.enumerated() {
      guard !field.text.isEmpty else {
        throw refused(
          file, "the header has a column without a name", Place(position: field.position))
      }
      if header[..<index].contains(where: { TextKey($0.text) == TextKey(field.text) }) {
        throw refused(
          file, "there are two columns '\(field.text)'", Place(position: field.position))
      }
    }
    return try lines.map { line in
      guard line.count == header.count else {
        throw refused(
          file, "\(line.count) fields, and the header has \(header.count)",
          Place(position: line[0].position))
      }
      let cells = try zip(header, line).filter { !$0.1.text.isEmpty }.map { column, field in
        try cell(
          column.text, field.text, template, Place(position: field.position), in: file)
      }
      return Row(place: Place(position: line[0].position), cells: cells)
    }
  }

  private typealias Field = (text: String, position: Position)

  private static func fields(of text: String, _ file: String) throws -> [[Field]] {
    var lines: [[Field]] = []
    var line: [Field] = []
    var field = String.UnicodeScalarView()
    var (row, column) = (1, 1)
    var start = Position(line: 1, column: 1)
    var (isQuoted, wasQuoted) = (false, false)
    func end() {
      let text = String(field)
      line.append((wasQuoted ? text : text.trimmingSpaces, start))
      (field, wasQuoted) = (.init(), false)
    }
    var rest = text.unicodeScalars[...]
    while let character = rest.popFirst() {
      column += UTF8.width(character)
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        field.append(rest.removeFirst())
        column += 1
      case "\"" where isQuoted: isQuoted = false
      case "\"" where field.allSatisfy({ $0 == " " }) && !wasQuoted:
        (field, isQuoted, wasQuoted) = (.init(), true, true)
      case "," where !isQuoted:
        end()
        start = Position(line: row, column: column)
      case "\n":
        (row, column) = (row + 1, 1)
        if isQuoted {
          field.append(character)
          break
        }
        end()
        // An empty line is none.
        if line.count > 1 || !line[0].text.isEmpty { lines.append(line) }
        line = []
        start = Position(line: row, column: 1)
      case "\r" where !isQuoted && rest.first == "\n": break
      default: field.append(character)
      }
    }
    if isQuoted {
      throw refused(file, "a quote is not closed", Place(position: start))
    }
    if !field.isEmpty || !line.isEmpty {
      end()
      lines.append(line)
    }
    return lines
  }
}
