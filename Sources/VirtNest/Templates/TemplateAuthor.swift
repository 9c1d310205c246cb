internal import LosslessXML

/// Makes a template from the definition of a working guest.
///
/// It removes the guest's identity and inserts a block of parameters; everything else stays the same
/// byte for byte. The defaults of all parameters change nothing.
package struct TemplateAuthor: Sendable {
  /// The name of the template in its block.
  package var name: String
  let definition: DomainDefinition

  /// Checks the name and the definition.
  ///
  /// - Throws: ``VirtNestError`` if the name is not valid, or if the definition already has a block.
  package init(name: String, from definition: DomainDefinition) throws(VirtNestError) {
    var problems: [Diagnostic] = []
    if !Self.isWord(name) {
      problems.append(
        .error(
          "template",
          "'\(name)' is not a valid template name; it may contain letters, digits and - _ . and must "
            + "begin with a letter or digit"))
    }
    let metadata = definition.domain.child("metadata")
    if let block = metadata?.child("template", in: DomainNamespace.template) {
      problems.append(
        .error("template", "the definition is already a template", at: block.place))
    }
    guard problems.isEmpty else { throw VirtNestError(problems) }
    self.name = name
    self.definition = definition
  }

  /// Whether a text is a word: letters, digits, `-`, `_` and `.`, the first a letter or digit.
  private static func isWord(_ text: String) -> Bool {
    text.utf8.first.map { $0.isLetter || $0.isDigit } == true
      && text.utf8.allSatisfy { $0.isLetter || $0.isDigit || "-_.".utf8.contains($0) }
  }

  /// The template's bytes.
  ///
  /// - Throws: ``VirtNestError`` if a guest made from the result would differ from the original; that
  ///   is a bug in this library.
  package func template() throws(VirtNestError) -> [UInt8] {
    var changes = Changes(definition.document)
    removeIdentity(&changes)
    insert(block(), &changes)
    let document = definition.document
    let bytes = try changes.edits(ofTwo: "things to remove", in: document).applied(
      to: document.bytes)
    try prove(bytes)
    return bytes
  }

  /// What belongs to the guest, and stays in the template for every guest of it.
  ///
  /// - Throws: ``VirtNestError`` if the bytes are not a template.
  package func sharedParts(of template: [UInt8]) throws(VirtNestError) -> [Diagnostic] {
    try Template(DomainDefinition(template)).fixedIdentityParts.filter(\.parameters.isEmpty).map {
      $0.part.sharedFinding(with: "every guest of this template", at: nil)
    }
  }

  // MARK: Identity

  /// Removes what belongs to one guest and what libvirt or `create` chooses anew, passwords, and what
  /// libvirt adds for a running guest.
  private func removeIdentity(_ changes: inout Changes) {
    let domain = definition.domain
    for part in definition.identityParts {
      switch part.renewal {
      // The whole element, because attributes such as `check='no'` belong to a MAC address.
      case .derived, .follows(.uuid, nil): changes.remove(part.element)
      case .follows(.uuid, let attribute?): changes.removeAttribute(attribute, of: part.element)
      // The parameter of the name sets it.
      case .follows(.name, _): continue
      case .chosenByLibvirt(let steps): for step in steps { changes.apply(step) }
      case .kept: continue
      }
    }
    changes.removeAttribute("id", of: domain)
    let isLive = domain["id"] != nil
    for label in domain.children("seclabel") where label["type"] == "dynamic" && isLive {
      changes.remove(label)
    }
    for device in domain.all(["devices", "*"]) {
      // A template is given to other people, so it must not contain a password.
      for name in ["passwd", "passwdValidTo"] where device.isNamed("graphics") {
        changes.removeAttribute(name, of: device)
      }
      guard isLive else { continue }
      if let alias = device.child("alias"), alias["name"]?.hasPrefix("ua-") != true {
        changes.remove(alias)
      }
      removeLiveTerminal(of: device, &changes)
    }
  }

  /// Removes the path of a terminal that libvirt has opened for the running guest.
  private func removeLiveTerminal(of device: Element, _ changes: inout Changes) {
    guard device["type"] == "pty" else { return }
    if let source = device.child("source"), source["path"]?.hasPrefix("/dev/pts/") == true {
      changes.remove(source)
    }
    if device["tty"] != nil { changes.removeAttribute("tty", of: device) }
  }

  // MARK: Block

  private func block() -> NewElement {
    let guest = Guest(reading: definition)
    let release = guest.osinfoID.flatMap { ReleaseTable.release(osinfoID: $0) }
    let finder = ParameterFinder(definition, guest, release)
    var block = NewElement(
      "nest:template",
      [
        "xmlns:nest": DomainNamespace.template, "name": name, "version": "1",
        "index": finder.firstIndex.map { String($0) },
      ])
    if let release {
      block.children.append(
        NewElement(
          "nest:distribution", ["id": release.distribution, "release": release.id]))
    }
    block.children += finder.parameters().map(\.element)
    return block
  }

  private func insert(_ block: NewElement, _ changes: inout Changes) {
    let domain = definition.domain
    if let metadata = domain.child("metadata") {
      changes.insert(block, into: metadata)
    } else {
      changes.insert(
        NewElement("metadata", children: [block]), into: domain,
        behind: domain.lastChild(before: "metadata"))
    }
  }

  /// Reads the result and checks that its defaults change nothing.
  private func prove(_ bytes: [UInt8]) throws(VirtNestError) {
    let template = try Template(DomainDefinition(bytes))
    let changed = try template.placesThatDefaultsChange()
    guard changed.isEmpty else {
      throw VirtNestError(
        changed.map {
          .error("template", "the default of '\($0)' differs from the value in the definition")
        })
    }
  }
}
