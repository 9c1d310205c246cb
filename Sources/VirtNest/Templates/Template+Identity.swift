internal import LosslessXML

/// What the guests of a template would share.
extension Template {
  /// What belongs to one guest, and yet is the same in every guest of the template.
  ///
  /// What a parameter sets can differ from guest to guest.
  var fixedIdentityParts: [IdentityPart] {
    var set: Set<Element> = []
    for match in parameters.flatMap(\.places).flatMap(\.matches) {
      var element: Element? = match.element
      while let here = element, set.insert(here).inserted { element = here.parent }
    }
    return definition.identityParts.filter { part in
      guard case .kept = part.renewal else { return false }
      return !set.contains(part.element)
    }
  }

  func sharedByAll(in result: DomainDefinition) -> [Diagnostic] {
    guard !parameters.isEmpty, !fixedParts.isEmpty else { return [] }
    let left = Set(result.identityParts.compactMap(\.key).map { TextKey($0) })
    return fixedParts.filter { $0.key.map { left.contains(TextKey($0)) } ?? false }.map {
      $0.sharedFinding(with: "every guest of this template", at: nil)
    }
  }

  /// What several guests of a series would share: the reasons against making them.
  ///
  /// - Throws: ``VirtNestError`` as ``create(_:)`` does.
  package func sharedParts(of first: GuestRequest) throws(VirtNestError) -> [Diagnostic] {
    var second = first
    second.index = (first.index ?? firstIndex) + 1
    let guests = try [create(first), create(second)]
    // One name for all is refused by itself.
    guard guests[0].name != guests[1].name else { return [] }
    let parts = try guests.map { guest throws(VirtNestError) in
      try DomainDefinition(guest.bytes).identityParts
    }
    let keys = Set(parts[0].compactMap(\.key).map { TextKey($0) })
    let fixed = Set(fixedParts.compactMap(\.key).map { TextKey($0) })
    return parts[1].filter { part in
      part.key.map { TextKey($0) }.map { keys.contains($0) && !fixed.contains($0) } ?? false
    }.map { part in
      let found = part.sharedFinding(with: "every guest of the series", at: nil)
      guard !first.changes.force else { return found }
      let hint: Advice = " In a value, {name} is the guest's name. \(.force) to share it."
      return .error("identity", found.message, advice: found.advice.map { $0 + hint } ?? hint)
    }
  }
}
