internal import LosslessXML

extension DomainEditor {
  /// Gives a copy of a guest what belongs to it alone, and says what it still shares.
  ///
  /// What another change is about stays as that change leaves it.
  mutating func renew(
    _ parts: [IdentityPart], _ identity: GuestChanges.Identity?, uuid: DomainUUID?,
    copyOf name: String?
  ) {
    for part in parts {
      // Looking through all changes costs most, and most parts stay.
      let isWanted =
        switch part.renewal {
        case .derived: false
        case .followsUUID: uuid != nil
        case .chosenByLibvirt: identity != nil
        case .kept: identity?.isCopy == true
        }
      guard isWanted, !touches(part.element), !isRemoved(part.element) else { continue }
      switch part.renewal {
      case .derived: continue
      case .followsUUID:
        guard let uuid, DomainUUID(part.element.text) != uuid else { continue }
        changes.setText(of: part.element, to: uuid.description, keepingSpace: true)
      case .chosenByLibvirt(let steps):
        guard identity != nil else { continue }
        for step in steps { changes.apply(step) }
        diagnostics.append(
          .note(
            "identity", "\(part.what) belongs to one guest: libvirt chooses another",
            at: part.element.place))
      case .kept:
        guard identity?.isCopy == true else { continue }
        let isRenamed = name != nil && name != newName
        diagnostics.append(
          part.sharedFinding(
            with: isRenamed ? "'\(name ?? "")'" : "the original", at: part.element.place))
      }
    }
  }

  /// Whether an element, or one around it, is removed by a word.
  private func isRemoved(_ element: Element) -> Bool {
    var here: Element? = element
    while let found = here {
      if removed.contains(found) { return true }
      here = found.parent
    }
    return false
  }
}

extension IdentityPart {
  /// A warning, or a note where two guests may have it, that several guests share this part.
  func sharedFinding(with others: String, at place: Diagnostic.Place?) -> Diagnostic {
    let message = "\(what) is shared with \(others)"
    let advice: Advice =
      if case .kept(let suggestion) = renewal {
        "Give each guest its own: \(suggestion)."
      } else {
        "Leave it out; libvirt chooses one for each guest."
      }
    return key == nil
      ? .note("identity", message, advice: advice, at: place)
      : .warning("identity", message, advice: advice, at: place)
  }
}

extension Changes {
  /// Removes an old value, so that libvirt chooses a new one.
  mutating func apply(_ step: IdentityPart.Step) {
    switch step {
    case .remove(let element): remove(element)
    case .removeAttribute(let name, let element): removeAttribute(name, of: element)
    case .setAttribute(let name, let element, let value): setAttribute(name, of: element, to: value)
    case .clearText(let element): setText(of: element, to: "")
    }
  }
}
