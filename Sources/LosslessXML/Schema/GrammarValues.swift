/// Values: whether one may fit a rule, and what would.
extension Grammar {
  /// Whether a value may fit; where that cannot be told here, it may.
  func mayFit(_ value: String, _ rule: Rule) -> Bool {
    switch rule {
    case .text, .list, .element, .attribute: true
    case .empty: value.words.isEmpty
    case .notAllowed: false
    case .value(let expected): value.words == expected.words
    case .data(let type): type.mayBe(value)
    case .optional(let rule): value.words.isEmpty || mayFit(value, rule)
    case .choice(let rules): rules.contains { mayFit(value, $0) }
    case .all(let rules): rules.count != 1 || mayFit(value, rules[0])
    case .ref(let name): defines[name].map { mayFit(value, $0) } ?? true
    }
  }

  /// What fits a rule, in words; the fixed values first.
  func expectation(_ rules: [Rule]) -> String? {
    var values: [String] = []
    var kinds: [String] = []
    var seen: Set<String> = []
    for rule in rules { collect(rule, &values, &kinds, &seen) }
    let most = 16
    var texts = values.prefix(most).map { "'\($0)'" }
    if values.count > most { texts.append("\(values.count - most) others") }
    texts += kinds
    guard let last = texts.popLast() else { return nil }
    return texts.isEmpty ? last : texts.joined(separator: ", ") + " or " + last
  }

  /// A value that fits, where the rule lists some.
  func example(_ rules: [Rule]) -> String? {
    var values: [String] = []
    var kinds: [String] = []
    var seen: Set<String> = []
    for rule in rules { collect(rule, &values, &kinds, &seen) }
    return values.first
  }

  private func collect(
    _ rule: Rule, _ values: inout [String], _ kinds: inout [String], _ seen: inout Set<String>
  ) {
    switch rule {
    case .value(let value):
      if !values.contains(value) { values.append(value) }
    case .data(let type):
      let kind = type.description
      if !kinds.contains(kind) { kinds.append(kind) }
    case .choice(let rules), .all(let rules):
      for rule in rules { collect(rule, &values, &kinds, &seen) }
    case .optional(let rule): collect(rule, &values, &kinds, &seen)
    case .ref(let name):
      guard seen.insert(name).inserted, let rule = defines[name] else { return }
      collect(rule, &values, &kinds, &seen)
    case .element, .attribute, .text, .empty, .notAllowed, .list: break
    }
  }
}

extension Grammar.DataType {
  /// The whole numbers of XML Schema that are told apart here.
  private static let numbers: [String: (least: Int128, most: Int128)] = [
    "integer": (.min, .max), "positiveInteger": (1, .max), "nonNegativeInteger": (0, .max),
    "long": (Int128(Int64.min), Int128(Int64.max)), "unsignedLong": (0, Int128(UInt64.max)),
    "int": (Int128(Int32.min), Int128(Int32.max)), "unsignedInt": (0, Int128(UInt32.max)),
    "short": (Int128(Int16.min), Int128(Int16.max)), "unsignedShort": (0, Int128(UInt16.max)),
  ]

  func mayBe(_ value: String) -> Bool {
    guard let range = Self.numbers[name] else {
      return patterns.allSatisfy { $0.matches(value) }
    }
    let words = value.words
    guard words.count == 1 else { return false }
    guard let number = Int128(words[0]) else {
      // Too long for us, not for XML Schema.
      return words[0].utf8.count > 30
    }
    return number >= max(range.least, least.flatMap { Int128($0) } ?? .min)
      && number <= min(range.most, most.flatMap { Int128($0) } ?? .max)
      && patterns.allSatisfy { $0.matches(String(words[0])) }
  }

  var description: String {
    if let documentation { return documentation }
    var text: String
    if let range = Self.numbers[name] {
      text = range.least == 0 ? "a whole number that is not negative" : "a whole number"
      if name == "positiveInteger" { text = "a whole number from 1" }
      if let least { text = "a whole number from \(least)" }
      if let most { text += " up to \(most)" }
    } else if name == "string" {
      text = "text"
    } else {
      text = "a value of the type \(name)"
    }
    if let pattern = patterns.first { text += " of the form \(pattern.expression)" }
    return text
  }
}

extension String {
  /// The words between white space: equal lists are equal tokens.
  fileprivate var words: [Substring] {
    utf8.split(whereSeparator: \.isXMLSpace).map { Substring($0) }
  }
}
