internal import LosslessXML

/// The changes in words that turn one definition into what another one means.
///
/// They are found a section and a device at a time, and proved: each is made, and what comes of it is
/// compared with what is wanted, as is the result of all of them.
public struct WordDifference: Sendable {
  /// The changes, in the order in which they are to be made.
  public private(set) var changes: [WordChange] = []
  /// Whether a number has to pick a device that is removed.
  package private(set) var needsNumbers = false
  /// Whether the other definition has an error of the rules that this one has not.
  package internal(set) var needsForce = false
  /// What no change in words brings about.
  public internal(set) var unsaid: [Diagnostic] = []
  /// Whether both mean the same.
  public var isEmpty: Bool { changes.isEmpty && unsaid.isEmpty }

  /// How many devices of a kind are compared behind those that are alike: each with each, and each change
  /// is tried on the whole definition.
  package static let most = 500

  let old: DomainDefinition
  let new: DomainDefinition

  /// Finds the changes that turn a definition into what another one means; `file` is the other one's
  /// name, for what no change says.
  public init(from old: DomainDefinition, to new: DomainDefinition, file: String = "") {
    self.old = old
    self.new = new
    var removals: [WordChange] = []
    var edits: [WordChange] = []
    var additions: [WordChange] = []
    for kind in WordKind.inWords {
      let before = DomainEditor(old).elements(of: kind)
      let after = DomainEditor(new).elements(of: kind)
      if kind.element == "qemu:commandline" {
        edits += passthrough(before, after, kind)
        continue
      }
      if kind.path.isEmpty {
        edits += rootChange(kind)
        continue
      }
      let wanted = kind.isMany ? after : after.filter { !ElementMeaning($0).isEmpty }
      // What begins alike is the same; the rest is looked through pair by pair.
      let alike = zip(before, wanted).prefix { ElementMeaning($0) == ElementMeaning($1) }.count
      let (mine, theirs) = (Array(before.dropFirst(alike)), Array(wanted.dropFirst(alike)))
      guard max(mine.count, theirs.count) <= Self.most else {
        say(
          theirs.first ?? new.domain,
          "from here on more than \(Self.most) \(kind.name) devices would have to be compared")
        continue
      }
      for step in Pairing.all(mine, theirs) {
        switch step {
        case .remove(let element): removals += removal(of: element, kind)
        case .add(let element): additions += addition(of: element, kind)
        case .change(let element, let into):
          if let change = self.edit(element, into, kind) {
            edits += change
          } else if kind.isMany {
            removals += removal(of: element, kind)
            additions += addition(of: into, kind)
          } else {
            say(
              into,
              "no words change this section into that of the other one: "
                + (ElementMeaning(element).difference(to: ElementMeaning(into)) ?? ""))
          }
        }
      }
    }
    compareOthers()
    changes = removals + edits
    // A controller is brought along by what needs it, unless it is there.
    changes += repeated(
      additions.filter { $0.kind == "controller" } + additions.filter { $0.kind != "controller" })
    prove()
    compareWhole()
    unsaid = unsaid.map { $0.about(file) }
  }

  mutating func say(_ element: Element, _ reason: String) {
    unsaid.append(
      .error("word", "<\(element.qualifiedName)>: \(reason)", at: element.place))
  }

  // MARK: Changes of one element

  private mutating func removal(of element: Element, _ kind: WordKind) -> [WordChange] {
    guard !kind.path.isEmpty else { return [] }
    let editor = DomainEditor(old)
    var selector = editor.selector(for: element, kind)
    let count = editor.elements(of: kind).count
    if count > 1, selector == nil { selector = String(count) }
    if let selector, Int(selector) != nil { needsNumbers = true }
    guard
      let change = try? WordChange(
        .remove, WordReading.text(kind, selector: selector, []))
    else {
      say(element, "no words remove it")
      return []
    }
    return [change]
  }

  private func edit(_ element: Element, _ wanted: Element, _ kind: WordKind) -> [WordChange]? {
    let editor = DomainEditor(old)
    let index = editor.elements(of: kind).firstIndex(of: element) ?? 0
    let assignments = changed(from: element, to: wanted, kind)
    guard !assignments.isEmpty else { return nil }
    return change(
      .edit, kind, selector: editor.selector(for: element, kind), assignments, into: wanted
    ) { $0.indices.contains(index) ? $0[index] : nil }.change.map { [$0] }
  }

  private mutating func addition(of wanted: Element, _ kind: WordKind) -> [WordChange] {
    let assignments = WordReading(of: wanted, kind).words.map {
      WordChange.Assignment(key: $0.key, value: $0.value)
    }
    let (change, difference) = change(
      kind.isMany ? .add : .edit, kind, selector: nil, assignments, into: wanted, made: \.last)
    if let change { return [change] }
    say(wanted, "no words add it" + (difference.map { ": what they add differs: \($0)" } ?? ""))
    return []
  }

  /// The change by which an element becomes what is wanted: it asks for what is missing still.
  ///
  /// - Parameter made: finds the element among those of the kind.
  /// - Returns: no change where none is found, and then what differs still.
  private func change(
    _ verb: WordChange.Verb, _ kind: WordKind, selector: String?,
    _ assignments: [WordChange.Assignment], into wanted: Element, made: ([Element]) -> Element?
  ) -> (change: WordChange?, difference: String?) {
    var assignments = assignments
    var difference: String?
    for _ in 0..<4 {
      let text = WordReading.text(kind, selector: selector, assignments)
      guard var change = try? WordChange(verb, text) else { break }
      change.addsEqual = true
      guard let result = apply([change]), let made = made(DomainEditor(result).elements(of: kind))
      else { break }
      change.addsEqual = false
      if same(made, wanted, kind) { return (change, nil) }
      difference = ElementMeaning(made).difference(to: ElementMeaning(wanted))
      guard extend(&assignments, by: changed(from: made, to: wanted, kind)) else { break }
    }
    return (nil, difference)
  }

