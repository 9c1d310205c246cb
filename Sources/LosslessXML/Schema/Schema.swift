internal import CLibXML2
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A RELAX NG schema, compiled once by libxml2.
///
/// It may be used from several threads at once: a validation only reads what was compiled, and has a
/// context of its own (relaxng.c and xmlregexp.c of libxml2 2.9.14, whose accesses helgrind and drd
/// find in order; lxml relies on it as well).
public final class Schema: @unchecked Sendable {
  /// The file that it was read from.
  public let path: String
  private let compiled: OpaquePointer
  /// The file that the grammar is read from, once there is a violation to explain.
  private let absolutePath: String
  private let grammar = Mutex<GrammarState>(.unread)

  private enum GrammarState {
    case unread
    /// What messages are made of; `nil` where it has something that is not understood.
    case read(Grammar?)
  }

  /// Reads and compiles a schema with the files that it includes.
  ///
  /// Nothing is loaded from a network: a reference to anything but a file is refused.
  /// - Throws: ``SchemaError`` for a file that cannot be read or is no schema.
  public init(path: String) throws(SchemaError) {
    guard let resolved = realpath(path, nil) else {
      throw SchemaError(path: path, reasons: [String(cString: strerror(errno))])
    }
    defer { free(resolved) }
    let absolute = String(cString: resolved)
    if let remote = SchemaFiles.remoteReference(in: absolute) {
      throw SchemaError(
        path: path, reasons: ["it refers to \(remote), and only files beside it are loaded"])
    }
    let log = ErrorLog()
    let compiled: OpaquePointer? = log.collecting {
      guard let context = xmlRelaxNGNewParserCtxt(absolute) else { return nil }
      defer { xmlRelaxNGFreeParserCtxt(context) }
      xmlRelaxNGSetParserStructuredErrors(
        context,
        { data, error in
          guard let data, let error else { return }
          ErrorLog.from(data).add(error)
        }, log.pointer)
      return xmlRelaxNGParse(context)
    }
    guard let compiled else {
      throw SchemaError(
        path: path,
        reasons: log.entries.map { entry in
          let place = entry.file.map { "\($0):\(entry.line): " } ?? ""
          return place + entry.message
        })
    }
    self.path = path
    self.compiled = compiled
    absolutePath = absolute
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
  /// the rest is valid; the work for that is limited, and a last violation of the kind
  /// ``SchemaViolation/Kind/searchCutShort`` says so where the limit was reached.
  public func violations(of document: Document) -> [SchemaViolation] {
    let tree = NodeTree(document)
    let log = ErrorLog()
    if validate(tree, into: log) { return [] }
    let diagnosis = readGrammar().map { SchemaDiagnosis(of: document, by: $0) }
    var search = SchemaSearch(tree: tree, diagnosis: diagnosis) { self.accepts($0) }
    return search.violations(reported: log.entries)
  }

  private func readGrammar() -> Grammar? {
    grammar.withLock { state in
      if case .read(let grammar) = state { return grammar }
      let grammar = GrammarLoader.grammar(path: absolutePath)
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

/// Why a schema could not be used.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as it was given.
  public var path: String
  /// What is wrong, in the words of libxml2 or of the system.
  public var reasons: [String]

  /// The file and what is wrong with it.
  public var description: String {
    let text = reasons.isEmpty ? "libxml2 gave no reason" : reasons.joined(separator: "; ")
    return "\(path): cannot be used as a RELAX NG schema: \(text)"
  }
}
