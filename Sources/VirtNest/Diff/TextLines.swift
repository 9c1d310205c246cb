internal import LosslessXML

/// A text as lines of bytes, each with its line feed; the last line may have none.
struct TextLines: Sendable {
  let bytes: [UInt8]
  let ranges: [Range<Int>]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var ranges: [Range<Int>] = []
    var start = 0
    for (index, byte) in bytes.enumerated() where byte == 0x0a {
      ranges.append(start..<index + 1)
      start = index + 1
    }
    if start < bytes.count { ranges.append(start..<bytes.count) }
    self.ranges = ranges
  }

  subscript(line: Int) -> ArraySlice<UInt8> { bytes[ranges[line]] }

  /// The number of the line that `offset` is in; behind a last line feed, the number of lines.
  func line(at offset: Int) -> Int {
    // The end of the text is in its last line where that has no line feed.
    let last = bytes.last == 0x0a ? ranges.count : max(ranges.count - 1, 0)
    return min(ranges.partitioningIndex { $0.upperBound > offset }, last)
  }
}

/// Lines of one text that stand in the place of lines of another.
struct LineChange: Equatable {
  /// Line numbers from 0; empty where lines were only added.
  var old: Range<Int>
  /// Line numbers from 0; empty where lines were only removed.
  var new: Range<Int>

  /// Without the lines that both sides begin and end with.
  func trimmed(_ oldText: TextLines, _ newText: TextLines) -> LineChange {
    let limit = min(old.count, new.count)
    var low = 0
    while low < limit, oldText[old.lowerBound + low] == newText[new.lowerBound + low] { low += 1 }
    var high = 0
    while high < limit - low,
      oldText[old.upperBound - 1 - high] == newText[new.upperBound - 1 - high]
    {
      high += 1
    }
    return LineChange(
      old: old.lowerBound + low..<old.upperBound - high,
      new: new.lowerBound + low..<new.upperBound - high)
  }
}

extension [LineChange] {
  /// The most lines of both sides together that are compared; the time is their product at worst.
  private static var mostCompared: Int { 4_000 }

  /// What turns the lines of `old` into those of `new`, in order, with equal lines between.
  ///
  /// The changes are the fewest possible, unless more than 4,000 lines stand between the equal
  /// beginning and the equal end: those are one change.
  init(from old: TextLines, to new: TextLines) {
    let all = LineChange(old: old.ranges.indices, new: new.ranges.indices)
    let middle = all.trimmed(old, new)
    guard middle.old.count + middle.new.count <= Self.mostCompared else {
      self = [middle]
      return
    }
    let difference = middle.new.map { new[$0] }.difference(from: middle.old.map { old[$0] })
    var (removed, added): (Set<Int>, Set<Int>) = ([], [])
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(middle.old.lowerBound + offset)
      case .insert(let offset, _, _): added.insert(middle.new.lowerBound + offset)
      }
    }
    self = []
    var (oldLine, newLine) = (middle.old.lowerBound, middle.new.lowerBound)
    while oldLine < middle.old.upperBound || newLine < middle.new.upperBound {
      let (oldStart, newStart) = (oldLine, newLine)
      while removed.contains(oldLine) { oldLine += 1 }
      while added.contains(newLine) { newLine += 1 }
      let change = LineChange(old: oldStart..<oldLine, new: newStart..<newLine)
      if !change.isEmpty { append(change) }
      // The lines in which neither side changes are the same on both.
      (oldLine, newLine) = (oldLine + 1, newLine + 1)
    }
  }

  /// The lines that edits of `old` change, which make `new` of it.
  ///
  /// - Parameter edits: Sorted and without overlap.
  init(_ edits: [Edit], from old: TextLines, to new: TextLines) {
    var touched: [LineChange] = []
    var growth = 0
    for edit in edits {
      let start = edit.range.lowerBound + growth
      growth += edit.replacement.count - edit.range.count
      let last = (old.line(at: edit.range.upperBound), new.line(at: edit.range.upperBound + growth))
      let change = LineChange(
        old: old.line(at: edit.range.lowerBound)..<Swift.min(last.0 + 1, old.ranges.count),
        new: new.line(at: start)..<Swift.min(last.1 + 1, new.ranges.count))
      if let before = touched.last,
        change.old.lowerBound < before.old.upperBound
          || change.new.lowerBound < before.new.upperBound
      {
        touched[touched.count - 1].old = before.old.lowerBound..<change.old.upperBound
        touched[touched.count - 1].new = before.new.lowerBound..<change.new.upperBound
      } else {
        touched.append(change)
      }
    }
    self = []
    for change in touched.map({ $0.trimmed(old, new) }) where !change.isEmpty {
      if let before = last, before.old.upperBound == change.old.lowerBound,
        before.new.upperBound == change.new.lowerBound
      {
        self[count - 1].old = before.old.lowerBound..<change.old.upperBound
        self[count - 1].new = before.new.lowerBound..<change.new.upperBound
      } else {
        append(change)
      }
    }
  }
}

extension LineChange {
  fileprivate var isEmpty: Bool { old.isEmpty && new.isEmpty }
}
