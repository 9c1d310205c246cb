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
    return try sharedParts(
      in: [create(first), create(second)], with: "every guest of the series",
      force: first.changes.force)
  }

  /// What several guests share: the reasons against making them.
  ///
  /// - Parameter others: with whom it is shared, in messages.
  /// - Throws: ``VirtNestError`` where one of them is no definition.
  package func sharedParts(
    in guests: [CreatedGuest], with others: String, force: Bool
  ) throws(VirtNestError) -> [Diagnostic] {
    // One name for all is refused by itself.
    guard Set(guests.map { TextKey($0.name) }).count == guests.count else { return [] }
    let fixed = Set(fixedParts.compactMap(\.key).map { TextKey($0) })
    var keys: Set<TextKey> = []
    var said: Set<TextKey> = []
    var found: [Diagnostic] = []
    for guest in guests {
      let parts = try DomainDefinition(guest.bytes).identityParts
      for part in parts {
        guard let key = part.key.map({ TextKey($0) }), keys.contains(key), !fixed.contains(key),
          said.insert(key).inserted
        else { continue }
        let finding = part.sharedFinding(
          with: others, at: nil)
        let hint: Advice = " In a value, {name} is the guest's name. \(.force) to share it."
        found.append(
          force
            ? finding
            : .error(
              "identity", finding.message, advice: finding.advice.map { $0 + hint } ?? hint))
      }
      keys.formUnion(parts.compactMap(\.key).map { TextKey($0) })
    }
    return found
  }
}
