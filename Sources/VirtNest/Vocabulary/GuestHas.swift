internal import LosslessXML

extension WordChange {
  /// The changes that say what a guest has of a kind, as virt-install's options do.
  ///
  /// The k-th text changes the k-th device that the guest has, further ones add one; of controllers,
  /// the k-th of the type, or the one of the index. What libvirt allows once is changed. `none` alone
  /// removes all, unless it is a value of the kind's first key, such as a memory balloon's model.
  /// - Parameters:
  ///   - name: the kind, by any of its names.
  ///   - texts: keys and values, as they stand behind the kind and a comma.
  ///   - definition: the guest; `nil` to look at the texts alone.
  /// - Throws: ``InvalidValue`` for a text that is not such, and for `none` beside others.
  package static func having(
    _ name: String, _ texts: [String], in definition: DomainDefinition?
  ) throws(InvalidValue) -> [WordChange] {
    guard !texts.isEmpty else { return [] }
    let kind = try WordKind.named(name)
    let editor = definition.map { DomainEditor($0) }
    let elements = editor?.elements(of: kind) ?? []
    if texts.contains("none"), !kind.takesNone {
      guard texts.count == 1 else {
        throw InvalidValue(name, "none", "it goes with no other \(name)")
      }
      return elements.isEmpty ? [] : [try WordChange(.remove, name + (kind.isMany ? ":all" : ""))]
    }
    var changes: [WordChange] = []
    var taken: Set<Element> = []
    for text in texts {
      var added = try WordChange(kind.isMany ? .add : .edit, name, parts: text)
      added.addsEqual = true
      let fits = elements.first { !taken.contains($0) && added.isAbout($0, kind) }
      guard kind.isMany, let element = fits ?? (kind.isSingle ? elements.first : nil) else {
        changes.append(added)
        continue
      }
      if !kind.isSingle { taken.insert(element) }
      let selector = editor?.selector(for: element, kind)
      changes.append(try WordChange(.edit, name, selector: selector, parts: text))
    }
    return changes
  }

  /// Whether the change is about a device of the guest, as far as its kind tells them apart.
  private func isAbout(_ element: Element, _ kind: WordKind) -> Bool {
    guard kind.element == "controller" else { return true }
    let type = assignments.first { $0.key == "type" || $0.key.isEmpty }?.value
    let index = assignments.first { $0.key == "index" }?.value
    return element["type"] == type && (index == nil || element["index"] ?? "0" == index)
  }
}

extension WordKind {
  /// Whether a definition may have several of it.
  var isMany: Bool { isDevice || element == "seclabel" }

  /// Whether libvirt allows one alone, although it is a device.
  var isSingle: Bool { ["memballoon", "vsock", "iommu", "nvram"].contains(element) }

  /// Whether `none` is a value of its first key.
  fileprivate var takesNone: Bool {
    guard let first, let place = try? WordPlace(aliases[first] ?? first, in: path) else {
      return false
    }
    return place.values.contains("none")
  }
}

extension DomainEditor {
  /// Words that pick one element of a kind, and no other; `nil` where none are needed to change it.
  ///
  /// A name is taken before a number, and a number from the end where a number from the start is a
  /// name, such as a controller's index.
  func selector(for element: Element, _ kind: WordKind) -> String? {
    let all = elements(of: kind)
    guard all.count > 1, let position = all.firstIndex(of: element) else { return nil }
    var candidates: [String] = []
    let values = kind.selectorPlaces.compactMap { key, place in
      place.value(in: element).map { (key, $0) }
    }
    let plain = values.filter { _, value in
      !value.isEmpty && !value.contains { ",+=".contains($0) } && Int(value) == nil
    }
    candidates += [element.child("mac")?["address"], HostAddress.text(of: element)]
      .compactMap(\.self)
    // A controller is known by its type.
    if kind.element == "controller" { candidates += plain.filter { $0.0 == "type" }.map(\.1) }
    candidates += plain.map(\.1)
    candidates += values.filter { $0.0 == "index" }.flatMap { _, index in
      plain.filter { $0.0 == "type" }.map { "type=\($0.1)+index=\(index)" }
    }
    candidates += plain.map { "\($0.0)=\($0.1)" }
    let numbers = [String(position + 1), String(position - all.count)]
    return (candidates + numbers).first { text in
      (try? select(WordChange(.edit, kind.name, selector: text, parts: ""), kind)) == [element]
    }
  }
}
