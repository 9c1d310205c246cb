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
  /// Where each edit ends in the definition as it was, and how far it and those before move what follows.
  private let shifts: [(end: Int, shift: Int)]
  private var elements: [[String]: [Element]] = [:]
  private var byStart: [[String]: [Int: Element]] = [:]

  /// - Parameter edits: what made the result, in their order.
  init(_ result: DomainDefinition, _ edits: [Edit]) {
    editor = DomainEditor(result)
    var shift = 0
    shifts = edits.map { edit in
      shift += edit.replacement.count - edit.range.count
      return (edit.range.upperBound, shift)
    }
  }

  /// The keys that the result does not say as asked.
  mutating func contradictions(_ proof: WordProof) -> [WordPlace] {
    if !proof.arguments.isEmpty {
      let isThere = PassthroughArguments(of: editor.domain).occurrences(of: proof.arguments) > 0
      return isThere ? [] : [WordPlace(steps: [], leaf: .presence)]
    }
    let all = elements(of: proof.kind)
    let editor = editor
    let holds = { (candidate: Element) in
      proof.values.filter { $0.isAsked && !editor.isSame($0, in: candidate) }.map(\.place)
    }
    // Of an element that is not there, what is removed in it is true.
    let missing = proof.values.filter { $0.value != nil }.map(\.place)
    guard let element = proof.element else {
      return all.map(holds).min { $0.count < $1.count } ?? missing
    }
    let start = element.range.lowerBound
    return byStart[proof.kind.path]?[start + shift(at: start)].map(holds) ?? missing
  }

  /// How far the edits before an offset move it.
  private func shift(at offset: Int) -> Int {
    var (low, high) = (0, shifts.count)
    while low < high {
      let middle = (low + high) / 2
      if shifts[middle].end > offset { high = middle } else { low = middle + 1 }
    }
    return low > 0 ? shifts[low - 1].shift : 0
  }

  private mutating func elements(of kind: WordKind) -> [Element] {
    if let known = elements[kind.path] { return known }
    let all = editor.elements(of: kind)
    elements[kind.path] = all
    byStart[kind.path] = Dictionary(all.map { ($0.range.lowerBound, $0) }) { first, _ in first }
    return all
  }
}
