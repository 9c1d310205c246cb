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
  enum Place {
    case file
    case position(Position)
    /// A path in JSON.
    case path(String)
  }

  private let file: String
  private let template: Template
  private(set) var rows: [Row] = []

  /// Reads a file.
  ///
  /// A column is an option of `create` without its dashes, a parameter of the template, or a word
  /// such as `disk:vda,path`. An empty value is none.
  init(file: String, for template: Template) throws {
    self.file = file
    self.template = template
    let input = try Input(file)
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = input.bytes.dropFirst(input.bytes.starts(with: mark) ? mark.count : 0)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw refused("it is not UTF-8")
    }
    let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
    rows = first == "[" || first == "{" ? try json(input.guests()) : try csv(text)
    if rows.isEmpty { throw refused("it has no guests") }
  }

  /// What is wrong at a place.
  func refused(_ message: String, _ place: Place = .file) -> VirtNestError {
    switch place {
    case .file: VirtNestError(message, in: file)
    case .position(let position): VirtNestError(message, in: file, at: position)
    case .path(let path): VirtNestError("\(path): \(message)", in: file)
    }
  }

  /// Options of `create` that are for all guests of a file.
  private static let forAll: Set = [
    "ask", "c", "color", "connect", "count", "define", "drop-secrets", "dry-run", "format", "from",
    "h", "help", "help-parameters", "help-words", "is-row", "json", "no-wait", "o", "output",
    "parameters", "q", "quiet", "unchecked-host", "version", "wait-limit", "y", "yes",
  ]

  /// A value as options of `create`.
  private func cell(_ column: String, _ value: String, _ place: Place) throws -> Cell {
    guard !Self.forAll.contains(column) else {
      throw refused("'\(column)' is for all guests, and not for one of them", place)
    }
    return Cell(place: place, arguments: arguments(column, value))
  }

  private func arguments(_ column: String, _ value: String) -> [String] {
    if column.contains(where: { ",:".contains($0) }) {
      return ["--edit", column + "=" + value.replacing(",", with: ",,")]
    }
    if column == "mac" { return ["--edit", "interface:1,mac=" + value] }
    // What no parameter takes, but the option of the same name; some of them hand it on to one.
    let isOption =
      PropertyOptions.movable.values.contains(column)
      || ["disk", "network"].contains(column) && (value == "none" || value.contains("="))
    if !isOption, template.parameter(column) != nil {
      return ["--set", column + "=" + value]
    }
    return ["--\(column)=" + value]
  }

  // MARK: JSON

  private func json(_ elements: [JSONWriter.Value]) throws -> [Row] {
    try elements.enumerated().map { index, element in
      let path = "[\(index)]"
      guard case .object(let members) = element else {
        throw refused("an object is expected", .path(path))
      }
      let cells = try members.compactMap { member -> Cell? in
        let place = Place.path("\(path).\(member.key)")
        switch member.value {
        case .null, .bool(false): return nil
        case .string(let text), .number(let text): return try cell(member.key, text, place)
        case .integer(let number): return try cell(member.key, String(number), place)
        case .bool(true):
          _ = try cell(member.key, "", place)
          return Cell(place: place, arguments: ["--" + member.key])
        case .array, .object: throw refused("a string or a number is expected", place)
        }
      }
      return Row(place: .path(path), cells: cells)
    }
  }

  // MARK: CSV

  /// Fields as RFC 4180 has them: between commas, or in quotes, in which a doubled quote is one.
  private func csv(_ text: String) throws -> [Row] {
    var lines = try fields(of: text)
    guard !lines.isEmpty else { return [] }
    let header = lines.removeFirst()
    if header.count == 1, header[0].text.contains(where: { ";\t|".contains($0) }) {
      throw refused(
        "'\(header[0].text)' is one column: columns are separated by commas", header[0].place)
    }
    for (index, field) in header.enumerated() {
      guard !field.text.isEmpty else {
        throw refused("the header has a column without a name", field.place)
      }
      if header[..<index].contains(where: { TextKey($0.text) == TextKey(field.text) }) {
        throw refused("there are two columns '\(field.text)'", field.place)
      }
    }
    return try lines.map { line in
      guard line.count == header.count else {
        throw refused(
          "\(line.count) fields, and the header has \(header.count)", line[0].place)
      }
      let cells = try zip(header, line).filter { !$0.1.text.isEmpty }.map { column, field in
        try cell(column.text, field.text, field.place)
      }
      return Row(place: line[0].place, cells: cells)
    }
  }

  private typealias Field = (text: String, place: Place)

  private func fields(of text: String) throws -> [[Field]] {
    var lines: [[Field]] = []
    var line: [Field] = []
    var field = String.UnicodeScalarView()
    var (row, column) = (1, 1)
    var start = Position(line: 1, column: 1)
    var (isQuoted, wasQuoted) = (false, false)
    func end() {
      let text = String(field)
      line.append((wasQuoted ? text : text.trimmingSpaces, .position(start)))
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
    if isQuoted { throw refused("a quote is not closed", .position(start)) }
    if !field.isEmpty || !line.isEmpty {
      end()
      lines.append(line)
    }
    return lines
  }
}
