internal import LosslessXML

/// The difference between two texts, line by line, in the form that `diff -u` prints and `patch` and
/// `git apply` read.
///
/// Lines are bytes: a carriage return belongs to its line, and nothing need be UTF-8.
package struct UnifiedDiff: Sendable {
  private let old: TextLines
  private let new: TextLines
  private let oldLabel: String
  private let newLabel: String
  private let hunks: [[LineChange]]

  /// How many unchanged lines are shown around a change.
  private static let context = 3

  /// Compares `old` and `new`.
  ///
  /// - Parameters:
  ///   - oldLabel: The name in the line that begins with `---`.
  ///   - newLabel: The name in the line that begins with `+++`.
  package init(from old: [UInt8], to new: [UInt8], oldLabel: String, newLabel: String) {
    (self.old, self.new) = (TextLines(old), TextLines(new))
    (self.oldLabel, self.newLabel) = (oldLabel, newLabel)
    hunks = Self.hunks(of: [LineChange](from: self.old, to: self.new))
  }

  /// Shows what a patch changes, which its edits say.
  ///
  /// - Parameter label: The name of the file, in both of the lines at the beginning.
  package init(_ patch: Patch, label: String) {
    (old, new) = (TextLines(patch.definition.document.bytes), TextLines(patch.bytes))
    (oldLabel, newLabel) = (label, label)
    hunks = Self.hunks(of: [LineChange](patch.edits, from: old, to: new))
  }

  /// Whether the texts are equal.
  package var isEmpty: Bool { hunks.isEmpty }

  /// The text of the difference; no bytes where the texts are equal.
  /// - Parameters:
  ///   - coloured: With the colours that a terminal shows: headers bold, hunk lines cyan,
  ///     old lines red, new lines green. `patch` does not read those.
  ///   - escaped: Whether what is not visible in a line is escaped, as for a terminal.
  package func bytes(coloured: Bool = false, escaped: Bool = false) -> [UInt8] {
    var output = DiffOutput(coloured: coloured, escaped: escaped)
    guard !isEmpty else { return [] }
    output.add("--- \(Self.quoted(oldLabel))\n".utf8, .header)
    output.add("+++ \(Self.quoted(newLabel))\n".utf8, .header)
    for hunk in hunks { add(hunk, to: &output) }
    return output.bytes
  }

  private func add(_ hunk: [LineChange], to output: inout DiffOutput) {
    guard let first = hunk.first, let last = hunk.last else { return }
    let before = min(Self.context, first.old.lowerBound)
    let after = min(Self.context, old.ranges.count - last.old.upperBound)
    let oldLines = first.old.lowerBound - before..<last.old.upperBound + after
    let newLines = first.new.lowerBound - before..<last.new.upperBound + after
    let ranges = "-\(Self.words(for: oldLines)) +\(Self.words(for: newLines))"
    output.add("@@ \(ranges) @@\n".utf8, .hunk)
    var next = oldLines.lowerBound
    for change in hunk {
      for line in next..<change.old.lowerBound { output.add(old[line], after: " ", .context) }
      for line in change.old { output.add(old[line], after: "-", .removed) }
      for line in change.new { output.add(new[line], after: "+", .added) }
      next = change.old.upperBound
    }
    for line in next..<oldLines.upperBound { output.add(old[line], after: " ", .context) }
  }

  /// Changes that belong into one hunk: with no more lines between them than both show as context.
  private static func hunks(of changes: [LineChange]) -> [[LineChange]] {
    var hunks: [[LineChange]] = []
    for change in changes {
      if let last = hunks.last?.last, change.old.lowerBound - last.old.upperBound <= 2 * context {
        hunks[hunks.count - 1].append(change)
      } else {
        hunks.append([change])
      }
    }
    return hunks
  }

  /// First line and number of lines as GNU diff writes them: no number for one line, and the line
  /// before where there are none.
  private static func words(for lines: Range<Int>) -> String {
    switch lines.count {
    case 0: "\(lines.lowerBound),0"
    case 1: "\(lines.lowerBound + 1)"
    default: "\(lines.lowerBound + 1),\(lines.count)"
    }
  }

  /// A name as GNU patch and git read it: in C's quotes where it has a control character, a quote
  /// or a backslash, and with a tab behind it where it has a space.
  private static func quoted(_ label: String) -> String {
    let needsQuotes =
      label.utf8.contains { $0 < 0x20 || $0 == 0x7f || $0 == 0x22 || $0 == 0x5c }
      || label.standsForBytes
    guard needsQuotes else { return label.utf8.contains(0x20) ? label + "\t" : label }
    var text = "\""
    for scalar in label.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f || scalar.byte != nil:
        text += "\\" + (scalar.byte.map(UInt32.init) ?? scalar.value).digits(3, radix: 8)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

/// The lines of a unified diff, with a terminal's colours where they are wanted.
struct DiffOutput {
  /// What a line is, and the number of its colour or weight (ECMA-48, select graphic rendition).
  enum Kind: Int {
    case context = 0
    case header = 1
    case removed = 31
    case added = 32
    case hunk = 36
  }

  let coloured: Bool
  /// Whether what is not visible in a line is escaped, as for a terminal.
  let escaped: Bool
  private(set) var bytes: [UInt8] = []

  init(coloured: Bool, escaped: Bool) {
    self.coloured = coloured
    self.escaped = escaped
  }

  /// Adds a line of the text, and says so where it has no line feed.
  mutating func add(_ line: ArraySlice<UInt8>, after sign: String, _ kind: Kind) {
    add(sign.utf8 + line, kind)
    if line.last != 0x0a {
      bytes += "\n\\ No newline at end of file\n".utf8
    }
  }

  /// Adds a line; its colour ends before its line end, so that it colours nothing else.
  mutating func add(_ line: some Sequence<UInt8>, _ kind: Kind) {
    let isColoured = coloured && kind != .context
    guard isColoured || escaped else {
      bytes += line
      return
    }
    var line = Array(line)
    var end: [UInt8] = []
    while let last = line.last, last == 0x0a || last == 0x0d {
      end.insert(line.removeLast(), at: 0)
    }
    if escaped {
      line = Array(String(decoding: line, as: UTF8.self).visible(keepingTabs: true).utf8)
    }
    if isColoured { bytes += "\u{1b}[\(kind.rawValue)m".utf8 }
    bytes += line
    if isColoured { bytes += "\u{1b}[0m".utf8 }
    bytes += end
  }
}
