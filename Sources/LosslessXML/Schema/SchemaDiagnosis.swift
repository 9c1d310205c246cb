/// Finds what no alternative of a grammar allows, element by element from the root.
///
/// It takes the union of all alternatives: what it finds is wrong for certain, and what it does not
/// find may still be wrong, such as values that exclude each other.
struct SchemaDiagnosis {
  /// More than a person reads.
  static let limit = 50

  private let grammar: Grammar
  private var outlines: [Int: GrammarOutline] = [:]
  /// The declarations that each element may follow, by row.
  private var declarations: [Int: [Int]] = [:]
  private(set) var mismatches: [Schema.Mismatch] = []
  /// For values that do not fit: one that would, where the schema lists some.
  private(set) var examples: [Schema.Mismatch: String] = [:]

  init(of document: Document, by grammar: Grammar) {
    self.grammar = grammar
    let start = GrammarOutline(of: grammar.start, in: grammar)
    let root = document.root
    let fitting = start.elements.filter { matches(root, grammar.elements[$0]) }
    if fitting.isEmpty {
      let names = start.elements.flatMap { grammar.elements[$0].names ?? [] }
      report(
        .element, root,
        "<\(root.qualifiedName)> is not a root element of the schema"
          + proposal(for: root.localName, among: names, "<", ">"))
      return
    }
    check(root, by: fitting)
  }

  /// The child elements that an element cannot do without.
  func requiredElements(of element: Element) -> Set<Grammar.Name> {
    Set(common((declarations[element.row] ?? []).compactMap { outlines[$0]?.requiredElements }))
  }

  /// The attributes that an element cannot do without.
  func requiredAttributes(of element: Element) -> Set<Grammar.Name> {
    Set(common((declarations[element.row] ?? []).compactMap { outlines[$0]?.requiredAttributes }))
  }

  var isFull: Bool { mismatches.count >= Self.limit }

  private mutating func report(
    _ kind: Schema.Mismatch.Kind, _ element: Element, _ message: String,
    attribute: Attribute? = nil, example: String? = nil
  ) {
    guard !isFull else { return }
    let mismatch = Schema.Mismatch(
      kind: kind, element: element, attribute: attribute, message: message)
    mismatches.append(mismatch)
    if let example { examples[mismatch] = example }
  }

  private mutating func outline(of index: Int) -> GrammarOutline {
    if let known = outlines[index] { return known }
    let outline = GrammarOutline(of: grammar.elements[index].content, in: grammar)
    outlines[index] = outline
    return outline
  }

  private func matches(_ element: Element, _ declaration: Grammar.Declaration) -> Bool {
    guard let names = declaration.names else {
      return !declaration.excludedNamespaces.contains(element.namespace ?? "")
    }
    return names.contains {
      element.isNamed($0.local, in: $0.namespace.isEmpty ? nil : $0.namespace)
    }
  }

  /// Checks an element against the declarations that it may follow.
  private mutating func check(_ element: Element, by indices: [Int]) {
    declarations[element.row] = indices
    let outlines = indices.map { outline(of: $0) }
    checkAttributes(of: element, outlines)
    checkText(of: element, outlines)
    let declared = outlines.flatMap(\.elements)
    var names: Set<Grammar.Name> = []
    for child in element.children where !isFull {
      names.insert(Grammar.Name(local: child.localName, namespace: child.namespace ?? ""))
      let fitting = declared.filter { matches(child, grammar.elements[$0]) }
      if fitting.isEmpty {
        let allowed = declared.flatMap { grammar.elements[$0].names ?? [] }
        report(
          .element, child,
          "<\(child.qualifiedName)> may not stand in <\(element.qualifiedName)>"
            + hint(for: child, among: allowed))
      } else {
        check(child, by: fitting)
      }
    }
    for name in common(outlines.map(\.requiredElements)) where !names.contains(name) {
      report(
        .missingElement, element, "<\(element.qualifiedName)> needs <\(name.local)> in it")
    }
  }

