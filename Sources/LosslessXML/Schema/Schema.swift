internal import CLibXML2
internal import Glibc
internal import Synchronization

/// A RELAX NG schema, compiled once by libxml2.
///
/// It may be used from several threads at once: a validation only reads what was compiled, and has a
/// context of its own (relaxng.c and xmlregexp.c of libxml2 2.9.14, whose accesses helgrind and drd
/// find in order; lxml relies on it as well).
public final class Schema: @unchecked Sendable {
  /// How many elements a search for mismatches validates at most, each as often as it is.
  public static let maximumSearch = 250_000

  /// The file that it was read from, or the name that was given with its bytes.
  public let name: String
  private let compiled: OpaquePointer
  /// What the grammar is read from when there is a mismatch to explain.
  private let source: SchemaSource
  private let grammar = Mutex<GrammarState>(.unread)

  private enum GrammarState {
    case unread
    /// What messages are made of; `nil` where it has something that is not understood.
    case read(Grammar?)
  }

  /// Reads and compiles a schema with the files that it includes.
  ///
  /// Nothing is loaded from a network: a reference to anything but a file is refused.
  /// - Throws: ``SchemaError`` for a file that cannot be read or is not a schema.
  public convenience init(path: String) throws(SchemaError) {
    guard let resolved = realpath(path, nil) else {
      throw SchemaError(name: path, reasons: [String(cString: strerror(errno))])
    }
    defer { free(resolved) }
    try self.init(.file(String(cString: resolved)), name: path)
  }

  /// Compiles a schema from its bytes.
  ///
  /// It must stand alone: a reference to another file is refused.
  /// - Parameters:
  ///   - bytes: a RELAX NG grammar in XML.
  ///   - name: the name that errors give.
  /// - Throws: ``SchemaError`` where the bytes are not a schema.
  public convenience init(bytes: [UInt8], name: String) throws(SchemaError) {
    try self.init(.bytes(bytes), name: name)
  }

  private init(_ source: SchemaSource, name: String) throws(SchemaError) {
    if let reference = SchemaReferences.refused(in: source) {
      throw SchemaError(
        name: name, reasons: ["it refers to \(reference), and only files beside it are loaded"])
    }
    let log = ErrorLog()
    let compiled: OpaquePointer? = log.collecting {
      source.withParserContext { context in
        xmlRelaxNGSetParserStructuredErrors(
          context,
          { data, error in
            guard let data, let error else { return }
            ErrorLog.from(data).add(error)
          }, log.pointer)
        return xmlRelaxNGParse(context)
      }
    }
    guard let compiled else {
      throw SchemaError(
        name: name,
        reasons: log.entries.map { entry in
          let place = entry.file.map { "\($0):\(entry.line): " } ?? ""
          return place + entry.message
        })
    }
    self.name = name
    self.compiled = compiled
    self.source = source
  }

  deinit { xmlRelaxNGFree(compiled) }

  /// Whether a document is valid.
  public func accepts(_ document: Document) -> Bool {
    accepts(NodeTree(document))
  }

  /// Whether what is in a tree now is valid.
  func accepts(_ tree: NodeTree) -> Bool { validate(tree, into: nil) }

  /// What a document has that the schema does not allow; nothing for a valid document.
  ///
  /// A valid document costs one validation. Otherwise the grammar is searched for what no
  /// alternative of it allows. Where that does not explain all, parts are taken out of a copy until
  /// the rest is valid. That search is limited (``maximumSearch``), and at most 50 mismatches are
  /// listed; a last one of the kind ``Mismatch/Kind/searchCutShort`` says so when a limit was
  /// reached.
  public func mismatches(of document: Document) -> [Mismatch] {
    let tree = NodeTree(document)
    let log = ErrorLog()
    if validate(tree, into: log) { return [] }
    let diagnosis = readGrammar().map { SchemaDiagnosis(of: document, by: $0) }
    var search = SchemaSearch(tree: tree, diagnosis: diagnosis) { self.accepts($0) }
    return search.mismatches(reported: log.entries)
  }

  private func readGrammar() -> Grammar? {
    grammar.withLock { state in
      if case .read(let grammar) = state { return grammar }
      let grammar = GrammarLoader.grammar(from: source)
      state = .read(grammar)
      return grammar
    }
  }

  private func validate(_ tree: NodeTree, into log: ErrorLog?) -> Bool {
    let log = log ?? ErrorLog()
    return log.collecting {
      guard let context = xmlRelaxNGNewValidCtxt(compiled) else {
        preconditionFailure("out of memory")
      }
      defer { xmlRelaxNGFreeValidCtxt(context) }
      xmlRelaxNGSetValidStructuredErrors(
        context,
        { data, error in
          guard let data, let error else { return }
          ErrorLog.from(data).add(error)
        }, log.pointer)
      return xmlRelaxNGValidateDoc(context, tree.pointer) == 0
    }
  }
}

extension Schema {
  /// Something in a document that the schema does not allow.
  public struct Mismatch: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of mismatch.
    public enum Kind: Hashable, Sendable {
      /// An element that is not allowed in its parent.
      case element
      /// An attribute that its element cannot have.
      case attribute
      /// The value of an attribute is not allowed.
      case attributeValue
      /// The text of an element is not allowed.
      case text
      /// A child element is missing.
      case missingElement
      /// An attribute is missing.
      case missingAttribute
      /// An element or attribute that is allowed, but not together with the others.
      case combination
      /// The document is not valid, and the place is not known.
      case unknownPlace
      /// The search ended early: there may be more.
      case searchCutShort
    }

    /// What kind it is.
    public var kind: Kind
    /// The element that it is about; for something missing, the element that lacks it.
    public var element: Element
    /// The attribute that it is about.
    public var attribute: Attribute?
    /// What is wrong and what would be right, without the place.
    public var message: String

    /// Line and column of the attribute, or else of the element.
    public var location: Position {
      element.document.location(of: attribute?.name.lowerBound ?? element.range.lowerBound)
    }

    /// `LINE:COLUMN: MESSAGE`.
    public var description: String { "\(location): \(message)" }
  }
}

/// Why a schema could not be used.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or name as it was given.
  public var name: String
  /// What is wrong, in the words of libxml2 or of the system.
  public var reasons: [String]

  /// The name and what is wrong.
  public var description: String {
    let text = reasons.isEmpty ? "libxml2 gave no reason" : reasons.joined(separator: "; ")
    return "\(name): cannot be used as a RELAX NG schema: \(text)"
  }
}
