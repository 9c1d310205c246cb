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