  /// Additions, each as often as it takes to add beside devices that have all that it asks for: of
  /// equal additions, the first are satisfied by these.
  private func repeated(_ additions: [WordChange]) -> [WordChange] {
    var result: [WordChange] = []
    var seen: Set<WordChange> = []
    for change in additions {
      guard seen.insert(change).inserted, let kind = try? WordKind.named(change.kind), kind.isMany
      else {
        result.append(change)
        continue
      }
      let wanted = additions.count { $0 == change }
      let count = { (all: [WordChange]) in
        apply(changes + all).map { DomainEditor($0).elements(of: kind).count }
      }
      let before = count([]) ?? 0
      let most = DomainEditor(old).elements(of: kind).count
      let extra = (0...most).first { extra in
        count(Array(repeating: change, count: wanted + extra)) == before + wanted
      }
      result += Array(repeating: change, count: 1 + (extra ?? 0))
    }
    return result
  }

  /// What has to be set and removed for an element to become what is wanted.
  private func changed(
    from element: Element, to wanted: Element, _ kind: WordKind
  ) -> [WordChange.Assignment] {
    let old = WordReading(of: element, kind).words
    let new = WordReading(of: wanted, kind).words
    let values = Dictionary(
      old.map { ($0.place, $0.value) }, uniquingKeysWith: { first, _ in first })
    let kept = Set(new.map(\.place))
    var assignments: [WordChange.Assignment] = []
    var gone: Set<String> = []
    for word in old where !kept.contains(word.place) {
      // The outermost element that goes says it for all in it.
      var steps: [Step] = []
      var key = word.key
      for step in word.place.steps {
        steps.append(step)
        guard WordPlace(steps: steps, leaf: .presence).value(in: wanted) == nil else { continue }
        key = kind.key(for: WordPlace(steps: steps, leaf: .presence), value: "") ?? key
        if let text = kind.key(for: WordPlace(steps: steps, leaf: .text), value: "") { key = text }
        break
      }
      if gone.insert(key).inserted { assignments.append(.init(key: key, value: "")) }
    }
    for word in new where values[word.place] != word.value {
      assignments.append(.init(key: word.key, value: word.value))
    }
    // What is said in brackets of an element's text comes behind it.
    return assignments.filter(\.key.isEmpty) + assignments.filter { !$0.key.isEmpty }
  }

  /// Adds assignments; `false` where nothing new is among them.
  private func extend(
    _ assignments: inout [WordChange.Assignment], by more: [WordChange.Assignment]
  ) -> Bool {
    let new = more.filter { one in !assignments.contains { $0 == one } }
    assignments.removeAll { old in new.contains { $0.key == old.key } }
    assignments += new
    return !new.isEmpty
  }

  func same(_ left: Element, _ right: Element, _ kind: WordKind) -> Bool {
    let (left, right) = (ElementMeaning(left), ElementMeaning(right))
    guard kind.path.isEmpty else { return left == right }
    // Most children of the root are sections of their own.
    let sections = { (meaning: ElementMeaning) in
      meaning.children.filter { WordKind.rootSections.contains($0.name) }
    }
    return left.attributes == right.attributes && sections(left) == sections(right)
  }

  /// What changes at the root, and which system it says the guest has.
  private func rootChange(_ kind: WordKind) -> [WordChange] {
    var assignments = changed(from: old.domain, to: new.domain, kind)
    if old.domain.system != new.domain.system {
      assignments.append(.init(key: "os_full_id", value: new.domain.system ?? ""))
    }
    guard !assignments.isEmpty else { return [] }
    let text = WordReading.text(kind, selector: nil, assignments)
    return (try? WordChange(.edit, text)).map { [$0] } ?? []
  }

  private mutating func passthrough(
    _ before: [Element], _ after: [Element], _ kind: WordKind
  ) -> [WordChange] {
    let old = before.flatMap { WordReading(of: $0, kind).words }
    let new = after.flatMap { WordReading(of: $0, kind).words }
    guard old != new else { return [] }
    let text = { (words: [WordReading.Word]) in
      WordReading.text(
        kind, selector: nil, words.map { WordChange.Assignment(key: $0.key, value: $0.value) })
    }
    if new.isEmpty { return (try? WordChange(.remove, kind.name)).map { [$0] } ?? [] }
    if old.isEmpty { return (try? WordChange(.add, text(new))).map { [$0] } ?? [] }
    let all = text(new).replacing(
      kind.name + ",", with: kind.name + ",clearxml=yes,", maxReplacements: 1)
    return (try? WordChange(.edit, all)).map { [$0] } ?? []
  }
}

extension Element {
  /// The children of a `<domain>` that are said by words of the guest as a whole.
  var rootSections: [Element] {
    children.filter { $0.namespace == nil && WordKind.rootSections.contains(TextKey($0.localName)) }
  }

  /// libosinfo's id of the system that a `<domain>` says the guest has.
  var system: String? { first(["metadata", .libosinfo, .libosinfoOS])?["id"] }
}
