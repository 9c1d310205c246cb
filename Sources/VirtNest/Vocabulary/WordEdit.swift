internal import LosslessXML

/// A value at a place of a device or section; `nil` removes it.
struct WordValue: Hashable {
  var place: WordPlace
  var value: String?
  /// Whether it was asked for, and not derived from what was.
  var isAsked = true

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

/// What is to become of a device or section, in primitive steps.
struct WordEdit {
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

  /// Sets a key that was not asked for, unless it was.
  mutating func derive(_ key: String, _ value: String?, in kind: WordKind) throws(InvalidValue) {
    let place = try WordPlace(key, in: kind.path)
    guard !values.contains(where: { $0.place == place }) else { return }
    values.append(WordValue(place: place, value: value, isAsked: false))
  }

  /// Sets a key that a word asked for which stands for it.
  mutating func ask(_ key: String, _ value: String, in kind: WordKind) throws(InvalidValue) {
    let place = try WordPlace(key, in: kind.path)
    guard !values.contains(where: { $0.place == place }) else { return }
    values.append(WordValue(place: place, value: value))
  }

  /// The value that a key will have; `nil` where nothing is said about it.
  func value(_ key: String, in kind: WordKind) -> String? {
    guard let place = try? WordPlace(key, in: kind.path) else { return nil }
    return values.last { $0.place == place }?.value
  }

  /// Whether something is set in a child.
  func sets(_ child: String, where isMeant: (WordPlace) -> Bool = { _ in true }) -> Bool {
    values.contains {
      $0.value != nil && $0.place.steps.first?.name == child && isMeant($0.place)
    }
  }

  /// Makes what a child says void, apart from what is set in it.
  mutating func void(_ child: String) {
    if sets(child, where: { $0.steps.count > 1 || $0.steps.first?.key != nil }) {
      removed.insert(child)
    } else {
      stripped.insert(child)
    }
  }
}
