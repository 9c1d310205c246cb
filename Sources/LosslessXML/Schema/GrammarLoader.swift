internal import CLibXML2

/// Reads a RELAX NG grammar from its source and the files that it includes.
struct GrammarLoader {
  /// Something that it does not understand: messages then come from libxml2 alone.
  private struct Unsupported: Error {}

  private static let namespace = "http://relaxng.org/ns/structure/1.0"

  private static let annotations = "http://relaxng.org/ns/compatibility/annotations/1.0"

  private var grammar = Grammar()
  private var loaded: Set<String> = []

  /// The grammar; `nil` where a file cannot be read or has something that is not understood.
  static func grammar(from source: SchemaSource) -> Grammar? {
    var loader = GrammarLoader()
    do throws(Unsupported) {
      try loader.load(source)
    } catch {
      return nil
    }
    return loader.grammar
  }

  private mutating func load(_ source: SchemaSource) throws(Unsupported) {
    if case .file(let path) = source, !loaded.insert(path).inserted { return }
    let outcome: Result<Void, Unsupported>? = source.withTree { root in
      Result { () throws(Unsupported) in
        guard Self.kind(of: root) == "grammar" else { throw Unsupported() }
        try read(grammarContent: root, of: source)
      }
    }
    guard let outcome else { throw Unsupported() }
    try outcome.get()
  }

  private mutating func read(
    grammarContent node: UnsafeMutablePointer<xmlNode>, of source: SchemaSource
  ) throws(Unsupported) {
    for child in Self.children(of: node) {
      switch Self.kind(of: child) {
      case "start": grammar.start = .choice([grammar.start, try all(in: child)])
      case "define":
        guard let name = Self.attribute("name", of: child) else { throw Unsupported() }
        define(name, as: try all(in: child), combine: Self.attribute("combine", of: child))
      case "div": try read(grammarContent: child, of: source)
      case "include":
        // What an include replaces is not told apart from what it adds.
        guard let href = Self.attribute("href", of: child), let file = source.file(href),
          Self.children(of: child).isEmpty
        else { throw Unsupported() }
        try load(.file(file))
      default: throw Unsupported()
      }
    }
  }

  private mutating func define(_ name: String, as rule: Grammar.Rule, combine: String?) {
    guard let known = grammar.defines[name] else {
      grammar.defines[name] = rule
      return
    }
    grammar.defines[name] = combine == "interleave" ? .all([known, rule]) : .choice([known, rule])
  }

  private mutating func all(
    in node: UnsafeMutablePointer<xmlNode>
  ) throws(Unsupported) -> Grammar.Rule {
    let rules = try rules(in: node)
    return rules.count == 1 ? rules[0] : .all(rules)
  }

  private mutating func rules(
    in node: UnsafeMutablePointer<xmlNode>
  ) throws(Unsupported) -> [Grammar.Rule] {
    var rules: [Grammar.Rule] = []
    for child in Self.children(of: node) { rules.append(try rule(child)) }
    return rules
  }

  private mutating func rule(
    _ node: UnsafeMutablePointer<xmlNode>
  ) throws(Unsupported) -> Grammar.Rule {
    switch Self.kind(of: node) {
    case "element":
      grammar.elements.append(try declaration(node, namespace: Self.inherited("ns", at: node)))
      return .element(grammar.elements.count - 1)
    case "attribute":
      // The short form of a name takes no namespace from around it (RELAX NG 4.8).
      grammar.attributes.append(try declaration(node, namespace: Self.attribute("ns", of: node)))
      return .attribute(grammar.attributes.count - 1)
    case "choice": return .choice(try rules(in: node))
    case "group", "interleave", "oneOrMore": return try all(in: node)
    case "optional", "zeroOrMore": return .optional(try all(in: node))
    case "mixed": return .all([.optional(.text), try all(in: node)])
    case "ref":
      guard let name = Self.attribute("name", of: node) else { throw Unsupported() }
      return .ref(name)
    case "text": return .text
    case "empty": return .empty
    case "notAllowed": return .notAllowed
    case "value": return .value(Self.text(of: node))
    case "list": return .list
    case "data": return .data(try data(node))
    default: throw Unsupported()
    }
  }

  private mutating func declaration(
    _ node: UnsafeMutablePointer<xmlNode>, namespace: String?
  ) throws(Unsupported) -> Grammar.Declaration {
    if let name = Self.attribute("name", of: node) {
      let parts = name.split(separator: ":")
      guard parts.count == 1 else { throw Unsupported() }
      let isAttribute = Self.kind(of: node) == "attribute"
      var content = try all(in: node)
      // An attribute without content takes any text.
      if isAttribute, Self.children(of: node).isEmpty { content = .text }
      return Grammar.Declaration(
        names: [Grammar.Name(local: name, namespace: namespace ?? "")], content: content)
    }
    var children = Self.children(of: node)
    guard let names = children.first, children.removeFirst() == names else { throw Unsupported() }
    var rules: [Grammar.Rule] = []
    for child in children { rules.append(try rule(child)) }
    if rules.isEmpty { rules = [.text] }
    switch Self.kind(of: names) {
    case "name":
      let name = Grammar.Name(
        local: Self.text(of: names), namespace: Self.inherited("ns", at: names) ?? "")
      return Grammar.Declaration(names: [name], content: .all(rules))
    case "anyName", "nsName":
      return Grammar.Declaration(
        excludedNamespaces: Self.excludedNamespaces(of: names), content: .all(rules))
    default: throw Unsupported()
    }
  }

