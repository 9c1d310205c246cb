internal import LosslessXML

/// What a device or section says, in words.
struct WordReading {
  /// A key and what it says.
  struct Word: Hashable {
    var key: String
    var place: WordPlace
    var value: String
  }

  let kind: WordKind
  /// What can be said in words, in the order of the definition.
  private(set) var words: [Word] = []
  /// Where there is something that no word says.
  private(set) var others: [Element] = []

  init(of element: Element, _ kind: WordKind) {
    self.kind = kind
    if kind.element == "qemu:commandline" {
      readPassthrough(element)
    } else {
      read(element, steps: [])
    }
    if kind.name == "memdev" { nameUnits() }
  }

  /// Names the unit of sizes that have none: it is KiB, and a number alone would be taken for MiB.
  private mutating func nameUnits() {
    for key in WordKind.sizesOfMemoryDevice {
      guard let size = try? WordPlace(key, in: kind.path),
        let unit = try? WordPlace(key + ".unit", in: kind.path),
        let index = words.firstIndex(where: { $0.place == size }),
        !words.contains(where: { $0.place == unit })
      else { continue }
      words.insert(Word(key: key + ".unit", place: unit, value: "KiB"), at: index + 1)
    }
  }

  /// Reads a section that has no kind of its own, in words of the guest as a whole.
  init(ofRootSection element: Element) {
    kind = .root
    read(element, steps: [Step(element.localName)])
  }

  private mutating func read(_ element: Element, steps: [Step]) {
    var isComplete = true
    for attribute in element.ownAttributes {
      let leaf = WordPlace.Leaf.attribute(element.name(of: attribute))
      isComplete = add(steps, leaf, element.value(of: attribute)) && isComplete
    }
    let isRoot = kind.path.isEmpty && steps.isEmpty
    let children = isRoot ? element.rootSections : Array(element.children)
    let text = isRoot ? "" : element.text.trimmingSpaces
    if children.isEmpty, !text.isEmpty {
      isComplete = add(steps, .text, text) && isComplete
    } else if children.isEmpty, element.attributes.isEmpty, !steps.isEmpty {
      isComplete = add(steps, .presence, "on") && isComplete
    } else if !isRoot, element.hasMixedText {
      isComplete = false
    }
    if !isComplete { others.append(element) }
    var counts: [TextKey: Int] = [:]
    for child in children {
      guard child.namespace == nil else {
        others.append(child)
        continue
      }
      let name = child.localName
      let index = counts[TextKey(name), default: 0]
      read(child, steps: steps + [Step(name, index: index)])
      counts[TextKey(name)] = index + 1
    }
  }

  /// Adds a word; `false` where there is none for the place.
  private mutating func add(
    _ steps: [Step], _ leaf: WordPlace.Leaf, _ value: String
  ) -> Bool {
    let place = WordPlace(steps: steps, leaf: leaf)
    guard !value.isEmpty, let key = kind.key(for: place, value: value) else { return false }
    words.append(Word(key: key, place: place, value: value))
    return true
  }

  private mutating func readPassthrough(_ element: Element) {
    let arguments = element.children("arg", in: DomainNamespace.qemu).map { $0["value"] ?? "" }
    let variables = element.children("env", in: DomainNamespace.qemu).map {
      ($0["name"] ?? "") + "=" + ($0["value"] ?? "")
    }
    let place = { (name: String) in WordPlace(steps: [], leaf: .attribute(name)) }
    if !arguments.isEmpty {
      let text = arguments.map { shellWord($0) == $0 ? $0 : "'" + insideSingleQuotes($0) + "'" }
        .joined(separator: " ")
      words.append(Word(key: "args", place: place("args"), value: text))
    }
    words += variables.map { Word(key: "env", place: place("env"), value: $0) }
  }

  /// The words as the end of a change, such as `cache=none,bus=virtio`.
  static func text(of assignments: [WordChange.Assignment]) -> String {
    assignments.map { $0.key + "=" + escaped($0.value) }.joined(separator: ",")
  }

  /// A value as it is written: a comma doubled, and quotes around one that has quotes around it.
  private static func escaped(_ value: String) -> String {
    let doubled = value.replacing(",", with: ",,")
    guard value.count > 1, let first = value.first, first == value.last, "'\"".contains(first)
    else { return doubled }
    return (first == "'" ? "\"" : "'") + doubled + (first == "'" ? "\"" : "'")
  }

  /// The text of a change of a kind: `disk:vda,cache=none`, `memory=8,unit=GiB`.
  static func text(
    _ kind: WordKind, selector: String?, _ assignments: [WordChange.Assignment]
  ) -> String {
    let head = kind.name + (selector.map { ":" + $0.replacing(",", with: ",,") } ?? "")
    // The text of a section stands behind its name.
    let own = selector == nil ? assignments.filter(\.key.isEmpty) : []
    let rest = assignments.filter { !$0.key.isEmpty || selector != nil }
    return head + own.map { "=" + escaped($0.value) }.joined()
      + (rest.isEmpty ? "" : "," + text(of: rest))
  }
}

