internal import CLibXML2

/// Finds what makes a document invalid by taking parts out until the rest is valid.
struct SchemaSearch {
  private let tree: NodeTree
  private let diagnosis: SchemaDiagnosis?
  private let isValid: (NodeTree) -> Bool
  /// How many elements may still be validated, each as often as it is.
  private var budget: Int
  /// How many elements are in the tree.
  private var size: Int
  /// Whether so much was found that nothing more is looked for.
  private var isFull = false

  /// More than a person reads.
  private static let limit = SchemaDiagnosis.limit

  init(
    tree: NodeTree, diagnosis: SchemaDiagnosis?, isValid: @escaping (NodeTree) -> Bool
  ) {
    self.tree = tree
    self.diagnosis = diagnosis
    self.isValid = isValid
    size = tree.nodes.count
    // A few validations of the whole document are always possible.
    budget = max(6 * size, min(2_000 * size, Schema.maximumSearch))
  }

  /// All that is found.
  ///
  /// - Parameter reported: what libxml2 said, for where nothing is found.
  mutating func mismatches(reported: [ErrorLog.Entry]) -> [Schema.Mismatch] {
    var mismatches = diagnosis?.mismatches ?? []
    let root = tree.document.root
    if diagnosis?.isFull == true {
      return mismatches + [cutShort("only the first \(SchemaDiagnosis.limit) are listed")]
    }
    // What was found is put right in the tree; where that is not possible, the rest has to wait.
    guard repair(mismatches) else { return mismatches }
    if !mismatches.isEmpty, check() == true { return mismatches }
    let parts = culprits(in: root) ?? []
    mismatches += parts.prefix(Self.limit).map(\.mismatch)
    if mismatches.isEmpty {
      let entry = reported.first { $0.row != nil } ?? reported.first
      let element = entry?.row.map { Element(document: tree.document, row: $0) } ?? root
      mismatches.append(
        Schema.Mismatch(
          kind: .unknownPlace, element: element,
          message: "the document does not follow the schema; libxml2 reports only: "
            + (entry?.message ?? "not valid")))
    }
    if isFull {
      mismatches.append(cutShort("only the first \(mismatches.count) are listed"))
    } else if budget <= 0 {
      mismatches.append(cutShort("the search for more was ended early"))
    }
    return mismatches
  }

  private func cutShort(_ reason: String) -> Schema.Mismatch {
    Schema.Mismatch(
      kind: .searchCutShort, element: tree.document.root,
      message: reason + "; correct these and check again")
  }

  /// Validates, as long as the budget lasts.
  private mutating func check() -> Bool? {
    guard budget > 0 else { return nil }
    budget -= size
    return isValid(tree)
  }

  /// Takes out what is too much and replaces values; `false` where something is missing.
  private func repair(_ mismatches: [Schema.Mismatch]) -> Bool {
    for mismatch in mismatches {
      let element = mismatch.element
      switch mismatch.kind {
      case .element where element.row != 0: tree.detach(element)
      case .attribute, .attributeValue:
        guard let node = node(of: mismatch.attribute, in: element) else { return false }
        if mismatch.kind == .attribute {
          tree.detach(node)
        } else if let example = diagnosis?.examples[mismatch] {
          tree.setValue(of: node, to: example)
        } else {
          return false
        }
      case .element, .text, .missingElement, .missingAttribute, .combination, .unknownPlace,
        .searchCutShort:
        return false
      }
    }
    return true
  }

  /// Counting fails once attributes are gone, so that nodes are found by name.
  private func node(
    of attribute: Attribute?, in element: Element
  ) -> UnsafeMutablePointer<xmlAttr>? {
    guard let attribute else { return nil }
    let written = tree.document.text(in: attribute.name)
    var next = tree.nodes[element.row].pointee.properties
    while let node = next {
      let local = node.pointee.name.map { String(cString: $0) } ?? ""
      let prefix = node.pointee.ns?.pointee.prefix.map { String(cString: $0) + ":" } ?? ""
      if prefix + local == written { return node }
      next = node.pointee.next
    }
    return nil
  }

  // MARK: Taking out

