internal import LosslessXML

/// What a change in words must be found to have done.
struct WordProof {
  let kind: WordKind
  let values: [WordValue]
  /// The element in the definition as it was; `nil` for a new one.
  let element: Element?
  /// QEMU's arguments that are passed through.
  var arguments: [String] = []
}

/// A result, in which proofs are looked for.
struct ProvenResult {
  private let editor: DomainEditor
  private let places: MovedPlaces
  private var elements: [[String]: [Element]] = [:]
  private var byStart: [[String]: [Int: Element]] = [:]

  /// - Parameter edits: what made the result, in their order.
  init(_ result: DomainDefinition, _ edits: [Edit]) {
    editor = DomainEditor(result)
    places = MovedPlaces(edits)
  }

  /// The keys that the result does not say as asked.
  mutating func contradictions(_ proof: WordProof) -> [WordPlace] {
    if !proof.arguments.isEmpty {
      let isThere = PassthroughArguments(of: editor.domain).occurrences(of: proof.arguments) > 0
      return isThere ? [] : [WordPlace(steps: [], leaf: .presence)]
    }
    let all = elements(of: proof.kind)
    let holds = { (candidate: Element) in
      proof.values.filter { $0.isAsked && !$0.isSaid(by: candidate) }.map(\.place)
    }
    // Of an element that is not there, what is removed in it is true.
    let missing = proof.values.filter { $0.value != nil }.map(\.place)
    guard let element = proof.element else {
      return all.map(holds).min { $0.count < $1.count } ?? missing
    }
    let start = places.offset(of: element.range.lowerBound)
    return byStart[proof.kind.path]?[start].map(holds) ?? missing
  }

  private mutating func elements(of kind: WordKind) -> [Element] {
    if let known = elements[kind.path] { return known }
    let all = editor.elements(of: kind)
    elements[kind.path] = all
    byStart[kind.path] = Dictionary(all.map { ($0.range.lowerBound, $0) }) { first, _ in first }
    return all
  }
}
