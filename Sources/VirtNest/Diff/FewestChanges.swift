/// The fewest changes that turn the old side of `change` into the new one, line by line, or `nil`
/// where they are more than 256.
///
/// E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, the greedy form. A point
/// (x, y) has x old lines behind it and y new ones, and lies on diagonal x - y.
func fewestChanges(in change: LineChange, _ old: [Int], _ new: [Int]) -> [LineChange]? {
  let limit = 256
  let (oldStart, newStart) = (change.old.lowerBound, change.new.lowerBound)
  var furthest = Furthest(limit: limit)
  var history: [Furthest] = []
  for edits in 0...limit {
    history.append(furthest)
    for diagonal in stride(from: -edits, through: edits, by: 2) {
      var x = furthest.step(to: diagonal, edits: edits).x
      var y = x - diagonal
      while x < change.old.count, y < change.new.count, old[oldStart + x] == new[newStart + y] {
        x += 1
        y += 1
      }
      furthest[diagonal] = x
      if x >= change.old.count && y >= change.new.count {
        return changes(alongPathTo: (x, y), history, from: (oldStart, newStart))
      }
    }
  }
  return nil
}

/// How far into the old lines the paths have come, for each diagonal.
private struct Furthest {
  private let limit: Int
  private var x: [Int]

  init(limit: Int) {
    self.limit = limit
    x = [Int](repeating: 0, count: 2 * limit + 3)
  }

  subscript(diagonal: Int) -> Int {
    get { x[limit + 1 + diagonal] }
    set { x[limit + 1 + diagonal] = newValue }
  }

  /// The better way to `diagonal` with edit number `edits`: adding a line, or removing one.
  func step(to diagonal: Int, edits: Int) -> (x: Int, isAddition: Bool) {
    let isAddition =
      diagonal == -edits || diagonal != edits && self[diagonal - 1] < self[diagonal + 1]
    return (isAddition ? self[diagonal + 1] : self[diagonal - 1] + 1, isAddition)
  }
}

/// The edits of the path to `end`, one line each, last first in `history` and first first here.
private func changes(
  alongPathTo end: (x: Int, y: Int), _ history: [Furthest], from start: (old: Int, new: Int)
) -> [LineChange] {
  var changes: [LineChange] = []
  var diagonal = end.x - end.y
  for edits in stride(from: history.count - 1, to: 0, by: -1) {
    let step = history[edits].step(to: diagonal, edits: edits)
    // The point behind the edit.
    let (x, y) = (start.old + step.x, start.new + step.x - diagonal)
    if step.isAddition {
      changes.append(LineChange(old: x..<x, new: y - 1..<y))
      diagonal += 1
    } else {
      changes.append(LineChange(old: x - 1..<x, new: y..<y))
      diagonal -= 1
    }
  }
  return changes.reversed()
}
