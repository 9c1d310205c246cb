internal import LosslessXML

/// Collects what should be different in a definition, element by element.
///
/// Elements that are missing on the way to a place are made once, and put where libvirt prints
/// them.
struct DomainEditor {
  let domain: Element
  var changes: Changes
  var diagnostics: [Diagnostic] = []
  private var additions: [Addition] = []
  /// The indexes in `additions` of what is added to an element.
  private var additionIndexes: [Element: [Int]] = [:]
  private var attributes: [PendingAttribute] = []
  private var fromContainers: Set<Element> = []

  /// Where the value of an attribute is in `attributes`.
  private var attributeIndexes: [AttributeKey: Int] = [:]

  private struct AttributeKey: Hashable {
    var element: Element
    var name: TextKey
  }

  private struct PendingAttribute {
    var element: Element
    var name: String
    var value: String
  }

  /// A new element under one that exists.
  private struct Addition {
    var parent: Element
    var element: NewElement
  }

  /// The name that the guest will have, from which addresses derive.
  var newName: String?
  /// The devices and sections that words remove.
  var removed: Set<Element> = []
  /// What words set in devices and sections that are there.
  var edited: [Element: [WordPlace: String?]] = [:]
  /// Whether what a pseries guest cannot have goes.
  var mendsForPSeries = false
  /// The kinds of what words change, in small letters.
  var wordKinds: Set<String> = []
  /// How many words and expressions change it.
  var otherChanges = 0
  /// What must be found in the result.
  var proofs: [WordProof] = []
  /// The text that is mixed into derived addresses.
  var identityText: String?

  init(_ definition: DomainDefinition) {
    domain = definition.domain
    newName = domain.child("name")?.text
    changes = Changes(definition.document)
  }

  // MARK: Diagnostics

  /// Says why the changes cannot be made.
  mutating func refuse(_ message: String, advice: Advice? = nil, at element: Element? = nil) {
    diagnostics.append(.error("change", message, advice: advice, at: element?.place))
  }

  /// Says what a word does beside what it asks for, or that it is done.
  mutating func note(_ message: String, at element: Element? = nil) {
    diagnostics.append(.note("word", message, at: element?.place))
  }

  // MARK: Places

  /// Sets the text of the element at a place.
  ///
  /// - Parameter keepingSpace: for values to which white space around them means nothing.
  mutating func setText(at path: [Step], to value: String, keepingSpace: Bool = false) {
    if let element = domain.first(path) {
      changes.setText(of: element, to: value, keepingSpace: keepingSpace)
    } else {
      make(path) { $0.text = value }
    }
  }

  /// Sets an attribute of the element at a place.
  mutating func setAttribute(_ name: String, at path: [Step], to value: String) {
    if let element = domain.first(path) {
      setAttribute(name, of: element, to: value)
    } else {
      make(path) { $0.setAttribute(name, to: value) }
    }
  }

  /// Removes what is at a place, once or several times; nothing changes where there is none.
  mutating func remove(at path: [Step]) {
    guard let name = path.last else { return }
    let parent = domain.first(Array(path.dropLast()))
    for element in parent?.children(name.name, in: name.namespace) ?? [] {
      changes.remove(element)
    }
  }

  /// Makes the element at a place where there is none.
  mutating func ensure(at path: [Step]) {
    if domain.first(path) == nil { make(path) { _ in } }
  }

  // MARK: Elements

  /// Sets an attribute; the last of several values for one counts.
  mutating func setAttribute(_ name: String, of element: Element, to value: String) {
    let key = AttributeKey(element: element, name: TextKey(name))
    if let index = attributeIndexes[key] {
      attributes[index].value = value
    } else {
      attributeIndexes[key] = attributes.count
      attributes.append(PendingAttribute(element: element, name: name, value: value))
    }
  }

  /// The value that an attribute will have.
  func attribute(_ name: String, of element: Element) -> String? {
    attributeIndexes[AttributeKey(element: element, name: TextKey(name))]
      .map { attributes[$0].value } ?? element[name]
  }

  /// Whether something in an element is changed, or the element is removed.
  func touches(_ element: Element) -> Bool {
    changes.touch(element)
      || attributes.contains { element.range.contains($0.element.range.lowerBound) }
      || additions.contains { element.range.contains($0.parent.range.lowerBound) }
  }

  /// Removes an element that was inserted into a container, and the container when it is empty.
  mutating func removeFromContainer(_ element: Element) { fromContainers.insert(element) }

