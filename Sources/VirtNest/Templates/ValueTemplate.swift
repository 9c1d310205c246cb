internal import LosslessXML

/// Text with references to other values: `kata-fedora-{release}-vm-{index:02}`.
///
/// `{name}` stands for a value, `{index:02}` for a number of at least two digits, `{memory:MiB}` for
/// a size in that unit; `{{` and `}}` stand for braces. Braces in an inserted value have no meaning.
struct ValueTemplate: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case text(String)
    case value(name: String, format: String?)
  }

  /// The longest result, in bytes.
  static let longest = 65_536

  let text: String
  let pieces: [Piece]

  /// Reads a template.
  ///
  /// - Throws: ``InvalidValue`` for an unmatched brace.
  init(_ text: String) throws(InvalidValue) {
    self.text = text
    var pieces: [Piece] = []
    var literal = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        literal.append(character)
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw InvalidValue("value", text, "a '{' is not closed; write '{{' for a brace")
        }
        if !literal.isEmpty { pieces.append(.text(String(literal))) }
        literal = .init()
        let parts = Substring(rest[..<end]).split(
          separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        pieces.append(
          .value(name: String(parts[0]), format: parts.count > 1 ? String(parts[1]) : nil))
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw InvalidValue("value", text, "a '}' closes nothing; write '}}' for a brace")
      } else {
        literal.append(character)
      }
    }
    if !literal.isEmpty { pieces.append(.text(String(literal))) }
    self.pieces = pieces
  }

  /// The names of the values that it refers to.
  var names: [String] {
    pieces.compactMap { piece in
      if case .value(let name, _) = piece { name } else { nil }
    }
  }

  /// The text with all references replaced.
  ///
  /// - Parameter value: returns the value of a name.
  /// - Throws: what `value` throws, and ``InvalidValue`` if a format does not fit a value.
  func filled(
    _ value: (String) throws(InvalidValue) -> ParameterValue
  ) throws(InvalidValue) -> String {
    var filled = ""
    for piece in pieces {
      switch piece {
      case .text(let text): filled += text
      case .value(let name, let format): filled += try value(name).formatted(format, name)
      }
      // Without a limit, values that refer to each other twice would double with each step.
      guard filled.utf8.count <= Self.longest else {
        throw InvalidValue(
          "value", text, "it is longer than \(Self.longest) bytes with other values inserted")
      }
    }
    return filled
  }
}

/// The value of a parameter or of a reserved name.
enum ParameterValue: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case size(MemorySize)

  /// The value as text, in a format such as `02` or `MiB`.
  func formatted(_ format: String?, _ name: String) throws(InvalidValue) -> String {
    switch (self, format) {
    case (.text(let text), nil): return text
    case (.integer(let number), nil): return String(number)
    case (.integer(let number), let format?):
      guard format.hasPrefix("0"), let width = Int(format), (1...20).contains(width) else {
        throw InvalidValue(
          "format", format, "the format of a number is a width, as in {\(name):02}")
      }
      let digits = String(number.magnitude)
      return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count))
        + digits
    case (.size(let size), let format?):
      guard let unit = MemorySize.Unit(format) else {
        throw InvalidValue("format", format, "the format of a size is a unit, as in {\(name):MiB}")
      }
      guard let count = size.count(of: unit) else {
        throw InvalidValue(
          name, size.description, "the template needs a whole number of \(format)")
      }
      return String(count)
    case (.size, nil):
      throw InvalidValue("format", "", "a size needs a unit, as in {\(name):MiB}")
    case (.text, let format?):
      throw InvalidValue("format", format, "'\(name)' is text, which has no format")
    }
  }
}
