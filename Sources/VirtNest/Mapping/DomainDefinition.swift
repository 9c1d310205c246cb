public import LosslessXML

/// A document whose root is libvirt's `<domain>`.
public struct DomainDefinition: Hashable, Sendable {
  /// The document.
  public let document: Document

  /// The root.
  public var domain: Element { document.root }

  /// Whether both are the same document.
  public static func == (left: DomainDefinition, right: DomainDefinition) -> Bool {
    left.document === right.document
  }

  /// Hashes the document's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(document)) }

  /// Reads a definition.
  ///
  /// - Throws: ``DefinitionError`` where the bytes are no document, or one that is not a domain
  ///   definition by itself, such as a snapshot.
  public init(_ bytes: [UInt8]) throws(DefinitionError) {
    if bytes.starts(with: "LibvirtQemud".utf8) {
      throw DefinitionError(
        "this is a saved state of a guest, not XML; its definition is printed by: "
          + "virsh save-image-dumpxml FILE", at: nil)
    }
    do {
      try self.init(Document(bytes))
    } catch let error as MalformedXML {
      throw DefinitionError(error.message, at: error.location)
    } catch let error as DefinitionError {
      throw error
    } catch {
      preconditionFailure("nothing else is thrown")
    }
  }

  /// Takes a document that is a domain definition.
  ///
  /// - Throws: ``DefinitionError`` where the root is another element.
  public init(_ document: Document) throws(DefinitionError) {
    let root = document.root
    guard root.isNamed("domain") else {
      throw DefinitionError(Self.reason(for: root), at: root.location)
    }
    self.document = document
  }

  private static func reason(for root: Element) -> String {
    let name = root.qualifiedName
    if root.localName == "domain", let namespace = root.namespace {
      return "the root is <domain> in the namespace '\(namespace)', where libvirt finds nothing"
    }
    let advice: [String: String] = [
      "domstatus": "the state of a running guest, which libvirt alone writes; take its definition: "
        + "virsh dumpxml --inactive NAME",
      "domainsnapshot": "a snapshot; change the guest's definition, or this one by: "
        + "virsh snapshot-edit",
      "domaincheckpoint": "a checkpoint, whose definition of the guest is a record of the past",
      "domainbackup": "a backup job",
      "domainCapabilities": "what a host can do, not a guest",
      "network": "a network's definition",
      "pool": "a storage pool's definition",
      "volume": "a volume's definition",
    ]
    guard let text = advice[name] else {
      return "the root is <\(name)>, and a domain definition's is <domain>"
    }
    return "the root is <\(name)>: \(text)"
  }
}

/// Why bytes are no domain definition.
public struct DefinitionError: Error, Hashable, Sendable {
  /// What is wrong and what to do.
  public var message: String
  /// Where; `nil` for the whole.
  public var location: SourceLocation?

  init(_ message: String, at location: SourceLocation?) {
    self.message = message
    self.location = location
  }
}
