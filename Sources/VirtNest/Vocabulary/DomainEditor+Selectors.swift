internal import LosslessXML

/// Which elements a selector picks, and what selector picks an element.
extension DomainEditor {
  /// The selector of one element alone; ``ElementSelectors`` has those of many.
  func selector(for element: Element, _ kind: WordKind) -> String? {
    ElementSelectors(elements(of: kind), kind).selector(for: element)
  }

  func select(_ change: WordChange, _ kind: WordKind) throws(InvalidValue) -> [Element] {
    let all = elements(of: kind)
    var chosen = all.filter { !removed.contains($0) }
    guard let selector = change.selector else {
      return change.verb == .edit && kind.isDevice ? Array(chosen.prefix(1)) : chosen
    }
    let places = kind.selectorPlaces.map(\.place)
    for part in selector.split(separator: "+").map(String.init) where part != "all" {
      if let number = Int(part) {
        let index = number < 0 ? all.count + number : number - 1
        // Numbers are those before the change.
        let picked = all.indices.contains(index) ? [all[index]] : []
        let named = chosen.filter { isNamed(part, $0, places) }
        chosen = named.isEmpty ? chosen.filter { picked.contains($0) } : named
      } else if let (key, value) = part.parted(at: "=") {
        if key == "path", kind.element == "disk" {
          chosen = chosen.filter { element in
            ["file", "dev", "dir", "volume"].contains { element.child("source")?[$0] == value }
          }
          continue
        }
        let place = try WordPlace(kind.dotted(key), in: kind.path)
        chosen = chosen.filter { place.value(in: $0) == value }
      } else {
        chosen = chosen.filter { isNamed(part, $0, places) }
      }
    }
    return chosen
  }

  private func isNamed(_ text: String, _ element: Element, _ places: [WordPlace]) -> Bool {
    if let mac = MACAddress(text), let own = element.child("mac")?["address"],
      MACAddress(own) == mac
    {
      return true
    }
    if let address = HostAddress(text), address.isSame(as: element) { return true }
    return places.contains { $0.value(in: element) == text }
  }

  /// What an element is called in messages.
  func name(of element: Element, _ kind: WordKind) -> String {
    kind.selectorPlaces.lazy.compactMap { $0.place.value(in: element) }.first
      ?? "line \(element.location.line)"
  }

  func absent(_ change: WordChange, _ kind: WordKind) -> InvalidValue {
    let all = elements(of: kind).filter { !removed.contains($0) }.map { name(of: $0, kind) }
    let has = all.joined(separator: ", ")
    let what = kind.names.first ?? kind.element
    return InvalidValue(
      change.verb.rawValue, change.text,
      all.isEmpty ? "the guest has no \(what)" : "the guest has \(what) \(has)")
  }
}