  /// Parts within an element without which the document is valid; `nil` where there are none.
  ///
  /// They stay out of the tree.
  private mutating func culprits(in element: Element) -> [Part]? {
    let required = diagnosis?.requiredElements(of: element) ?? []
    var kept: Set<Grammar.Name> = []
    var parts: [Part] = []
    var fixed: [Element] = []
    for child in element.children where !tree.isDetached(child) {
      let name = Grammar.Name(local: child.localName, namespace: child.namespace ?? "")
      // The first of a name that is required stays; a second one may be too much.
      if required.contains(name), kept.insert(name).inserted {
        fixed.append(child)
      } else {
        parts.append(.element(child))
      }
    }
    let requiredNames = Set((diagnosis?.requiredAttributes(of: element) ?? []).map(\.local))
    for attribute in element.ownAttributes {
      if let node = node(of: attribute, in: element),
        !requiredNames.contains(tree.document.text(in: attribute.name))
      {
        parts.append(.attribute(element, attribute, node))
      }
    }
    guard !parts.isEmpty || !fixed.isEmpty else { return nil }
    for part in parts { takeOut(part) }
    if check() == true { return narrow(parts) }
    for part in parts { putBack(part) }
    // One of several may be required, so that not all can go at once.
    for part in parts where budget > 0 {
      takeOut(part)
      if check() == true { return narrow([part]) }
      putBack(part)
    }
    for child in fixed where budget > 0 {
      if let found = culprits(in: child) { return found }
    }
    return nil
  }

  /// Which of the parts that are out, and without which the rest is valid, have to stay out.
  private mutating func narrow(_ parts: [Part]) -> [Part] {
    // With all others out a validation is short, so that a search in a large document ends soon.
    let alone = halve(parts, keepingFitting: false)
    let rest = parts.filter { !alone.contains($0) }
    let found = descend(into: alone)
    if isFull { return found }
    for part in rest { putBack(part) }
    guard check() == false else { return found }
    // Parts that fit one by one and not together, such as two of which one may stand there.
    for part in rest { takeOut(part) }
    return found + descend(into: halve(rest, keepingFitting: true))
  }

  /// Looks within parts that are out for what makes them not fit: that stays out then, and the parts
  /// themselves are back.
  private mutating func descend(into parts: [Part]) -> [Part] {
    var found: [Part] = []
    for part in parts {
      var within: [Part]?
      if case .element(let element) = part, found.count < Self.limit {
        putBack(part)
        within = culprits(in: element)
        if within == nil { takeOut(part) }
      }
      found += within ?? [part]
    }
    if found.count >= Self.limit { isFull = true }
    return found
  }

  /// Puts parts back half by half, and says which do not fit; these are out at the end.
  ///
  /// - Parameter keepingFitting: leaves those in that fit; else all are out at the end.
  private mutating func halve(_ parts: [Part], keepingFitting: Bool) -> [Part] {
    var found: [Part] = []
    // Where many fit one by one and not together, looking at each by itself leads to nothing.
    var fitting = 0
    var waiting = [parts[...]]
    while found.count < Self.limit, fitting < Self.limit, let some = waiting.popLast(),
      !some.isEmpty
    {
      for part in some { putBack(part) }
      let fits = check()
      if fits == true, keepingFitting { continue }
      for part in some { takeOut(part) }
      if fits == true {
        if some.count == 1 { fitting += 1 }
        continue
      }
      if fits == nil { break }
      if some.count == 1 {
        found += some
      } else {
        let middle = some.startIndex + some.count / 2
        waiting.append(some[middle...])
        waiting.append(some[..<middle])
      }
    }
    return found
  }

  private mutating func takeOut(_ part: Part) {
    switch part {
    case .element(let element):
      size -= Int(element.record.next) - element.row
      tree.detach(element)
    case .attribute(_, _, let node): tree.detach(node)
    }
  }

  private mutating func putBack(_ part: Part) {
    switch part {
    case .element(let element):
      size += Int(element.record.next) - element.row
      tree.attach(element)
    case .attribute(let element, _, let node): tree.attach(node, to: element)
    }
  }
}

extension SchemaSearch {
  /// Something that can be taken out of a tree.
  enum Part: Equatable {
    case element(Element)
    case attribute(Element, Attribute, UnsafeMutablePointer<xmlAttr>)

    /// What is to be said about it where the rest is valid without it.
    var mismatch: Schema.Mismatch {
      switch self {
      case .element(let element):
        let name = element.qualifiedName
        let around = element.parent?.qualifiedName ?? ""
        let siblings = element.parent.map { Array($0.children) } ?? []
        let first = siblings.first {
          $0.localName == element.localName && $0.namespace == element.namespace
        }
        let message =
          if let first, first != element {
            "this <\(name)> does not fit beside the one of line \(first.location.line)"
          } else {
            "<\(name)> does not fit together with what else <\(around)> has"
          }
        return Schema.Mismatch(kind: .combination, element: element, message: message)
      case .attribute(let element, let attribute, _):
        let written = element.name(of: attribute)
        return Schema.Mismatch(
          kind: .combination, element: element, attribute: attribute,
          message: "\(written)='\(element.value(of: attribute))' does not fit together with what "
            + "else <\(element.qualifiedName)> has")
      }
    }
  }
}