  /// The namespaces of which an `<anyName>` excepts every name.
  private static func excludedNamespaces(
    of names: UnsafeMutablePointer<xmlNode>
  ) -> Set<String> {
    Set(
      children(of: names).filter { kind(of: $0) == "except" }.flatMap { children(of: $0) }
        .filter { kind(of: $0) == "nsName" }.map { inherited("ns", at: $0) ?? "" })
  }

  private func data(
    _ node: UnsafeMutablePointer<xmlNode>
  ) throws(Unsupported) -> Grammar.DataType {
    guard let type = Self.attribute("type", of: node) else { throw Unsupported() }
    var data = Grammar.DataType(name: type, documentation: Self.documentation(of: node))
    for child in Self.children(of: node) where Self.kind(of: child) == "param" {
      let text = Self.text(of: child)
      switch Self.attribute("name", of: child) {
      case "pattern":
        do {
          data.patterns.append(try Pattern(text))
        } catch {
          throw Unsupported()
        }
      case "minInclusive": data.least = text
      case "maxInclusive": data.most = text
      default: break
      }
    }
    return data
  }

  // MARK: Nodes

  /// What `a:documentation` says of a node (annotations of RELAX NG DTD Compatibility).
  private static func documentation(of node: UnsafeMutablePointer<xmlNode>) -> String? {
    var next = xmlFirstElementChild(node)
    while let child = next {
      if child.pointee.ns?.pointee.href.map({ String(cString: $0) }) == annotations,
        child.pointee.name.map({ String(cString: $0) }) == "documentation"
      {
        return text(of: child).split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
      next = xmlNextElementSibling(child)
    }
    return nil
  }

  private static func kind(of node: UnsafeMutablePointer<xmlNode>) -> String {
    guard node.pointee.ns?.pointee.href.map({ String(cString: $0) }) == namespace,
      let name = node.pointee.name
    else { return "" }
    return String(cString: name)
  }

  /// The child elements of RELAX NG; others are annotations.
  private static func children(
    of node: UnsafeMutablePointer<xmlNode>
  ) -> [UnsafeMutablePointer<xmlNode>] {
    var children: [UnsafeMutablePointer<xmlNode>] = []
    var next = xmlFirstElementChild(node)
    while let child = next {
      if !kind(of: child).isEmpty { children.append(child) }
      next = xmlNextElementSibling(child)
    }
    return children
  }

  private static func attribute(
    _ name: String, of node: UnsafeMutablePointer<xmlNode>
  ) -> String? {
    guard let value = xmlGetNoNsProp(node, name) else { return nil }
    defer { virtNestFree(value) }
    return String(cString: value)
  }

  private static func inherited(
    _ name: String, at node: UnsafeMutablePointer<xmlNode>
  ) -> String? {
    var next: UnsafeMutablePointer<xmlNode>? = node
    while let here = next, here.pointee.type == XML_ELEMENT_NODE {
      if let value = attribute(name, of: here) { return value }
      next = here.pointee.parent
    }
    return nil
  }

  private static func text(of node: UnsafeMutablePointer<xmlNode>) -> String {
    guard let text = xmlNodeGetContent(node) else { return "" }
    defer { virtNestFree(text) }
    return String(cString: text)
  }
}

/// A RELAX NG grammar as it is written: what libxml2 compiles, kept to say what was expected.
///
/// libxml2 alone decides whether a document is valid; its errors do not say what is wrong.
struct Grammar: Sendable {
  /// An expanded name.
  struct Name: Hashable, Sendable {
    var local: String
    /// Empty for no namespace.
    var namespace: String
  }

  indirect enum Rule: Sendable {
    /// Index into ``elements``.
    case element(Int)
    /// Index into ``attributes``.
    case attribute(Int)
    case choice([Rule])
    /// All of them, in whatever order.
    case all([Rule])
    case optional(Rule)
    case ref(String)
    case text
    case empty
    case notAllowed
    case value(String)
    case data(DataType)
    /// Words of which nothing more is looked at.
    case list
  }

  /// The type of a value.
  struct DataType: Sendable {
    var name: String
    /// What the grammar's author says that a value is.
    var documentation: String?
    var patterns: [Pattern] = []
    var least: String?
    var most: String?
  }

  /// An element or an attribute of the grammar.
  struct Declaration: Sendable {
    /// The names that it may have; `nil` where that is not a plain list.
    var names: [Name]?
    /// Namespaces whose names it cannot have.
    var excludedNamespaces: Set<String> = []
    var content: Rule
  }

  var start: Rule = .notAllowed
  var defines: [String: Rule] = [:]
  var elements: [Declaration] = []
  var attributes: [Declaration] = []
}
