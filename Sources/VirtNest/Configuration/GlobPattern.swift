internal import LosslessXML

/// A pattern for paths, as .editorconfig has it.
///
/// `*` is any text without `/`, `**` any text, `**/` any number of folders, `?` one character, `[ab]`,
/// `[a-z]` and `[!ab]` one of or none of these, `{a,b}` one of these texts, `{1..9}` a number.
/// A backslash takes the special meaning from what follows. Without `/` the pattern is about the
/// name of a file in any folder below.
struct GlobPattern: Hashable, Sendable {
  private enum Token: Hashable, Sendable {
    case character(Unicode.Scalar)
    /// One character but `/`.
    case one
    /// Any text without `/`.
    case name
    /// Any text.
    case anything
    case oneOf([ClosedRange<Unicode.Scalar>], isNegated: Bool)
  }

  /// One of the alternatives has to match.
  private let alternatives: [[Token]]

  /// More alternatives than this in braces are refused.
  private static let mostAlternatives = 1000
  private static let tooMany = InvalidLine("the pattern stands for too many paths")

  /// Reads a pattern; what is wrong is thrown as a sentence.
  init(_ text: String) throws(InvalidLine) {
    var alternatives: [[Token]] = []
    for text in try Self.expanded(Array(text.unicodeScalars)) {
      var path = text[...]
      let isAnchored = path.contains("/")
      if path.first == "/" { path.removeFirst() }
      alternatives += try Self.tokens(path).flatMap { tokens in
        isAnchored ? [tokens] : [tokens, [.anything, .character("/")] + tokens]
      }
    }
    self.alternatives = alternatives
  }

  /// Whether a path, relative to the folder of the pattern, matches.
  func matches(_ path: String) -> Bool {
    alternatives.contains { Self.matches(path.unicodeScalars, $0) }
  }

  /// All alternatives are followed at once, so that no pattern takes long.
  private static func matches(_ path: String.UnicodeScalarView, _ tokens: [Token]) -> Bool {
    var states = reached(from: [0], tokens)
    for scalar in path {
      var next: Set<Int> = []
      for state in states where state < tokens.count {
        switch tokens[state] {
        case .character(let expected): if scalar == expected { next.insert(state + 1) }
        case .one: if scalar != "/" { next.insert(state + 1) }
        case .name: if scalar != "/" { next.insert(state) }
        case .anything: next.insert(state)
        case .oneOf(let ranges, let isNegated):
          if scalar != "/", ranges.contains(where: { $0.contains(scalar) }) != isNegated {
            next.insert(state + 1)
          }
        }
      }
      states = reached(from: next, tokens)
      if states.isEmpty { return false }
    }
    return states.contains(tokens.count)
  }

  private static func reached(from states: Set<Int>, _ tokens: [Token]) -> Set<Int> {
    var all = states
    for state in states.sorted() {
      var state = state
      while state < tokens.count, tokens[state] == .name || tokens[state] == .anything {
        state += 1
        all.insert(state)
      }
    }
    return all
  }

  /// The tokens of a pattern without braces; twice where `**/` may be no folder at all.
  private static func tokens(
    _ text: ArraySlice<Unicode.Scalar>
  ) throws(InvalidLine) -> [[Token]] {
    var variants: [[Token]] = [[]]
    let add = { (tokens: [Token]) in variants = variants.map { $0 + tokens } }
    var rest = text
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\\": add([.character(rest.popFirst() ?? "\\")])
      case "?": add([.one])
      case "*" where rest.first == "*":
        rest.removeFirst()
        if rest.first == "/" {
          rest.removeFirst()
          variants += variants.map { $0 + [.anything, .character("/")] }
          guard variants.count <= mostAlternatives else { throw tooMany }
        } else {
          add([.anything])
        }
      case "*": add([.name])
      case "[":
        guard let end = rest.dropFirst().firstIndex(of: "]") else {
          throw InvalidLine("the pattern has '[' without its end")
        }
        var inside = rest[..<end]
        rest = rest[(end + 1)...]
        let isNegated = inside.first == "!"
        if isNegated { inside.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let low = inside.popFirst() {
          if inside.first == "-", let high = inside.dropFirst().first, low <= high {
            inside.removeFirst(2)
            ranges.append(low...high)
          } else {
            ranges.append(low...low)
          }
        }
        add([.oneOf(ranges, isNegated: isNegated)])
      default: add([.character(scalar)])
      }
    }
    return variants
  }

  /// The texts that braces stand for; they may be nested.
  private static func expanded(
    _ text: [Unicode.Scalar]
  ) throws(InvalidLine) -> [[Unicode.Scalar]] {
    var pending = [text]
    var done: [[Unicode.Scalar]] = []
    while let text = pending.popLast() {
      guard let open = index(of: "{", in: text[...]) else {
        done.append(text)
        continue
      }
      var depth = 0
      var parts: [[Unicode.Scalar]] = [[]]
      var index = open
      repeat {
        guard index < text.count else { throw InvalidLine("the pattern has '{' without its end") }
        let scalar = text[index]
        index += 1
        if scalar == "{" { depth += 1 }
        if scalar == "}" { depth -= 1 }
        if depth == 1, scalar == "," {
          parts.append([])
        } else if !(depth == 1 && scalar == "{"), depth > 0 {
          parts[parts.count - 1].append(scalar)
        }
        if scalar == "\\", index < text.count {
          parts[parts.count - 1].append(text[index])
          index += 1
        }
      } while depth > 0
      if parts.count == 1, let numbers = numbers(parts[0]) { parts = numbers }
      guard pending.count + done.count + parts.count <= mostAlternatives else { throw tooMany }
      pending += parts.reversed().map { text[..<open] + $0 + text[index...] }
    }
    return done
  }

  private static func index(of wanted: Unicode.Scalar, in text: ArraySlice<Unicode.Scalar>) -> Int?
  {
    var isEscaped = false
    return text.indices.first { index in
      if isEscaped {
        isEscaped = false
        return false
      }
      isEscaped = text[index] == "\\"
      return text[index] == wanted
    }
  }

  /// The numbers of `1..9`.
  private static func numbers(_ text: [Unicode.Scalar]) -> [[Unicode.Scalar]]? {
    let ends = String(String.UnicodeScalarView(text)).split(separator: "..").map { Int($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high,
      high - low < mostAlternatives
    else { return nil }
    return (low...high).map { Array(String($0).unicodeScalars) }
  }
}

/// Why a line of a configuration, or a pattern in it, cannot be read.
struct InvalidLine: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}
