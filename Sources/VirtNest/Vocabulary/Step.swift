package import LosslessXML

/// One step of the way from `<domain>` to an element: a child's name, by default in no namespace.
package struct Step: Hashable, Sendable, ExpressibleByStringLiteral {
  package var name: String
  package var namespace: String?
  /// The prefix that a new element takes where none is bound to the namespace.
  var usualPrefix: String?

  package init(_ name: String, in namespace: String? = nil, usualPrefix: String? = nil) {
    self.name = name
    self.namespace = namespace
    self.usualPrefix = usualPrefix
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

  /// The first element on the way of steps; `nil` where a step leads nowhere.
  package func first(_ path: [Step]) -> Element? {
    var element = self
    for step in path {
      guard let child = element.child(step.name, in: step.namespace) else { return nil }
      element = child
    }
    return element
  }

  /// The devices of a `<domain>`: libvirt reads every `<devices>` of it.
  package var devices: [Element] { children("devices").flatMap(\.children) }

  /// The devices of a `<domain>` that have a name.
  package func devices(_ name: String) -> [Element] {
    children("devices").flatMap { $0.children(name) }
  }

  /// The NUMA cells of a `<domain>`.
  var numaCells: [Element] {
    children("cpu").flatMap { $0.children("numa") }.flatMap { $0.children("cell") }
  }

  /// A new element's name here: with the prefix that is bound to the step's namespace.
  ///
  /// Where none is, the new element declares the usual one itself; libvirt accepts that.
  func newElement(_ step: Step) -> NewElement {
    guard let namespace = step.namespace else { return NewElement(step.name) }
    if let prefix = prefix(boundTo: namespace) { return NewElement(prefix + ":" + step.name) }
    guard let prefix = step.usualPrefix else { return NewElement(step.name, ["xmlns": namespace]) }
    return NewElement(prefix + ":" + step.name, ["xmlns:" + prefix: namespace])
  }
}
