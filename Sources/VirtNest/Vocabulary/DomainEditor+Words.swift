internal import LosslessXML

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
        if kind.element == "qemu:commandline" {
          try refuseIfUndone(change, by: changes)
          if change.verb != .remove {
            proofs += try passThrough(change, after: equal[change.assignments, default: 0])
            equal[change.assignments, default: 0] += 1
            continue
          }
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
    let last = lastWords(of: proofs)
    needThreads(of: last)
    return last
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
    var edit = try WordEdit(change, kind)
    // What is brought along is wanted only if the device is not there already.
    var editor = self
    try editor.prepare(&edit)
    let asked = edit.values.filter(\.isAsked)
    let alike = elements(of: kind).filter { element in
      !removed.contains(element) && asked.allSatisfy { isSaidAfterwards($0, by: element) }
    }
    if !asked.isEmpty, !change.addsEqual, alike.count > earlier {
      note(
        "the guest already has this: \(kind.element) \(change.text)",
        at: alike[earlier])
      return []
    }
    self = editor
    for (key, value) in kind.defaults { try edit.derive(key, value) }
    add(newElement(edit), to: kind.path.dropLast().map { Step($0) })
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
      note(
        "\(chosen.count) devices fit '\(change.text)': the first is changed",
        at: chosen[0])
      chosen = [chosen[0]]
    }
    let isCleared = change.assignments.contains { $0.key == "clearxml" && $0.value == "yes" }
    if isCleared {
      for element in chosen { changes.remove(element) }
      removed.formUnion(chosen)
      chosen = []
    }
    var proofs: [WordProof] = []
    for element in chosen {
      var edit = try WordEdit(change, kind, element)
      try prepare(&edit)
      apply(edit, to: element)
      proofs.append(WordProof(kind: kind, values: edit.values, element: element))
      proofs += setOutside(edit)
    }
    if chosen.isEmpty {
      var edit = try WordEdit(change, kind)
      try prepare(&edit)
      proofs += setOutside(edit)
      guard edit.values.contains(where: { $0.value != nil }) || isCleared && kind.isDevice else {
        return proofs
      }
      if kind.isDevice || !elements(of: kind).isEmpty {
        add(newElement(edit), to: kind.path.dropLast().map { Step($0) })
      } else {
        make(edit)
      }
      proofs.append(WordProof(kind: kind, values: edit.values, element: nil))
    }
    return proofs
  }

  private func newElement(_ edit: WordEdit) -> NewElement {
    var element = NewElement(edit.kind.element)
    for value in edit.values {
      guard let text = value.value else { continue }
      let (steps, path) = (value.place.steps, edit.kind.path)
      element.change(at: steps[...], path, in: domain) {
        $0.set(value.place.leaf, to: text, path + steps.map(\.name))
      }
    }
    return element
  }

  /// Makes a section, or goes on with one that an earlier change makes.
  private mutating func make(_ edit: WordEdit) {
    let way = edit.kind.path.map { Step($0) }
    for var value in edit.values where value.value != nil {
      value.place.steps.insert(contentsOf: way, at: 0)
      set(value, in: domain, [])
    }
  }

  private mutating func setOutside(_ edit: WordEdit) -> [WordProof] {
    for value in edit.outside where !value.isSaid(by: domain) { set(value, in: domain, []) }
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
    // Once it is gone, the other change would make it again.
    if !kind.isDevice, chosen.contains(where: { edited[$0] != nil }) {
      throw InvalidValue("remove", change.text, "another change sets something in it")
    }
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

  /// Refuses to empty what is passed through beside what passes something through: at a second run the
  /// one would take out what the other one finds there.
  private func refuseIfUndone(
    _ change: WordChange, by changes: [WordChange]
  ) throws(InvalidValue) {
    let empties = change.verb == .remove || change.assignments.contains { $0.key == "clearxml" }
    guard empties else { return }
    for other in changes where other != change {
      let kind = try WordKind.named(other.kind)
      guard kind.element == "qemu:commandline", other.verb != .remove else { continue }
      throw InvalidValue(
        change.verb.rawValue, change.text,
        "another change passes something through; say both in one: "
          + "qemu-commandline,clearxml=yes,args=…")
    }
  }

  /// The `<console>` that libvirt prints beside the first `<serial>`, and would make that of again.
  private func twins(of element: Element, _ kind: WordKind) -> [Element] {
    guard kind.element == "serial", element == elements(of: kind).first,
      let console = domain.devices("console").first, console["type"] == element["type"],
      console.child("target")?["type"] ?? "serial" == "serial"
    else { return [] }
    return [console]
  }

  /// Whether an element says a value already, with the earlier changes of the same command.
  func isSaidAfterwards(_ value: WordValue, by element: Element) -> Bool {
    edited[element]?[value.place].map { value.isSame(as: $0) } ?? value.isSaid(by: element)
  }
}
