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
