/// Lines of one text that stand in the place of lines of another.
struct LineChange: Equatable {
  /// Line numbers from 0; empty where lines were only added.
  var old: Range<Int>
  /// Line numbers from 0; empty where lines were only removed.
  var new: Range<Int>
}

/// What turns the lines of `old` into those of `new`, in order, with unchanged lines between.
///
/// A line is a number here, the same for equal lines. The changes are the fewest possible where few
/// are enough. Where finding those would take long, lines that occur once on both sides hold the
/// rest in place, so that the time stays bounded for texts that have little in common.
func lineChanges(from old: [Int], to new: [Int]) -> [LineChange] {
  var changes: [LineChange] = []
  // A list rather than recursion, whose depth would be the text's to choose.
  var open = [LineChange(old: old.indices, new: new.indices)]
  while let wide = open.popLast() {
    let change = trimmed(wide, old, new)
    if change.old.isEmpty && change.new.isEmpty { continue }
    if change.old.isEmpty || change.new.isEmpty {
      changes.append(change)
    } else if let few = fewestChanges(in: change, old, new) {
      changes += few
    } else if let parts = parts(of: change, old, new) {
      open += parts
    } else {
      changes.append(change)
    }
  }
  changes.sort {
    ($0.old.lowerBound, $0.new.lowerBound) < ($1.old.lowerBound, $1.new.lowerBound)
  }
  return joined(changes)
}

/// `change` without the lines that both sides begin and end with.
private func trimmed(_ change: LineChange, _ old: [Int], _ new: [Int]) -> LineChange {
  let limit = min(change.old.count, change.new.count)
  var low = 0
  while low < limit, old[change.old.lowerBound + low] == new[change.new.lowerBound + low] {
    low += 1
  }
  var high = 0
  while high < limit - low,
    old[change.old.upperBound - 1 - high] == new[change.new.upperBound - 1 - high]
  {
    high += 1
  }
  return LineChange(
    old: change.old.lowerBound + low..<change.old.upperBound - high,
    new: change.new.lowerBound + low..<change.new.upperBound - high)
}

/// Changes where they touch, as one.
private func joined(_ changes: [LineChange]) -> [LineChange] {
  var result: [LineChange] = []
  for change in changes {
    if let last = result.last, last.old.upperBound == change.old.lowerBound,
      last.new.upperBound == change.new.lowerBound
    {
      result[result.count - 1] = LineChange(
        old: last.old.lowerBound..<change.old.upperBound,
        new: last.new.lowerBound..<change.new.upperBound)
    } else {
      result.append(change)
    }
  }
  return result
}

/// `change` cut at the lines that occur once in its old and once in its new side, as far as they
/// are in the same order; `nil` where there are none.
private func parts(of change: LineChange, _ old: [Int], _ new: [Int]) -> [LineChange]? {
  let oldPlaces = placesOfUniqueLines(old, change.old)
  let newPlaces = placesOfUniqueLines(new, change.new)
  let common = oldPlaces.compactMap { line, place in newPlaces[line].map { (place, $0) } }
  let anchors = longestRising(common.sorted { $0.0 < $1.0 })
  guard !anchors.isEmpty else { return nil }
  var parts: [LineChange] = []
  var (oldStart, newStart) = (change.old.lowerBound, change.new.lowerBound)
  for (oldPlace, newPlace) in anchors {
    parts.append(LineChange(old: oldStart..<oldPlace, new: newStart..<newPlace))
    (oldStart, newStart) = (oldPlace + 1, newPlace + 1)
  }
  parts.append(
    LineChange(old: oldStart..<change.old.upperBound, new: newStart..<change.new.upperBound))
  return parts
}

private func placesOfUniqueLines(_ lines: [Int], _ range: Range<Int>) -> [Int: Int] {
  var places: [Int: Int?] = [:]
  for place in range {
    places.updateValue(places[lines[place]] == nil ? place : nil, forKey: lines[place])
  }
  return places.compactMapValues { $0 }
}

/// The longest choice from `pairs` in which the second number rises as the first does.
private func longestRising(_ pairs: [(Int, Int)]) -> [(Int, Int)] {
  // ends[n] is the pair with the smallest second number that ends a rising run of n + 1 pairs.
  var ends: [Int] = []
  var previous = [Int?](repeating: nil, count: pairs.count)
  for (index, pair) in pairs.enumerated() {
    var (low, high) = (0, ends.count)
    while low < high {
      let middle = (low + high) / 2
      if pairs[ends[middle]].1 < pair.1 { low = middle + 1 } else { high = middle }
    }
    previous[index] = low > 0 ? ends[low - 1] : nil
    if low == ends.count { ends.append(index) } else { ends[low] = index }
  }
  var chain: [(Int, Int)] = []
  var next = ends.last
  while let index = next {
    chain.append(pairs[index])
    next = previous[index]
  }
  return chain.reversed()
}
