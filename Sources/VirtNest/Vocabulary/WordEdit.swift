internal import LosslessXML

/// A value at a place of a device or section; `nil` removes it.
struct WordValue: Hashable {
  var place: WordPlace
  var value: String?
  /// Whether it was asked for, and not derived from what was.
  var isAsked = true

  /// Whether an element says it already, in any spelling.
  func isSaid(by element: Element) -> Bool { isSame(as: place.value(in: element)) }

  /// Whether what stands at its place means the same; `nil` for nothing.
  func isSame(as own: String?) -> Bool {
    if own == value { return true }
    guard let own, let value else { return false }
    if place.leaf == .text, own.trimmingSpaces == value { return true }
    return MACAddress(value).map { $0 == MACAddress(own) } ?? false
  }

  /// Whether both cannot hold: they differ at one place, one removes what the other sets something in, or
  /// one gives a text to what gets a child by the other.
  func contradicts(_ other: WordValue) -> Bool {
    if place == other.place { return value != other.value }
    return removes(other) || other.removes(self) || fills(other) || other.fills(self)
  }

  /// Whether it gives a text to an element in which the other sets a child.
  func fills(_ other: WordValue) -> Bool {
    place.leaf == .text && value != nil && other.value != nil
      && other.place.steps.count > place.steps.count && other.place.steps.starts(with: place.steps)
  }

  /// Whether it removes an element in which the other sets something.
  private func removes(_ other: WordValue) -> Bool {
    guard value == nil, other.value != nil, !place.steps.isEmpty else { return false }
    if case .attribute = place.leaf { return false }
    return other.place.steps.starts(with: place.steps)
  }

  /// The same within the element of the first step.
  var inFirstStep: WordValue {
    var value = self
    value.place.steps.removeFirst()
    return value
  }
}

extension WordKind {
  /// A value at the place of a key; no value removes what is there.
  ///
  /// - Throws: ``InvalidValue`` for a key that leads nowhere, and a value that its place does not take.
  func value(_ key: String, _ value: String) throws(InvalidValue) -> WordValue {
    let place = try WordPlace(dotted(key), for: value, in: path)
    if value.isEmpty { return WordValue(place: place, value: nil) }
    let text = try place.checked(value, key: key)
    return WordValue(place: place, value: place.leaf == .presence && text == "off" ? nil : text)
  }
}

/// What is to become of a device or section by a change in words, in primitive steps.
struct WordEdit {
  /// The change that asks for it.
  let change: WordChange
  let kind: WordKind
  /// The device or section as it is; `nil` for a new one.
  let element: Element?
  /// What the change gives for the keys that stand for several places.
  let given: [String: String]
  /// The values in the order in which they are set.
  var values: [WordValue] = []
  /// Children that go, because they describe what is no longer there.
  var removed: Set<String> = []
  /// A child whose other attributes and children go for the same reason.
  var stripped: Set<String> = []
  /// Grandchildren that go for the same reason, by their parent.
  var removedBelow: [String: Set<String>] = [:]
  /// What the word sets outside the device or section: places below `<domain>`.
  var outside: [WordValue] = []

  /// The values that a change asks for, at their places.
  ///
  /// - Throws: ``InvalidValue`` for a key, or a value, that there is not, and for values of which both cannot
  ///   hold.
  init(_ change: WordChange, _ kind: WordKind, _ element: Element? = nil) throws(InvalidValue) {
    (self.change, self.kind, self.element) = (change, kind, element)
    var given: [String: String] = [:]
    for assignment in change.assignments {
      let key = assignment.key.isEmpty ? kind.first ?? "" : assignment.key
      if key == "clearxml" { continue }
      if kind.derivedKeys.contains(key) {
        given[key] = assignment.value
        continue
      }
      let value: WordValue
      if assignment.key.isEmpty, key.isEmpty || key == kind.element {
        if kind.element == "os" { continue }
        if key.isEmpty, kind.isDevice {
          throw InvalidValue(kind.element, change.text, "give KEY=VALUE")
        }
        let values = WordTable.standard.place(kind.path)?.text ?? []
        let place = WordPlace(steps: [], leaf: .text, values: values)
        value = WordValue(
          place: place,
          value: assignment.value.isEmpty
            ? nil : try place.checked(assignment.value, key: kind.element))
      } else {
        value = try kind.value(key, assignment.value)
      }
      guard !values.contains(where: { $0.contradicts(value) }) else {
        throw InvalidValue(
          change.verb.rawValue, change.text, "'\(key)' contradicts what stands before it")
      }
      values.append(value)
    }
    self.given = given
  }

  /// Sets a key.
  mutating func set(_ key: String, _ value: String) throws(InvalidValue) {
    values.append(try kind.value(key, value))
  }

  /// Sets a key that was not asked for, unless it was.
  mutating func derive(_ key: String, _ value: String?) throws(InvalidValue) {
    try set(key, to: value, isAsked: false)
  }

  /// Sets a key that a word asked for which stands for it.
  mutating func ask(_ key: String, _ value: String) throws(InvalidValue) {
    try set(key, to: value, isAsked: true)
  }

  private mutating func set(
    _ key: String, to value: String?, isAsked: Bool
  ) throws(InvalidValue) {
    let place = try WordPlace(key, in: kind.path)
    guard !values.contains(where: { $0.place.isSame(as: place) }) else { return }
    values.append(WordValue(place: place, value: value, isAsked: isAsked))
  }

  /// The value that a key will have; `nil` where nothing is said about it.
  func value(_ key: String) -> String? {
    guard let place = try? WordPlace(key, in: kind.path) else { return nil }
    return values.last { $0.place.isSame(as: place) }?.value
  }

  /// Whether something is set in a child.
  func sets(_ child: String, where isMeant: (WordPlace) -> Bool = { _ in true }) -> Bool {
    values.contains {
      $0.value != nil && $0.place.steps.first?.name == child && isMeant($0.place)
    }
  }

  /// Whether a value is set that the element does not have, at a place that is meant.
  func changes(where isMeant: (WordPlace) -> Bool) -> Bool {
    values.contains { value in
      value.value != nil && isMeant(value.place)
        && element.map { !value.isSaid(by: $0) } ?? true
    }
  }

  /// Removes children, unless something is set in them.
  mutating func removeUnlessSet(_ children: some Sequence<String>) {
    removed.formUnion(children.filter { !sets($0) })
  }

  /// Makes what a child says void, apart from what is set in it.
  mutating func void(_ child: String) {
    if sets(child, where: { $0.steps.count > 1 || $0.steps.first?.key != nil }) {
      removed.insert(child)
    } else {
      stripped.insert(child)
    }
  }

  /// Refuses a type that lacks what its source needs.
  ///
  /// - Parameter keys: the keys without which a device of the type has no source.
  func need(_ keys: [String], for type: String) throws(InvalidValue) {
    let missing = keys.filter { value($0) == nil }
    guard missing.isEmpty else {
      let isInterface = kind.element == "interface"
      let names = missing.map { key in
        isInterface && key == "source.address.bus" ? "source=PCI-ADDRESS" : key + "="
      }
      throw refusal(
        "\(isInterface ? "an interface" : "a disk") of type \(type) needs "
          + names.joined(separator: " and "))
    }
  }

  /// Why the change cannot be made.
  func refusal(_ reason: String) -> InvalidValue {
    InvalidValue(change.verb.rawValue, change.text, reason)
  }
}
