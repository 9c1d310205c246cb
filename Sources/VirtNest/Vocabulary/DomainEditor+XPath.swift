internal import LosslessXML

/// Changes of places that the model does not have.
extension DomainEditor {
  /// Makes every edit to the places that its expression selects in the definition as it is.
  mutating func apply(_ edits: GuestChanges.XPathEdits) {
    guard !edits.edits.isEmpty else { return }
    let namespaces = DomainNamespace.boundPrefixes.merging(edits.namespaces) { $1 }
    let context = XPathContext(domain.document, namespaces: namespaces)
    for edit in edits.edits {
      do throws(XPathError) {
        let matches = try context.matches(of: edit.xpath)
        if matches.isEmpty, !edits.ifPresent {
          refuse(
            "XPath '\(edit.xpath)' finds nothing",
            advice: "\(.ifPresent) if it may be missing.")
        }
        switch edit.action {
        case .set(let value): for match in matches { set(match, to: value, edit) }
        case .delete: delete(matches, edit)
        case .insert(let fragment):
          for match in matches { insert(fragment, into: match, namespaces, edit) }
        }
      } catch {
        var advice: Advice?
        if case .unknownPrefix(let prefix) = error.reason {
          advice = "Bind it: \(.namespace(prefix: prefix))."
        }
        refuse(error.description, advice: advice)
      }
    }
  }

  private mutating func set(_ match: XPathMatch, to value: String, _ edit: XPathEdit) {
    switch match {
    case .element(let element):
      guard element.children.first(where: { _ in true }) == nil else {
        refuse(
          "<\(element.qualifiedName)> has elements in it and no value of its own; "
            + "XPath '\(edit.xpath)' must select an attribute, text or an element without",
          at: element)
        return
      }
      changes.setText(of: element, to: value)
    case .attribute(let element, let attribute):
      changes.setAttribute(attribute, of: element, to: value)
    case .text(_, let range): changes.setText(in: range, to: value)
    }
  }

  private mutating func delete(_ matches: [XPathMatch], _ edit: XPathEdit) {
    // What stands in something that goes, goes with it.
    var end = 0
    for match in matches where match.range.lowerBound >= end {
      end = match.range.upperBound
      switch match {
      case .element(let element):
        guard element != domain else {
          refuse("XPath '\(edit.xpath)' selects the definition itself", at: element)
          return
        }
        changes.remove(element)
      case .attribute(_, let attribute): changes.remove(attribute)
      case .text(_, let range): changes.replace(range, with: [])
      }
    }
  }

  private mutating func insert(
    _ fragment: Fragment, into match: XPathMatch, _ namespaces: [String: String],
    _ edit: XPathEdit
  ) {
    guard case .element(let parent) = match else {
      refuse(
        "XPath '\(edit.xpath)' must select elements to insert into",
        at: match.element)
      return
    }
    var bindings: [String: String] = [:]
    var declarations: [NewElement.Attribute] = []
    bindings[""] = parent.namespace(boundTo: "")
    for prefix in fragment.freePrefixes {
      let bound = parent.namespace(boundTo: prefix)
      guard let namespace = namespaces[prefix] ?? bound else {
        refuse(
          "the prefix '\(prefix)' of the fragment is not bound to a namespace",
          advice: "Bind it: \(.namespace(prefix: prefix)).")
        return
      }
      bindings[prefix] = namespace
      if namespace != bound {
        declarations.append(.init("xmlns:" + prefix, value: namespace))
      }
    }
    do throws(MalformedXML) {
      let elements = try fragment.elements(bindings: bindings)
      // libvirt's order may tear a fragment apart: what is there already is seen name by name.
      let isMissing = Dictionary(grouping: elements, by: \.qualifiedName).mapValues { alike in
        !parent.holds(alike)
      }
      for element in elements where isMissing[element.qualifiedName] == true {
        var copy = element.copy
        copy.attributes.insert(contentsOf: declarations, at: 0)
        add(copy, toExisting: parent)
      }
    } catch {
      refuse("the fragment cannot stand here: \(error.message)")
    }
  }
}

extension Element {
  /// Whether elements of one name are among its children, one right behind the other of that name.
  fileprivate func holds(_ elements: [Element]) -> Bool {
    guard let first = elements.first else { return true }
    let own = children(first.localName, in: first.namespace)
    guard own.count >= elements.count else { return false }
    return (0...own.count - elements.count).contains { start in
      zip(own[start...], elements).allSatisfy { $0.saysTheSame(as: $1) }
    }
  }
}