  /// Adds an element beside others of its name.
  mutating func add(_ element: NewElement, to path: [Step]) {
    if let parent = domain.first(path) {
      add(element, toExisting: parent)
    } else {
      make(path) { $0.insert(element, path.map(\.name)) }
    }
  }

  /// Adds an element at the place that libvirt gives it in an element that exists.
  mutating func add(_ element: NewElement, toExisting parent: Element) {
    additionIndexes[parent, default: []].append(additions.count)
    additions.append(Addition(parent: parent, element: element))
  }

  /// Changes the new child of an element that exists, which is made where there is none yet.
  ///
  /// - Parameter step: its name, and its number among the parent's children of this name, old and new,
  ///   or the attribute that picks it.
  mutating func addOrExtend(
    _ step: Step, in parent: Element, _ change: (inout NewElement) -> Void
  ) {
    let known = (additionIndexes[parent] ?? []).filter {
      additions[$0].element.isPicked(by: step)
    }
    let old = step.key == nil ? parent.children(step.name, in: step.namespace).count : 0
    let number = max(0, step.index - old)
    if !known.indices.contains(number) { add(parent.newElement(step), toExisting: parent) }
    change(&additions[known.indices.contains(number) ? known[number] : additions.count - 1].element)
  }

  /// Whether a child of a name is added to an element.
  func hasAddition(named name: String, in parent: Element) -> Bool {
    (additionIndexes[parent] ?? []).contains { additions[$0].element.name == name }
  }

  /// The elements of a name that are added.
  func newElements(named name: String) -> [NewElement] {
    additions.flatMap { addition in
      addition.element.name == name
        ? [addition.element] : addition.element.children.filter { $0.name == name }
    }
  }

  /// Changes the new element at steps below an element that exists; what is missing on the way is made.
  mutating func make(
    _ steps: [Step], in element: Element? = nil, _ change: (inout NewElement) -> Void
  ) {
    var parent = element ?? domain
    var rest = steps[...]
    while let step = rest.first, let child = parent.child(step) {
      parent = child
      rest.removeFirst()
    }
    guard let first = rest.popFirst() else { return }
    let path = parent.path + [first.name]
    addOrExtend(first, in: parent) { $0.change(at: rest, path, in: parent, change) }
  }

  /// The names of the children of a place in the order in which libvirt prints them.
  static func order(in place: [String]) -> [String] {
    // libvirt's schema wants QEMU's arguments before its variables.
    place == ["commandline"]
      ? ["arg", "env"] : WordTable.standard.place(place)?.children ?? []
  }

  /// The changes, with every new element at its place.
  func resolved() -> Changes {
    var changes = changes
    for attribute in attributes where !fromContainers.contains(attribute.element) {
      changes.setAttribute(attribute.name, of: attribute.element, to: attribute.value)
    }
    removeFromContainers(&changes)
    let rank = { (addition: Addition) in
      Self.order(in: addition.parent.path).firstIndex(of: addition.element.localName) ?? Int.max
    }
    let ranks = additions.map(rank)
    let inOrder = additions.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    for index in inOrder {
      let addition = additions[index]
      let anchor = addition.parent.lastChild(before: addition.element.localName)
      if ["features", "commandline"].contains(addition.parent.localName) {
        changes.insert([addition.element], intoContainer: addition.parent, behind: anchor)
      } else {
        changes.insert(container: addition.element, into: addition.parent, behind: anchor)
      }
    }
    return changes
  }

  private func removeFromContainers(_ changes: inout Changes) {
    guard !fromContainers.isEmpty else { return }
    let groups = Dictionary(grouping: fromContainers) { $0.parent }
    for (container, children) in groups {
      let inOrder = children.sorted { $0.row < $1.row }
      if container.map({ additionIndexes[$0] != nil }) == true {
        for child in inOrder { changes.remove(child) }
      } else {
        changes.removeWithEmptyContainer(inOrder)
      }
    }
  }
}

extension Element {
  /// The last child that libvirt prints before a new one of a name, or beside it; a name that is not
  /// known comes last.
  func lastChild(before name: String) -> Element? {
    let names = DomainEditor.order(in: path)
    let rank = names.firstIndex(of: name) ?? Int.max
    var last: Element?
    // Most definitions are in libvirt's order: the search goes on where it last found something.
    var start = 0
    for child in children {
      let found = child.firstMatch(among: names, from: start)
      start = found ?? start
      if (found ?? Int.max) <= rank { last = child }
    }
    return last
  }
}
