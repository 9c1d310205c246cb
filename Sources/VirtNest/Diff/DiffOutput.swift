internal import LosslessXML

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