  private mutating func checkAttributes(of element: Element, _ outlines: [GrammarOutline]) {
    let declared = outlines.flatMap(\.attributes)
    var names: Set<Grammar.Name> = []
    for attribute in element.ownAttributes {
      let written = element.name(of: attribute)
      let name = expandedName(written, at: element)
      names.insert(name)
      let fitting = declared.filter { grammar.attributes[$0].names?.contains(name) ?? true }
      if fitting.isEmpty {
        let allowed = declared.flatMap { grammar.attributes[$0].names ?? [] }
        report(
          .attribute, element,
          "<\(element.qualifiedName)> has no attribute '\(written)'"
            + proposal(for: written, among: allowed, "'", "'"), attribute: attribute)
        continue
      }
      let rules = fitting.map { grammar.attributes[$0].content }
      let value = element.value(of: attribute)
      guard !rules.contains(where: { grammar.mayFit(value, $0) }) else { continue }
      report(
        .attributeValue, element,
        "\(written)='\(value)' of <\(element.qualifiedName)> does not fit"
          + (grammar.expectation(rules).map { "; expected \($0)" } ?? ""),
        attribute: attribute, example: grammar.example(rules))
    }
    for name in common(outlines.map(\.requiredAttributes)) where !names.contains(name) {
      report(
        .missingAttribute, element,
        "<\(element.qualifiedName)> needs the attribute '\(name.local)'")
    }
  }

  private mutating func checkText(of element: Element, _ outlines: [GrammarOutline]) {
    guard !outlines.contains(where: \.allowsText) else { return }
    let document = element.document
    var text: [UInt8] = []
    for piece in element.ownPieces where piece.kind == .text || piece.kind == .cdata {
      for run in TextRun.runs(in: piece.range, of: document.bytes) {
        run.append(to: &text, document.bytes)
      }
    }
    let isBlank = text.allSatisfy(\.isXMLSpace)
    let value = String(decoding: text, as: UTF8.self)
    let rules = outlines.flatMap(\.values)
    let name = element.qualifiedName
    if rules.isEmpty {
      guard !isBlank else { return }
      report(.text, element, "no text may stand in <\(name)>; here is '\(Self.short(value))'")
    } else if !isBlank || outlines.allSatisfy(\.requiresValue),
      !rules.contains(where: { grammar.mayFit(value, $0) })
    {
      let given =
        isBlank ? "<\(name)> needs a value" : "'\(Self.short(value))' in <\(name)> does not fit"
      report(
        .text, element, given + (grammar.expectation(rules).map { "; expected \($0)" } ?? ""))
    }
  }

  private func common(_ sets: [Set<Grammar.Name>]) -> [Grammar.Name] {
    guard let first = sets.first else { return [] }
    return sets.dropFirst().reduce(first) { $0.intersection($1) }
      .sorted { ($0.local, $0.namespace) < ($1.local, $1.namespace) }
  }

  private func expandedName(_ written: String, at element: Element) -> Grammar.Name {
    let parts = written.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let namespace = element.namespace(boundTo: String(parts[0])) else {
      return Grammar.Name(local: written, namespace: "")
    }
    return Grammar.Name(local: String(parts[1]), namespace: namespace)
  }

  // MARK: What would be right

  private mutating func hint(for element: Element, among allowed: [Grammar.Name]) -> String {
    let local = element.localName
    if let other = allowed.first(where: { $0.local == local }) {
      return other.namespace.isEmpty
        ? "; it is known here without a namespace"
        : "; it is known here in the namespace \(other.namespace)"
    }
    let near = proposal(for: local, among: allowed, "<", ">")
    if !near.isEmpty { return near }
    let name = Grammar.Name(local: local, namespace: element.namespace ?? "")
    var parents: [String] = []
    for index in grammar.elements.indices {
      guard let parent = grammar.elements[index].names?.first?.local, !parents.contains(parent),
        outline(of: index).elements.contains(where: {
          grammar.elements[$0].names?.contains(name) ?? false
        })
      else { continue }
      parents.append(parent)
    }
    switch parents.count {
    case 0: return "; the schema does not know it"
    case 1...4: return "; it belongs in " + parents.map { "<\($0)>" }.joined(separator: " or ")
    default: return ""
    }
  }

  private func proposal(
    for name: String, among names: [Grammar.Name], _ open: String, _ close: String
  ) -> String {
    let near = names.map(\.local).map { ($0, Self.distance(name, $0)) }
      .filter { $0.1 <= max(1, min(3, name.utf8.count / 3)) || name.hasPrefix($0.0 + "-") }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
    if let near { return "; did you mean \(open)\(near.0)\(close)?" }
    let known = Set(names.map(\.local)).sorted()
    guard 1...8 ~= known.count else { return "" }
    return "; allowed: " + known.map { open + $0 + close }.joined(separator: ", ")
  }

  private static func short(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count > 60 ? words.prefix(57) + "..." : words
  }

  /// Levenshtein's distance of two names.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = above
      }
    }
    return row[right.count]
  }
}
