internal import LosslessXML

/// What can be said of a section or kind of device, for help and completion.
package struct WordHelp: Sendable {
  /// A key of it.
  package struct Key: Sendable {
    /// The key, as it is written.
    package let name: String
    /// The dotted key that it stands for; `nil` where it is one.
    package let dotted: String?
    /// The values that it takes; none for any.
    package let values: [String]
  }

  private let kind: WordKind

  /// Every section and kind of device, by name.
  package static let kinds = WordKind.all.map { WordHelp(kind: $0) }.sorted { $0.name < $1.name }

  private init(kind: WordKind) { self.kind = kind }

  /// Help for the section or kind of device of a name.
  ///
  /// - Throws: ``InvalidValue`` with the names, nearest first.
  package init(_ name: String) throws(InvalidValue) { kind = try WordKind.named(name) }

  /// virt-install's name for it, or libvirt's element.
  package var name: String { kind.name }

  /// The names that an option for it has: those that mean no other kind.
  package var optionNames: [String] {
    let names = kind.names + (kind.names.contains(kind.element) ? [] : [kind.element])
    return names.filter { name in
      !name.isEmpty && (try? WordKind.named(name))?.path == kind.path
    }
  }

  /// Whether a guest has as many as it likes.
  package var isDevice: Bool { kind.isDevice }

  /// Whether it has an option of its own where a guest is made: devices, and sections of several parts.
  package var hasOption: Bool {
    if name == "qemu-commandline" { return false }
    if kind.isDevice || WordKind.declared.contains(where: { $0.path == kind.path }) { return true }
    return WordTable.standard.place(kind.path)?.children.isEmpty == false
  }

  /// Its keys: short ones first, then the way to each place, in libvirt's order.
  package var keys: [Key] {
    let short = kind.aliases.sorted { $0.key < $1.key }.map { name, dotted in
      Key(
        name: name, dotted: dotted,
        values: (try? WordPlace(dotted, in: kind.path))?.values ?? [])
    }
    let derived = kind.derivedKeys.filter { kind.aliases[$0] == nil }
      .map { Key(name: $0, dotted: nil, values: []) }
    let places = Self.places(below: kind.path, prefix: "", seen: []).filter { place in
      !kind.derivedKeys.contains(place.name)
    }
    return derived + short + places
  }

  /// The keys that lead to places in an element; an element within one of its own name is left out.
  private static func places(below path: [String], prefix: String, seen: Set<String>) -> [Key] {
    guard let place = WordTable.standard.place(path) else { return [] }
    var keys = place.attributeOrder.map { name in
      Key(name: prefix + name, dotted: nil, values: place.attributes[name] ?? [])
    }
    for child in place.children where !seen.contains(child) {
      // Kinds of their own.
      if path.isEmpty, WordTable.standard.place([child])?.children.isEmpty == false { continue }
      let inner = WordTable.standard.place(path + [child]) ?? WordTable.Place()
      if inner.isEmpty {
        keys.append(Key(name: prefix + child, dotted: nil, values: ["on", "off"]))
      } else if let values = inner.text {
        keys.append(Key(name: prefix + child, dotted: nil, values: values))
      }
      keys += places(
        below: path + [child], prefix: prefix + child + ".", seen: seen.union([child]))
    }
    return keys
  }

  /// Its names and keys as lines, each with a line end.
  package var text: String {
    var lines: [String] = []
    let others = ([kind.element] + kind.names).filter { $0 != name && !$0.isEmpty }
    let hasText = WordTable.standard.place(kind.path)?.text != nil
    let first =
      hasText
      ? "; its text is \(name)=VALUE" : kind.first.map { "; a first value without a key is \($0)" }
    lines.append(
      name + (others.isEmpty ? "" : ", or \(others.joined(separator: ", "))") + (first ?? ""))
    lines += keys.map { key in
      let values = key.values.isEmpty ? nil : key.values.joined(separator: "|")
      let meaning = [key.dotted, values].compactMap(\.self).joined(separator: ": ")
      return "  " + key.name
        + (meaning.isEmpty
          ? "" : String(repeating: " ", count: max(1, 24 - key.name.count)) + meaning)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The names of all kinds as lines, each with a line end.
  package static var list: String {
    let names = { (isDevice: Bool) in
      kinds.filter { $0.isDevice == isDevice }.map(\.name).joined(separator: "\n  ")
    }
    return "Devices:\n  \(names(true))\nSections:\n  \(names(false))\n"
  }

  // MARK: Completion

  /// What a change in words may go on with: kinds, then keys, then values.
  package static func completions(of text: String) -> [String] {
    guard let end = text.lastIndex(where: { ",:=".contains($0) }) else {
      return kinds.flatMap(\.optionNames).filter { $0.hasPrefix(text) }
    }
    let head = text.prefix { $0 != "," && $0 != ":" && $0 != "=" }
    guard let help = try? WordHelp(String(head)) else { return [] }
    let given = String(text[...end])
    let start = text[text.index(after: end)...]
    switch text[end] {
    case ",": return help.keys.filter { $0.name.hasPrefix(start) }.map { given + $0.name + "=" }
    case "=":
      let key = text[..<end].split(separator: ",").last.map(String.init) ?? ""
      let values = help.keys.first { $0.name == key }?.values ?? []
      return values.filter { $0.hasPrefix(start) }.map { given + $0 }
    default: return []
    }
  }
}
