/// The text of a value with other values in it: `kata-fedora-{release}-vm-{index:02}`.
///
/// `{name}` stands for a value, `{index:02}` for a number of at least two digits, `{memory:MiB}` for
/// a size in that unit; `{{` and `}}` stand for braces. A value is put in once and not looked at
/// again.
struct ValueTemplate: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case text(String)
    case value(name: String, format: String?)
  }

  /// The longest text, in bytes, that a value may become.
  static let longest = 65_536

  let text: String
  let pieces: [Piece]

  /// Reads a template.
  ///
  /// - Throws: ``InvalidValue`` for a brace that is not closed, or closes nothing.
  init(_ text: String) throws(InvalidValue) {
    self.text = text
    var pieces: [Piece] = []
    var literal = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        literal.append(character)
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw InvalidValue("value", text, "a '{' is not closed; '{{' stands for a brace")
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        literal = ""
        let parts = rest[..<end].split(
          separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        pieces.append(
          .value(name: String(parts[0]), format: parts.count > 1 ? String(parts[1]) : nil))
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw InvalidValue("value", text, "a '}' closes nothing; '}}' stands for a brace")
      } else {
        literal.append(character)
      }
    }
    if !literal.isEmpty { pieces.append(.text(literal)) }
    self.pieces = pieces
  }

  /// The names of the values in it.
  var names: [String] {
    pieces.compactMap { piece in
      if case .value(let name, _) = piece { name } else { nil }
    }
  }

  /// The text with every value put in.
  ///
  /// - Parameter value: gives the value of a name.
  /// - Throws: what `value` throws, and ``InvalidValue`` where a format does not fit a value.
  func filled(
    _ value: (String) throws(InvalidValue) -> ParameterValue
  ) throws(InvalidValue) -> String {
    var filled = ""
    for piece in pieces {
      switch piece {
      case .text(let text): filled += text
      case .value(let name, let format): filled += try value(name).formatted(format, name)
      }
      // Values that refer to each other double with each step.
      guard filled.utf8.count <= Self.longest else {
        throw InvalidValue(
          "value", text, "with other values in it, it is longer than \(Self.longest) bytes")
      }
    }
    return filled
  }
}

/// A value of a parameter, or one that is reserved.
enum ParameterValue: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case size(MemorySize)

  /// The value as it is written into a place.
  func formatted(_ format: String?, _ name: String) throws(InvalidValue) -> String {
    switch (self, format) {
    case (.text(let text), nil): return text
    case (.integer(let number), nil): return String(number)
    case (.integer(let number), let format?):
      guard format.hasPrefix("0"), let width = Int(format), (1...20).contains(width) else {
        throw InvalidValue("format", format, "a number takes a width such as {\(name):02}")
      }
      let digits = String(number.magnitude)
      return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count))
        + digits
    case (.size(let size), let format?):
      guard let unit = MemorySize.Unit(format) else {
        throw InvalidValue("format", format, "a size takes a unit such as {\(name):MiB}")
      }
      guard let count = size.count(of: unit) else {
        throw InvalidValue(
          name, size.description, "the template writes it in whole \(format), and it is none")
      }
      return String(count)
    case (.size, nil):
      throw InvalidValue("format", "", "a size needs its unit, as in {\(name):MiB}")
    case (.text, let format?):
      throw InvalidValue("format", format, "the value of '\(name)' is text and takes no format")
    }
  }
}