extension WordKind {
  /// The key that leads to a place: virt-install's where it has one; `nil` where none does.
  func key(for place: WordPlace, value: String) -> String? {
    let leads = { (key: String) in
      let found = WordPlace(known: key, for: value, in: path)
      return found?.steps == place.steps && found?.leaf == place.leaf
    }
    if place.steps.isEmpty, place.leaf == .text { return "" }
    // Such a key says more than the place; the model of a CPU is the same with what it brings along.
    let isOwn = { (key: String) in
      !derivedKeys.contains(key) || key == "model" || aliases[key] != nil
    }
    let parts = place.steps.map { $0.name + ($0.index > 0 ? String($0.index) : "") }
    // With its number a place is itself, where the plain key stands for several.
    let numbered = place.steps.map { $0.name + String($0.index) }
    let end: [String] = if case .attribute(let name) = place.leaf { [name] } else { [] }
    let plain = [parts, numbered].map { ($0 + end).joined(separator: ".") }.first {
      (isOwn($0) || place.steps.isEmpty) && leads($0)
    }
    let short = aliases.filter { isOwn($0.key) && leads($0.value) }.keys.min {
      ($0.count, $0) < ($1.count, $1)
    }
    guard let plain, let short else { return plain ?? short }
    return short.count < plain.count ? short : plain
  }
}

extension Element {
  /// Whether there is text beside its children.
  fileprivate var hasMixedText: Bool {
    let count = { (element: Element) in
      element.text.unicodeScalars.count { !$0.properties.isWhitespace }
    }
    let children = Array(children)
    return !children.isEmpty && count(self) > children.reduce(0) { $0 + count($1) }
  }
}

/// What an element means to libvirt: comments, white space, quotes, and the order of attributes and of
/// children of different names are left out.
struct ElementMeaning: Hashable {
  var name: TextKey
  var namespace: TextKey?
  var attributes: [TextKey: TextKey] = [:]
  var text: TextKey?
  var children: [ElementMeaning] = []

  init(_ element: Element) {
    name = TextKey(element.localName)
    namespace = element.namespace.map { TextKey($0) }
    for attribute in element.ownAttributes {
      attributes[TextKey(element.name(of: attribute))] = TextKey(element.value(of: attribute))
    }
    let all = Array(element.children)
    let own = element.text.trimmingSpaces
    if !own.isEmpty, all.isEmpty || element.hasMixedText { text = TextKey(own) }
    children = all.enumerated().map { (order: ($1.localName, $0), element: $1) }
      .sorted { $0.order < $1.order }.map { ElementMeaning($0.element) }
  }

  /// What the first difference to another element is, in words; `nil` where both mean the same.
  func difference(to other: ElementMeaning, at path: String = "") -> String? {
    let path = (path.isEmpty ? "" : path + "/") + name.text
    for name in Set(attributes.keys).union(other.attributes.keys).sorted(by: { $0.text < $1.text })
    {
      if let text = Self.difference(
        attributes[name], other.attributes[name], "\(path)/@\(name.text)")
      {
        return text
      }
    }
    if let difference = Self.difference(text, other.text, "the text of \(path)") {
      return difference
    }
    for name in Set((children + other.children).map(\.name)).sorted(by: { $0.text < $1.text }) {
      // An empty section says nothing.
      let isMeant = { (child: ElementMeaning) in
        child.name == name && !(path == "domain" && child.isEmpty)
      }
      let (own, others) = (children.filter(isMeant), other.children.filter(isMeant))
      if own.count != others.count {
        return "\(path) has \(own.count) <\(name.text)>, and there it has \(others.count)"
      }
      for (left, right) in zip(own, others) {
        if left.namespace != right.namespace {
          return
            "\(path)/\(name.text) is in the namespace '\(left.namespace?.text ?? "")', and there"
            + " in '\(right.namespace?.text ?? "")'"
        }
        if let difference = left.difference(to: right, at: path) { return difference }
      }
    }
    return nil
  }

  private static func difference(_ own: TextKey?, _ other: TextKey?, _ what: String) -> String? {
    switch (own?.text, other?.text) {
    case (let own?, let other?):
      TextKey(own) == TextKey(other) ? nil : "\(what) is '\(own)', and '\(other)' there"
    case (let own?, nil): "\(what) is '\(own)', and not there"
    case (nil, let other?): "\(what) is '\(other)' there, and not here"
    case (nil, nil): nil
    }
  }

  /// Whether it says nothing by itself.
  var isEmpty: Bool { attributes.isEmpty && text == nil && children.isEmpty }
}
