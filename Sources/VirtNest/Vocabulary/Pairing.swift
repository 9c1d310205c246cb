internal import LosslessXML

/// What becomes of an element where one list of elements becomes another.
enum Pairing {
  case remove(Element)
  case change(Element, into: Element)
  case add(Element)

  /// What becomes of each element: the order is kept, and new ones come last, since that is where
  /// they are added.
  static func all(_ before: [Element], _ after: [Element]) -> [Pairing] {
    let old = before.map { ElementMeaning($0).parts }
    let new = after.map { ElementMeaning($0).parts }
    // The least cost of the first elements of `before`, the first of `after` being what is left.
    var costs = Array(
      repeating: Array(repeating: Int.max / 2, count: after.count + 1), count: before.count + 1)
    costs[0][0] = 0
    for i in before.indices {
      for j in 0...min(i, after.count) {
        costs[i + 1][j] = min(costs[i + 1][j], costs[i][j] + old[i].count + 2)
        guard j < after.count else { continue }
        let changed = old[i].symmetricDifference(new[j]).count
        costs[i + 1][j + 1] = min(costs[i + 1][j + 1], costs[i][j] + changed)
      }
    }
    var added = 0
    var best = (cost: Int.max, count: 0)
    for j in (0...after.count).reversed() {
      if j < after.count { added += new[j].count + 2 }
      let cost = costs[before.count][j] + added
      if cost < best.cost { best = (cost, j) }
    }
    var steps: [Pairing] = after[best.count...].reversed().map { .add($0) }
    var (i, j) = (before.count, best.count)
    while i > 0 {
      if costs[i][j] == costs[i - 1][j] + old[i - 1].count + 2 {
        steps.append(.remove(before[i - 1]))
      } else {
        steps.append(.change(before[i - 1], into: after[j - 1]))
        j -= 1
      }
      i -= 1
    }
    return steps.reversed().filter { step in
      if case .change(let old, let new) = step {
        ElementMeaning(old) != ElementMeaning(new)
      } else {
        true
      }
    }
  }
}

extension ElementMeaning {
  /// Each thing that is said, for a comparison of how much two have in common.
  fileprivate var parts: Set<TextKey> {
    var parts: Set<TextKey> = []
    collect(into: &parts, "")
    return parts
  }

  private func collect(into parts: inout Set<TextKey>, _ path: String) {
    for (name, value) in attributes {
      parts.insert(TextKey("\(path)@\(name.text)=\(value.text)"))
    }
    if let text { parts.insert(TextKey("\(path)=\(text.text)")) }
    for (index, child) in children.enumerated() {
      let number = children[..<index].count { $0.name == child.name }
      let place = "\(path)/\(child.name.text)\(number)"
      parts.insert(TextKey(place))
      child.collect(into: &parts, place)
    }
  }
}
