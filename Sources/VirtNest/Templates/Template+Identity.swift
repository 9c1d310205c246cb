internal import LosslessXML

/// What the guests of a template would share.
extension Template {
  /// A part that belongs to one guest, and that the template gives to all where no value is given for one of
  /// these parameters.
  struct FixedPart: Sendable {
    var part: IdentityPart
    var parameters: Set<String>
  }

  /// What belongs to one guest, and yet is the same in every guest, or in all for which nothing is given.
  ///
  /// What a parameter sets whose default depends on the guest differs from guest to guest.
  var fixedIdentityParts: [FixedPart] {
    var names: [Element: Set<String>] = [:]
    var differs: Set<Element> = []
    for parameter in parameters {
      let isConstant = parameter.defaultTemplate?.names.isEmpty ?? true
      for match in parameter.places.flatMap(\.matches) {
        var element: Element? = match.element
        while let here = element {
          names[here, default: []].insert(parameter.name)
          if !isConstant { differs.insert(here) }
          element = here.parent
        }
      }
    }
    return definition.identityParts.compactMap { part in
      switch part.renewal {
      case .kept, .follows(.name, _):
        differs.contains(part.element)
          ? nil : FixedPart(part: part, parameters: names[part.element] ?? [])
      default: nil
      }
    }
  }

  func sharedByAll(
    in result: DomainDefinition, where isGiven: (String) -> Bool
  ) -> [Diagnostic] {
    guard !parameters.isEmpty, !fixedParts.isEmpty else { return [] }
    let left = Set(result.identityParts.compactMap(\.key).map { TextKey($0) })
    return fixedParts.filter { fixed in
      !fixed.parameters.contains(where: isGiven)
        && fixed.part.key.map { left.contains(TextKey($0)) } ?? false
    }.map { fixed in
      let finding = fixed.part.sharedFinding(with: "every guest of this template", at: nil)
      guard let name = fixed.parameters.min() else { return finding }
      return .warning(
        "identity", finding.message, advice: "Give each guest its own, by the parameter '\(name)'.")
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
    let fixed = Set(
      fixedParts.filter(\.parameters.isEmpty).compactMap(\.part.key).map { TextKey($0) })
    var keys: Set<TextKey> = []
    var said: Set<TextKey> = []
    var found: [Diagnostic] = []
    for guest in guests {
      let parts = try DomainDefinition(guest.bytes).identityParts
      for part in parts {
        guard let key = part.key.map({ TextKey($0) }), keys.contains(key), !fixed.contains(key),
          said.insert(key).inserted
        else { continue }
        let finding = part.sharedFinding(with: others, at: nil)
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
