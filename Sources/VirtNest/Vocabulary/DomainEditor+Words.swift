internal import LosslessXML

/// A value at a place of a device or section; `nil` removes it.
struct WordValue: Hashable {
  var place: WordPlace
  var value: String?
  /// Whether it was asked for, and not derived from what was.
  var isAsked = true

  /// Whether both cannot hold: they differ at one place, or one removes what the other sets something in.
  func contradicts(_ other: WordValue) -> Bool {
    if place == other.place { return value != other.value }
    return removes(other) || other.removes(self)
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

extension DomainEditor {
  /// Makes changes in words, in the order given.
  ///
  /// - Returns: what is to be found in the result.
  mutating func apply(_ changes: [WordChange], ifPresent: Bool, byNumber: Bool) -> [WordProof] {
    var proofs: [WordProof] = []
    var equal: [[WordChange.Assignment]: Int] = [:]
    for change in changes {
      do throws(InvalidValue) {
        let kind = try WordKind.named(change.kind, toRemove: change.verb == .remove)
        if kind.element == "qemu:commandline", change.verb != .remove {
          proofs += try passThrough(change, after: equal[change.assignments, default: 0])
          equal[change.assignments, default: 0] += 1
          continue
        }
        switch change.verb {
        case .add:
          let key = [.init(key: kind.element, value: "")] + change.assignments
          proofs += try add(change, kind, after: equal[key, default: 0])
          equal[key, default: 0] += 1
        case .edit: proofs += try edit(change, kind, ifPresent)
        case .remove: try remove(change, kind, ifPresent, byNumber)
        }
      } catch {
        // An error of the whole change gives its text anyway.
        let reason = error.given == change.text ? error.reason : error.description
        diagnostics.append(
          .error("word", "cannot \(change.verb.rawValue) '\(change.text)': \(reason)"))
      }
    }
    return lastWords(of: proofs)
  }

  /// What holds after all changes: of two values for one place the later, and nothing of what is
  /// removed.
  private func lastWords(of proofs: [WordProof]) -> [WordProof] {
    var seen: [Element: [WordValue]] = [:]
    var last: [WordProof] = []
    for proof in proofs.reversed() {
      guard let element = proof.element else {
        last.append(proof)
        continue
      }
      if removed.contains(element) { continue }
      let later = seen[element, default: []]
      let values = proof.values.filter { value in !later.contains { value.contradicts($0) } }
      seen[element, default: []] += values
      last.append(WordProof(kind: proof.kind, values: values, element: element))
    }
    return last
  }

  /// The elements of a kind.
  func elements(of kind: WordKind) -> [Element] {
    if kind.path.isEmpty { return [domain] }
    if kind.element == "qemu:commandline" {
      return domain.children("commandline", in: DomainNamespace.qemu)
    }
    var parents = [domain]
    for name in kind.path.dropLast() { parents = parents.flatMap { $0.children(name) } }
    return parents.flatMap { $0.children(kind.element) }
  }

  // MARK: Verbs

  private mutating func add(
    _ change: WordChange, _ kind: WordKind, after earlier: Int
  ) throws(InvalidValue) -> [WordProof] {
    guard kind.isDevice || kind.element == "seclabel" else {
      return try edit(change, kind, false)
    }
    if change.selector != nil {
      throw InvalidValue("add", change.text, "a new device has no selector")
    }
    var edit = try Self.values(of: change, kind)
    // What is brought along is wanted only if the device is not there already.
    var editor = self
    try editor.prepare(&edit, kind, nil, change)
    let asked = edit.values.filter(\.isAsked)
    let alike = elements(of: kind).filter { element in
      !removed.contains(element) && asked.allSatisfy { isSame($0, in: element, afterwards: true) }
    }
    if !asked.isEmpty, !change.addsEqual, alike.count > earlier {
      diagnostics.append(
        .note(
          "word", "the guest already has this: \(kind.element) \(change.text)",
          at: alike[earlier].place))
      return []
    }
    self = editor
    for (key, value) in kind.defaults { try edit.derive(key, value, in: kind) }
    insert(newElement(edit, kind), of: kind)
    return [WordProof(kind: kind, values: edit.values, element: nil)]
  }

  private mutating func edit(
    _ change: WordChange, _ kind: WordKind, _ ifPresent: Bool
  ) throws(InvalidValue) -> [WordProof] {
    var chosen = try select(change, kind)
    if chosen.isEmpty {
      guard !kind.isDevice, change.selector == nil else {
        try refuseIfAdded(change, kind)
        if ifPresent { return [] }
        throw absent(change, kind)
      }
    } else if chosen.count > 1, !(change.selector ?? "").split(separator: "+").contains("all") {
      diagnostics.append(
        .note(
          "word", "\(chosen.count) devices fit '\(change.text)': the first is changed",
          at: chosen[0].place))
      chosen = [chosen[0]]
    }
    if change.assignments.contains(where: { $0.key == "clearxml" && $0.value == "yes" }) {
      for element in chosen { changes.remove(element) }
      removed.formUnion(chosen)
      chosen = []
    }
    var proofs: [WordProof] = []
    for element in chosen {
      var edit = try Self.values(of: change, kind)
      try prepare(&edit, kind, element, change)
      apply(edit, to: element, kind)
      proofs.append(WordProof(kind: kind, values: edit.values, element: element))
      proofs += setOutside(edit)
    }
    if chosen.isEmpty {
      var edit = try Self.values(of: change, kind)
      try prepare(&edit, kind, nil, change)
      proofs += setOutside(edit)
      guard edit.values.contains(where: { $0.value != nil }) else { return proofs }
      if kind.isDevice || !elements(of: kind).isEmpty {
        insert(newElement(edit, kind), of: kind)
      } else {
        make(edit, kind)
      }
      proofs.append(WordProof(kind: kind, values: edit.values, element: nil))
    }
    return proofs
  }

  private func newElement(_ edit: WordEdit, _ kind: WordKind) -> NewElement {
    var element = NewElement(kind.element)
    for value in edit.values {
      guard let text = value.value else { continue }
      Self.set(value.place, to: text, in: &element, kind.path)
    }
    return element
  }

  /// Makes a section, or goes on with one that an earlier change makes.
  private mutating func make(_ edit: WordEdit, _ kind: WordKind) {
    let way = kind.path.map { WordPlace.Step(name: $0) }
    for var value in edit.values where value.value != nil {
      value.place.steps.insert(contentsOf: way, at: 0)
      set(value, in: domain, [])
    }
  }

  private mutating func setOutside(_ edit: WordEdit) -> [WordProof] {
    for value in edit.outside where !isSame(value, in: domain) { set(value, in: domain, []) }
    return edit.outside.isEmpty
      ? [] : [WordProof(kind: .domain, values: edit.outside, element: domain)]
  }

  private mutating func remove(
    _ change: WordChange, _ kind: WordKind, _ ifPresent: Bool, _ byNumber: Bool
  ) throws(InvalidValue) {
    guard change.assignments.isEmpty else {
      throw InvalidValue(
        "remove", change.text, "only a selector fits here; to remove a key, edit it to KEY=")
    }
    if let selector = change.selector, Int(selector) != nil, !byNumber {
      throw InvalidValue(
        "remove", change.text,
        "a number picks another device at the second run; pick it by name, or allow numbers")
    }
    guard !kind.path.isEmpty else {
      throw InvalidValue("remove", change.text, "it is no section; edit its keys to KEY=")
    }
    let chosen = try select(change, kind)
    if chosen.isEmpty || change.selector ?? "all" == "all" { try refuseIfAdded(change, kind) }
    if chosen.isEmpty {
      if ifPresent { return }
      throw absent(change, kind)
    }
    guard chosen.count == 1 || (change.selector ?? "").split(separator: "+").contains("all") else {
      throw InvalidValue(
        "remove", change.text,
        "it fits \(chosen.count): \(chosen.map { name(of: $0, kind) }.joined(separator: ", "))")
    }
    for element in chosen.flatMap({ [$0] + twins(of: $0, kind) }) where !removed.contains(element) {
      changes.remove(element)
      removed.insert(element)
    }
  }

  /// Refuses to change what an earlier change adds: at a second run it would be another change.
  private func refuseIfAdded(_ change: WordChange, _ kind: WordKind) throws(InvalidValue) {
    guard kind.path.count < 3, !newElements(named: kind.element).isEmpty else { return }
    throw InvalidValue(
      change.verb.rawValue, change.text,
      "another change adds a \(kind.names.first ?? kind.element); leave one of the two out")
  }

  /// The `<console>` that libvirt prints beside the first `<serial>`, and would make that of again.
  private func twins(of element: Element, _ kind: WordKind) -> [Element] {
    guard kind.element == "serial", element == elements(of: kind).first,
      let console = domain.child("devices")?.child("console"), console["type"] == element["type"],
      console.child("target")?["type"] ?? "serial" == "serial"
    else { return [] }
    return [console]
  }

  // MARK: Selectors

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

  private func absent(_ change: WordChange, _ kind: WordKind) -> InvalidValue {
    let all = elements(of: kind).filter { !removed.contains($0) }.map { name(of: $0, kind) }
    let has = all.joined(separator: ", ")
    let what = kind.names.first ?? kind.element
    return InvalidValue(
      change.verb.rawValue, change.text,
      all.isEmpty ? "the guest has no \(what)" : "the guest has \(what) \(has)")
  }

  // MARK: Values

  /// The values that a change asks for, at their places.
  static func values(
    of change: WordChange, _ kind: WordKind
  ) throws(InvalidValue) -> WordEdit {
    var edit = WordEdit()
    for assignment in change.assignments {
      let key = assignment.key.isEmpty ? kind.first ?? "" : assignment.key
      if key == "clearxml" || isDerivation(key, kind) { continue }
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
        value = try self.value(key, assignment.value, kind)
      }
      guard !edit.values.contains(where: { $0.contradicts(value) }) else {
        throw InvalidValue(
          change.verb.rawValue, change.text, "'\(key)' contradicts what stands before it")
      }
      edit.values.append(value)
    }
    return edit
  }

  static func value(
    _ key: String, _ value: String, _ kind: WordKind
  ) throws(InvalidValue) -> WordValue {
    let place = try WordPlace(kind.dotted(key), for: value, in: kind.path)
    if value.isEmpty { return WordValue(place: place, value: nil) }
    let text = try place.checked(value, key: key)
    return WordValue(place: place, value: place.leaf == .presence && text == "off" ? nil : text)
  }

  /// Whether an element says a value already, in any spelling.
  ///
  /// - Parameter afterwards: with the earlier changes of the same command.
  func isSame(_ value: WordValue, in element: Element, afterwards: Bool = false) -> Bool {
    let later = afterwards ? edited[element]?[value.place] : nil
    let own = later ?? value.place.value(in: element)
    if own == value.value { return true }
    if value.place.leaf == .text, own?.trimmingSpaces == value.value { return true }
    guard let own, let wanted = value.value else { return false }
    if let mac = MACAddress(wanted), mac == MACAddress(own) { return true }
    return false
  }
}
