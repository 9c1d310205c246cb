internal import LosslessXML

/// The words that pick one element of a kind each, found for all of its elements at once.
struct ElementSelectors {
  private let kind: WordKind
  private let places: [(key: String, place: WordPlace)]
  private let count: Int
  private var positions: [Element: Int] = [:]
  /// The elements that a part of a selector picks, by that part: `vda`, `type=scsi`, or an address.
  private var picked: [TextKey: Set<Int>] = [:]

  init(_ elements: [Element], _ kind: WordKind) {
    self.kind = kind
    places = kind.selectorPlaces
    count = elements.count
    guard count > 1 else { return }
    for (position, element) in elements.enumerated() {
      positions[element] = position
      for (key, value) in values(of: element) {
        picked[TextKey(value), default: []].insert(position)
        picked[TextKey("\(key)=\(value)"), default: []].insert(position)
      }
      for address in addresses(of: element) {
        picked[TextKey(address.same), default: []].insert(position)
      }
    }
  }

  private func values(of element: Element) -> [(key: String, value: String)] {
    places.compactMap { key, place in place.value(in: element).map { (key, $0) } }
  }

  /// The addresses by which an element is picked, as they stand there, and as all spellings are one.
  private func addresses(of element: Element) -> [(text: String, same: String)] {
    let mac = element.child("mac")?["address"]
    let host = HostAddress.text(of: element)
    return [
      mac.flatMap { text in MACAddress(text).map { (text, $0.description) } },
      host.flatMap { text in
        HostAddress(text).map { (text, $0.values.map(\.value).joined(separator: ":")) }
      },
    ].compactMap(\.self)
  }

  /// Words that pick an element, and no other; `nil` where none are needed to change it.
  ///
  /// A name is taken before a number, and a number from the end where a number from the start is a
  /// name, such as a controller's index.
  func selector(for element: Element) -> String? {
    guard let position = positions[element] else { return nil }
    let picks = { (parts: String...) in
      let sets = parts.map { picked[TextKey($0)] ?? [] }
      return sets.dropFirst().reduce(sets[0]) { $0.intersection($1) } == [position]
    }
    let values = values(of: element)
    let plain = values.filter { _, value in
      !["", "all"].contains(value) && !value.contains { ",+=".contains($0) } && Int(value) == nil
    }
    if let address = addresses(of: element).first(where: { picks($0.same) }) { return address.text }
    // A controller is known by its type.
    let first = kind.element == "controller" ? plain.filter { $0.key == "type" } : []
    if let name = (first + plain).first(where: { picks($0.value) }) { return name.value }
    for (_, index) in values.filter({ $0.key == "index" }) {
      for (_, type) in plain.filter({ $0.key == "type" })
      where picks("type=\(type)", "index=\(index)") {
        return "type=\(type)+index=\(index)"
      }
    }
    let pairs = plain.map { "\($0.key)=\($0.value)" }
    if let pair = pairs.first(where: { picks($0) }) { return pair }
    let number = String(position + 1)
    return [[], [position]].contains(picked[TextKey(number)] ?? [])
      ? number : String(position - count)
  }
}

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
