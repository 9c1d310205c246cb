internal import LosslessXML

extension DomainEditor {
  /// Derives the uuid from the name; one that was given stays.
  mutating func deriveIdentity(
    _ identity: GuestChanges.Identity?, _ before: Guest, _ wanted: inout Guest
  ) {
    guard let identity, let name = wanted.name ?? before.name else {
      if wanted.name != nil, wanted.name != before.name, before.uuid != nil {
        diagnostics.append(
          .note(
            "change",
            "uuid, addresses and paths are still those of '\(before.name ?? "")'",
            advice: "To derive uuid and addresses from the new name: \(.newIdentity)."))
      }
      return
    }
    let derived = GuestIdentity(name: name, identity: identity.text)
    wanted.uuid = wanted.uuid ?? derived.uuid
  }

  /// Derives the addresses of the interfaces from the guest's name; one that a word gives stays.
  mutating func deriveAddresses(_ identity: GuestChanges.Identity?) {
    guard let identity, let name = newName else { return }
    let derived = GuestIdentity(name: name, identity: identity.text)
    let existing = domain.devices("interface")
    for (index, element) in existing.enumerated() where !removed.contains(element) {
      let address = derived.macAddress(ofInterface: index)
      guard let mac = element.child("mac") else {
        if hasAddition(named: "mac", in: element) { continue }
        addOrExtend(Step("mac"), in: element) {
          $0.setAttribute("address", to: address.description)
        }
        continue
      }
      let isSet = attribute("address", of: mac) != mac["address"]
      if isSet || mac["address"].flatMap({ MACAddress($0) }) == address { continue }
      setAttribute("address", of: mac, to: address.description)
    }
  }

  /// Gives a copy of a guest what belongs to it alone, and says what it still shares.
  ///
  /// What another change is about stays as that change leaves it.
  mutating func renew(_ parts: [IdentityPart], _ identity: GuestChanges.Identity?, _ guest: Guest) {
    for part in parts where !isRemoved(part.element) {
      switch part.renewal {
      case .derived, .kept: continue
      case .follows(let leader, let attribute):
        let old = domain.child(leader.rawValue)?.text.trimmingSpaces
        let new = leader == .name ? guest.name : guest.uuid?.description
        guard let new, new != old, !touches(part.element) || attribute != nil else { continue }
        if let attribute {
          changes.setAttribute(attribute, of: part.element, to: new)
        } else {
          changes.setText(of: part.element, to: new, keepingSpace: true)
        }
      case .chosenByLibvirt(let steps):
        guard identity != nil, !steps.contains(where: isSet) else { continue }
        for step in steps { changes.apply(step) }
        diagnostics.append(
          .note(
            "identity", "\(part.what) belongs to one guest: libvirt chooses another",
            at: part.element.place))
      }
    }
  }

  /// Whether a word gives what a step would take away.
  private func isSet(_ step: IdentityPart.Step) -> Bool {
    let target = step.element
    return edited.contains { holder, values in
      holder.range.contains(target.range.lowerBound)
        && values.contains { place, value in
          value != nil && holder.first(place.steps) == target && step.takes(place.leaf)
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

extension Patch {
  /// What a copy shares with its original, since only the user knows another value.
  ///
  /// - Parameter name: the original's.
  func shared(withOriginal name: String?) -> [Diagnostic] {
    let isRenamed = name != nil && name != result.domain.child("name")?.text
    let kept = Set(result.identityParts.filter(\.isKept).map { TextKey($0.key ?? $0.what) })
    return definition.identityParts.filter {
      $0.isKept && kept.contains(TextKey($0.key ?? $0.what))
    }
    .map { part in
      part.sharedFinding(
        with: isRenamed ? "'\(name ?? "")'" : "the original", at: part.element.place)
    }
  }
}

extension IdentityPart.Step {
  /// The element that it changes or takes away.
  fileprivate var element: Element {
    switch self {
    case .remove(let element), .removeAttribute(_, let element), .setAttribute(_, let element, _),
      .clearText(let element):
      element
    }
  }

  /// Whether it takes away what a key ends in.
  fileprivate func takes(_ leaf: WordPlace.Leaf) -> Bool {
    switch self {
    case .remove: true
    case .removeAttribute(let name, _), .setAttribute(let name, _, _): leaf == .attribute(name)
    case .clearText: leaf == .text
    }
  }
}

extension IdentityPart {
  /// Whether a copy keeps it.
  fileprivate var isKept: Bool { if case .kept = renewal { true } else { false } }

  /// A warning, or a note where two guests may have it, that several guests share this part.
  func sharedFinding(with others: String, at place: Diagnostic.Place?) -> Diagnostic {
    let message = "\(what) is shared with \(others)"
    let advice: Advice =
      switch renewal {
      case .kept(let suggestion): "Give each guest its own: \(suggestion)."
      case .derived: "Leave it out; each guest's derives from its name."
      default: "Leave it out; libvirt chooses one for each guest."
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
