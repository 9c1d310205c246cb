package import LosslessXML

/// One step of the way to an element: a child's name, by default in no namespace.
package struct Step: Hashable, Sendable, ExpressibleByStringLiteral {
  /// An attribute and its value.
  struct Key: Hashable, Sendable {
    var attribute: String
    var value: String
  }

  package var name: String
  package var namespace: String?
  /// The prefix that a new element takes where none is bound to the namespace.
  var usualPrefix: String?
  /// Which of several is meant, from 0.
  var index = 0
  /// The attribute that picks one of several, as in `entry[name=serial]`.
  var key: Key?

  package init(_ name: String, in namespace: String? = nil, usualPrefix: String? = nil) {
    self.name = name
    self.namespace = namespace
    self.usualPrefix = usualPrefix
  }

  init(_ name: String, index: Int) {
    self.name = name
    self.index = index
  }

  init(_ name: String, key: Key) {
    self.name = name
    self.key = key
  }

  package init(stringLiteral name: String) { self.init(name) }

  static let libosinfo = Step(
    "libosinfo", in: DomainNamespace.libosinfo, usualPrefix: "libosinfo")
  static let libosinfoOS = Step("os", in: DomainNamespace.libosinfo, usualPrefix: "libosinfo")
  static let qemuCommandLine = Step(
    "commandline", in: DomainNamespace.qemu, usualPrefix: "qemu")
}

extension Element {
  /// The names of the elements from below the root to this one.
  var path: [String] {
    var names: [String] = []
    var element = self
    while let parent = element.parent {
      names.append(element.localName)
      element = parent
    }
    return names.reversed()
  }

  /// The element that steps lead to; `nil` where one leads nowhere.
  package func first(_ steps: [Step]) -> Element? {
    var element = self
    for step in steps {
      guard let child = element.child(step) else { return nil }
      element = child
    }
    return element
  }

  /// The child that a step picks.
  func child(_ step: Step) -> Element? {
    if step.index == 0, step.key == nil { return child(step.name, in: step.namespace) }
    let all = children(step.name, in: step.namespace).filter { child in
      step.key.map { child[$0.attribute] == $0.value } ?? true
    }
    return all.indices.contains(step.index) ? all[step.index] : nil
  }

  /// The devices of a `<domain>`: libvirt reads every `<devices>` of it.
  package var devices: [Element] { all(["devices", "*"]) }

  /// The devices of a `<domain>` that have a name.
  package func devices(_ name: String) -> [Element] { all(["devices", Step(name)]) }

  /// The NUMA cells of a `<domain>`.
  var numaCells: [Element] { all(["cpu", "numa", "cell"]) }

  /// A new element that a step picks, with the prefix that is bound here to the step's namespace.
  ///
  /// Where none is, the new element declares the usual one itself; libvirt accepts that.
  func newElement(_ step: Step) -> NewElement {
    var element = NewElement(step.name)
    if let namespace = step.namespace {
      let prefix = prefix(boundTo: namespace)
      if let prefix = prefix ?? step.usualPrefix { element.name = prefix + ":" + step.name }
      if prefix == nil {
        let declaration = step.usualPrefix.map { "xmlns:" + $0 } ?? "xmlns"
        element.setAttribute(declaration, to: namespace)
      }
    }
    if let key = step.key { element.setAttribute(key.attribute, to: key.value) }
    return element
  }
}

extension NewElement {
  /// The name without its prefix.
  var localName: String { String(name.split(separator: ":").last ?? "") }

  /// Whether it has the name and the attribute of a step.
  func isPicked(by step: Step) -> Bool {
    guard localName == step.name else { return false }
    guard let key = step.key else { return true }
    return attributes.contains { $0.name == key.attribute && $0.value == key.value }
  }

  /// Changes the element that steps lead to, which is made where it is missing.
  ///
  /// - Parameters:
  ///   - path: the names of the elements from below `<domain>` to this one.
  ///   - around: the element of the definition in which it is made.
  mutating func change(
    at steps: ArraySlice<Step>, _ path: [String], in around: Element,
    _ change: (inout NewElement) -> Void
  ) {
    guard let step = steps.first else { return change(&self) }
    let fitting = children.indices.filter { children[$0].isPicked(by: step) }
    let index: Int
    if fitting.indices.contains(step.index) {
      index = fitting[step.index]
    } else {
      var child = around.newElement(step)
      child.attributes.removeAll { $0.name.hasPrefix("xmlns") && attributes.contains($0) }
      index = insert(child, path)
    }
    children[index].change(at: steps.dropFirst(), path + [step.name], in: around, change)
  }

  /// Puts a new child where libvirt prints it.
  ///
  /// - Returns: its index.
  @discardableResult
  mutating func insert(_ child: NewElement, _ path: [String]) -> Int {
    let names = DomainEditor.order(in: path)
    let rank = { (element: NewElement) in names.firstIndex(of: element.localName) ?? Int.max }
    let index = children.firstIndex { rank($0) > rank(child) } ?? children.endIndex
    children.insert(child, at: index)
    return index
  }

  /// Sets a value at what a key ends in.
  mutating func set(_ leaf: WordPlace.Leaf, to value: String, _ path: [String]) {
    switch leaf {
    case .attribute(let name):
      setAttribute(name, to: value)
      let order = WordTable.standard.place(path)?.attributeOrder ?? []
      let rank = { (name: String) in order.firstIndex(of: name) ?? Int.max }
      let ranked = attributes.enumerated().map { (rank($1.name), $0, $1) }
      attributes = ranked.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    case .text: text = value
    case .presence: break
    }
  }
}
