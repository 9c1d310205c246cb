internal import LosslessXML

/// What the changes do not bring about.
extension WordDifference {
  /// Says what is outside every kind, and not the same.
  mutating func compareOthers() {
    let known = Set(
      WordKind.inWords.map { $0.path.joined(separator: "/") })
    let others = { (domain: Element) -> [Element] in
      domain.children.filter { child in
        if child.isNamed("devices") || child.isNamed("metadata") { return false }
        if child.isNamed("commandline", in: DomainNamespace.qemu) { return false }
        return child.namespace != nil
          || !known.contains(child.localName)
            && !WordKind.rootSections.contains(TextKey(child.localName))
      }
        + domain.devices.filter { child in
          child.namespace != nil || !known.contains("devices/" + child.localName)
        }
        + domain.children("metadata").flatMap(\.children).filter { child in
          child.first([.libosinfoOS])?["id"] != domain.system || domain.system == nil
        }
    }
    let before = Set(others(old.domain).map { ElementMeaning($0) })
    let after = Set(others(new.domain).map { ElementMeaning($0) })
    let gone = others(old.domain).filter { element in
      !after.contains(ElementMeaning(element)) && !ElementMeaning(element).isEmpty
    }
    let lost = Dictionary(gone.map { ($0.fullName, $0) }, uniquingKeysWith: { first, _ in first })
    for element in others(new.domain) where !before.contains(ElementMeaning(element)) {
      let meaning = ElementMeaning(element)
      if meaning.isEmpty { continue }
      say(
        element,
        lost[element.fullName].flatMap { ElementMeaning($0).difference(to: meaning) }
          .map { "no word names what is in it: \($0)" } ?? "no word adds it")
    }
    let names = Set(others(new.domain).map(\.qualifiedName))
    for element in gone where !names.contains(element.qualifiedName) {
      let parent = element.parent == old.domain ? "" : "/\(element.parent?.localName ?? "")"
      let name = "*[local-name()='\(element.localName)']"
      unsaid.append(
        .error(
          "word", "<\(element.qualifiedName)>: no word removes it",
          advice: "\(.delete(xpath: "/domain\(parent)/\(name)")) does."))
    }
  }

  /// Says what differs still where nothing of it has been said, as stray text does.
  mutating func compareWhole() {
    guard unsaid.isEmpty, let result = changes.isEmpty ? old : apply(changes) else { return }
    let (made, wanted) = (ElementMeaning(result.domain), ElementMeaning(new.domain))
    if let difference = made.difference(to: wanted) {
      unsaid.append(.error("word", "no words say all of it: \(difference)"))
    }
  }

  func apply(_ changes: [WordChange]) -> DomainDefinition? {
    var all = GuestChanges()
    all.words = changes
    all.byNumber = true
    all.force = true
    guard let edits = try? old.edits(for: all) else { return nil }
    return try? DomainDefinition(edits.applied(to: old.document.bytes))
  }

  /// Makes all changes, and looks whether the result means what is wanted.
  mutating func prove() {
    guard !changes.isEmpty else { return }
    var all = GuestChanges()
    all.words = changes
    all.byNumber = needsNumbers
    if (try? old.patch(all)) == nil { needsForce = true }
    guard let result = apply(changes) else {
      unsaid.append(.error("word", "the changes cannot be made together"))
      return
    }
    guard unsaid.isEmpty else { return }
    if result.domain.system != new.domain.system {
      say(new.domain, "no words change libosinfo's id in its metadata")
    }
    for kind in WordKind.inWords {
      let made = DomainEditor(result).elements(of: kind).filter {
        kind.isMany || !ElementMeaning($0).isEmpty
      }
      let wanted = DomainEditor(new).elements(of: kind).filter {
        kind.isMany || !ElementMeaning($0).isEmpty
      }
      if kind.element == "qemu:commandline" {
        let words = { (elements: [Element]) in elements.flatMap { WordReading(of: $0, kind).words }
        }
        if words(made) != words(wanted) {
          unsaid.append(.error("word", "<qemu:commandline>: it would differ still"))
        }
        continue
      }
      guard made.count != wanted.count || !zip(made, wanted).allSatisfy({ same($0, $1, kind) })
      else { continue }
      unsaid.append(
        .error(
          "word",
          "<\(kind.element)>: it would differ still, since another change brings one along or takes it",
          at: wanted.first?.place))
    }
  }
}

extension Element {
  /// Its namespace and name.
  fileprivate var fullName: [TextKey] { [TextKey(namespace ?? ""), TextKey(localName)] }
}
