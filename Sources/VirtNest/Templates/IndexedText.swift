/// A text that differs between the guests of a series only by their number in it.
struct IndexedText: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case bytes([UInt8])
    /// The number in at least so many digits.
    case index(width: Int)
  }

  private(set) var pieces: [Piece] = []

  init(_ text: String) { append(.bytes(Array(text.utf8))) }

  private init() {}

  /// Follows a value down to the number of the guest.
  ///
  /// `nil` where it depends on the number in a way that is not followed: by arithmetic, in a list of
  /// values, or under a pattern that may tell one digit from another.
  init?(
    _ value: ValueTemplate, of template: Template, _ values: inout ParameterValues
  ) throws(InvalidValue) {
    self.init()
    for piece in value.pieces {
      switch piece {
      case .text(let text): append(.bytes(Array(text.utf8)))
      case .value(let name, let format):
        guard let text = try Self.value(of: name, format, template, &values) else { return nil }
        for piece in text.pieces { append(piece) }
      }
    }
  }

  private static func value(
    of name: String, _ format: String?, _ template: Template, _ values: inout ParameterValues
  ) throws(InvalidValue) -> IndexedText? {
    if name == "index" {
      // What is no width was refused where the first guest was made.
      var text = IndexedText()
      text.append(.index(width: format.flatMap { Int($0) } ?? 0))
      return text
    }
    if let parameter = template.parameter(name), !values.isGiven(parameter),
      let defaultTemplate = parameter.defaultTemplate
    {
      guard let text = try IndexedText(defaultTemplate, of: template, &values) else { return nil }
      if text.dependsOnIndex {
        let isText = parameter.kind == .string || parameter.kind == .path
        return isText && !tellsDigitsApart(parameter.pattern) ? text : nil
      }
    }
    return IndexedText(try values.value(of: name).formatted(format, name))
  }

  /// Whether an expression could match one number and not another one of as many digits.
  ///
  /// Without a digit in it, each of its characters and ranges means all digits or none.
  private static func tellsDigitsApart(_ pattern: String?) -> Bool {
    pattern.map { $0.utf8.contains { (0x30...0x39).contains($0) } } ?? false
  }

  var dependsOnIndex: Bool {
    pieces.contains { if case .index = $0 { true } else { false } }
  }

  func append(_ index: Int, to bytes: inout [UInt8]) {
    for piece in pieces {
      switch piece {
      case .bytes(let text): bytes += text
      case .index(let width): Self.append(index, width, to: &bytes)
      }
    }
  }

  func bytes(_ index: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    append(index, to: &bytes)
    return bytes
  }

  private mutating func append(_ piece: Piece) {
    if case .bytes(let more) = piece, case .bytes(let text)? = pieces.last {
      pieces[pieces.count - 1] = .bytes(text + more)
    } else {
      pieces.append(piece)
    }
  }

  private static func append(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
    var digits = 1
    var power = 10
    while power <= number {
      digits += 1
      power *= 10
    }
    for _ in 0..<max(0, width - digits) { bytes.append(0x30) }
    for _ in 0..<digits {
      power /= 10
      bytes.append(0x30 + UInt8(truncatingIfNeeded: number / power % 10))
    }
  }
}
