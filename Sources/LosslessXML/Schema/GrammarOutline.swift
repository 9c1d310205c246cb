/// What may stand directly in an element, over all alternatives of its rule.
struct GrammarOutline {
  /// Indices into ``Grammar/elements``.
  var elements: [Int] = []
  /// Indices into ``Grammar/attributes``.
  var attributes: [Int] = []
  /// Whether any text may stand there.
  var allowsText = false
  /// Rules for a value as text.
  var values: [Grammar.Rule] = []
  /// Names of child elements that every alternative has.
  var requiredElements: Set<Grammar.Name> = []
  /// Names of attributes that every alternative has.
  var requiredAttributes: Set<Grammar.Name> = []
  /// Whether every alternative has a value as text.
  var requiresValue = false

  init(of rule: Grammar.Rule, in grammar: Grammar) {
    var seen: Set<String> = []
    collect(rule, grammar, &seen)
    var required = Required()
    var open: Set<String> = []
    required = Required.of(rule, grammar, &open) ?? Required()
    requiredElements = required.elements
    requiredAttributes = required.attributes
    requiresValue = required.value
  }

  private mutating func collect(
    _ rule: Grammar.Rule, _ grammar: Grammar, _ seen: inout Set<String>
  ) {
    switch rule {
    case .element(let index): elements.append(index)
    case .attribute(let index): attributes.append(index)
    case .choice(let rules), .all(let rules):
      for rule in rules { collect(rule, grammar, &seen) }
    case .optional(let rule): collect(rule, grammar, &seen)
    case .ref(let name):
      if seen.insert(name).inserted, let rule = grammar.defines[name] {
        collect(rule, grammar, &seen)
      }
    case .text: allowsText = true
    case .value, .data, .list: values.append(rule)
    case .empty, .notAllowed: break
    }
  }

  private struct Required {
    var elements: Set<Grammar.Name> = []
    var attributes: Set<Grammar.Name> = []
    var value = false

    /// What a rule cannot do without; `nil` where nothing satisfies the rule.
    static func of(
      _ rule: Grammar.Rule, _ grammar: Grammar, _ open: inout Set<String>
    ) -> Required? {
      var required = Required()
      switch rule {
      case .element(let index): required.elements = single(grammar.elements[index])
      case .attribute(let index): required.attributes = single(grammar.attributes[index])
      case .value, .data: required.value = true
      case .optional, .text, .empty, .list: break
      case .notAllowed: return nil
      case .ref(let name):
        guard let rule = grammar.defines[name], open.insert(name).inserted else { break }
        defer { open.remove(name) }
        return of(rule, grammar, &open)
      case .all(let rules):
        for rule in rules {
          guard let other = of(rule, grammar, &open) else { return nil }
          required.elements.formUnion(other.elements)
          required.attributes.formUnion(other.attributes)
          required.value = required.value || other.value
        }
      case .choice(let rules):
        let alternatives = rules.compactMap { of($0, grammar, &open) }
        guard var common = alternatives.first else { return nil }
        for other in alternatives.dropFirst() {
          common.elements.formIntersection(other.elements)
          common.attributes.formIntersection(other.attributes)
          common.value = common.value && other.value
        }
        return common
      }
      return required
    }

    private static func single(_ declaration: Grammar.Declaration) -> Set<Grammar.Name> {
      declaration.names.map { $0.count == 1 ? Set($0) : [] } ?? []
    }
  }
}
