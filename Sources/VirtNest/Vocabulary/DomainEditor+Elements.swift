internal import LosslessXML

/// How a change in words becomes changes of elements.
extension DomainEditor {
  mutating func apply(_ edit: WordEdit, to element: Element) {
    let path = edit.kind.path
    for name in edit.removed.sorted() {
      for child in element.children(name) { changes.remove(child) }
    }
    for (name, grandchildren) in edit.removedBelow.sorted(by: { $0.key < $1.key })
    where !edit.removed.contains(name) && !edit.stripped.contains(name) {
      for child in element.children(name) {
        for grandchild in child.children where grandchildren.contains(grandchild.localName) {
          changes.remove(grandchild)
        }
      }
    }
    for name in edit.stripped.subtracting(edit.removed).sorted() {
      strip(name, of: element, keeping: edit.values)
    }
    let earlier = edited[element, default: [:]]
    for value in edit.values { edited[element, default: [:]][value.place] = .some(value.value) }
    // What an earlier change of the same command makes of a place counts, not what stands there.
    let isThere = { (value: WordValue) in
      earlier[value.place].map { $0 == value.value } ?? value.isSaid(by: element)
    }
    let gone = emptied(edit.values, of: element)
    if isEmptied(element, by: edit, without: gone) {
      changes.remove(element)
      return
    }
    for child in gone { changes.remove(child) }
    for value in edit.values where value.value != nil { dropOtherForm(of: value, in: element) }
    for value in edit.values {
      if value.value == nil, goes(value.place, of: element, with: gone) { continue }
      guard let first = value.place.steps.first else {
        if !isThere(value) { set(value, in: element, path) }
        continue
      }
      let child = element.child(first.name)
      if edit.removed.contains(first.name) || edit.stripped.contains(first.name) && child == nil {
        // What is set under a child that goes, or is not there, is made anew.
        setNew(value, in: element, at: path)
      } else if edit.stripped.contains(first.name), let child, value.place.steps.count > 1 {
        setNew(value.inFirstStep, in: child, at: path + [first.name])
      } else if !edit.stripped.contains(first.name) || value.value != nil,
        !isThere(value)
      {
        set(value, in: element, path)
      }
    }
  }

  /// What says by its text what it is loses the text when it gets a child, and its children when it gets a
  /// text: libvirt reads one of the two.
  private mutating func dropOtherForm(of value: WordValue, in element: Element) {
    var here = element
    for step in value.place.steps {
      guard let child = here.child(step) else {
        let hasText = Array(here.children).isEmpty && !here.text.trimmingSpaces.isEmpty
        if hasText { changes.setText(of: here, to: "") }
        return
      }
      here = child
    }
    if value.place.leaf == .text { for child in here.children { changes.remove(child) } }
  }

  /// Sets a value in a new child, beside those that are there; nothing where the value is none.
  private mutating func setNew(_ value: WordValue, in element: Element, at path: [String]) {
    guard let first = value.place.steps.first, let text = value.value else { return }
    var step = first
    if step.key == nil { step.index += element.children(first.name).count }
    let rest = value.place.steps.dropFirst()
    let path = path + value.place.steps.map(\.name)
    addOrExtend(step, in: element) { child in
      child.change(at: rest, Array(path.dropLast(rest.count)), in: element) {
        $0.set(value.place.leaf, to: text, path)
      }
    }
  }

  /// The elements below a device or section that have nothing left when values are removed.
  private func emptied(_ values: [WordValue], of element: Element) -> Set<Element> {
    var gone: Set<Element> = []
    let isSet = { (name: String) in values.contains { $0.value != nil && $0.place.leads(to: name) }
    }
    for value in values where value.value == nil {
      var steps = value.place.steps
      guard let last = element.first(steps), !steps.isEmpty else { continue }
      if value.place.leaf == .text || value.place.leaf == .presence {
        gone.insert(last)
        steps.removeLast()
      }
      while !steps.isEmpty, let child = element.first(steps), let name = steps.last?.name,
        !isSet(name)
      {
        let left = child.attributes.map { child.name(of: $0) }.filter { name in
          let place = WordPlace(steps: steps, leaf: .attribute(name))
          return !values.contains { $0.value == nil && $0.place.isSame(as: place) }
        }
        guard left.isEmpty, child.children.allSatisfy(gone.contains),
          child.text.trimmingSpaces.isEmpty
        else { break }
        gone.insert(child)
        steps.removeLast()
      }
    }
    // An element goes with the one around it.
    return gone.filter { child in child.parent.map { !gone.contains($0) } ?? true }
  }

  /// Whether a section has nothing left; an empty device says that it is there.
  private func isEmptied(
    _ element: Element, by edit: WordEdit, without gone: Set<Element>
  ) -> Bool {
    guard edit.kind.path.count == 1, !edit.kind.isDevice, !edit.values.isEmpty,
      edit.values.allSatisfy({ $0.value == nil }), element.text.trimmingSpaces.isEmpty
    else { return false }
    return element.children.allSatisfy(gone.contains)
      && element.attributes.allSatisfy { attribute in
        let name = element.name(of: attribute)
        let place = WordPlace(steps: [], leaf: .attribute(name))
        return edit.values.contains { $0.place.isSame(as: place) }
      }
  }

  private func goes(_ place: WordPlace, of element: Element, with gone: Set<Element>) -> Bool {
    var steps = place.steps
    while !steps.isEmpty {
      if let child = element.first(steps), gone.contains(child) { return true }
      steps.removeLast()
    }
    return false
  }

  /// Removes what a child has beside the values that are set in it.
  private mutating func strip(_ name: String, of element: Element, keeping values: [WordValue]) {
    let kept = values.filter {
      $0.place.steps.first == Step(name) && $0.value != nil
    }
    let attributes = Set(
      kept.compactMap { value -> String? in
        guard value.place.steps.count == 1, case .attribute(let attribute) = value.place.leaf
        else { return nil }
        return attribute
      })
    for child in element.children(name) {
      if kept.isEmpty {
        changes.remove(child)
        continue
      }
      for attribute in child.attributes {
        let own = child.name(of: attribute)
        if !attributes.contains(own) { changes.removeAttribute(own, of: child) }
      }
      for grandchild in child.children { changes.remove(grandchild) }
    }
  }

  /// Sets a value in an element that exists, whose names below `<domain>` are the path.
  mutating func set(_ value: WordValue, in element: Element, _ path: [String]) {
    let steps = value.place.steps
    if let place = element.first(steps) {
      setLeaf(value, of: place, isChild: !steps.isEmpty)
    } else if let text = value.value {
      make(steps, in: element) {
        $0.set(value.place.leaf, to: text, path + steps.map(\.name))
      }
    }
  }

  private mutating func setLeaf(_ value: WordValue, of element: Element, isChild: Bool) {
    switch (value.place.leaf, value.value) {
    case (.attribute(let name), let text?): setAttribute(name, of: element, to: text)
    case (.attribute(let name), nil):
      let isAll = element.attributes.count == 1 && element[name] != nil
      if isChild, isAll, element.content.isEmpty {
        changes.remove(element)
      } else {
        changes.removeAttribute(name, of: element)
      }
    case (.text, let text?): changes.setText(of: element, to: text)
    case (.text, nil), (.presence, nil): changes.remove(element)
    case (.presence, _?): break
    }
  }
}
