extension Changes {
  /// Sets the text of an element without child elements; nothing changes where it is that already.
  ///
  /// Comments in it stay, and a CDATA section stays one. `keepingSpace` leaves white space around the
  /// text where it is, for values to which it means nothing.
  public mutating func setText(
    of element: Element, to value: String, keepingSpace: Bool = false
  ) {
    guard element.text != value else { return }
    let bytes = document.bytes
    if element.isSelfClosed {
      open(element, content: Escaping.text(value))
      return
    }
    let runs = TextRun.runs(in: element.content, of: bytes)
    let isBlank = { (run: TextRun) in bytes[run.range].allSatisfy(\.isXMLSpace) }
    guard let first = runs.first(where: { !isBlank($0) }) ?? runs.first else {
      let end = element.content.upperBound
      fill(end..<end, with: Escaping.text(value))
      return
    }
    var range = first.range
    if keepingSpace, !isBlank(first) {
      while bytes[range.lowerBound].isXMLSpace { range = range.lowerBound + 1..<range.upperBound }
      while bytes[range.upperBound - 1].isXMLSpace {
        range = range.lowerBound..<range.upperBound - 1
      }
    }
    switch first.kind {
    case .plain: replace(range, with: Escaping.text(value))
    case .cdata where Self.fitsCDATA(value):
      replace(range, with: Array(value.utf8))
    case .cdata:
      let section = first.range.lowerBound - 9..<first.range.upperBound + 3
      replace(section, with: Escaping.text(value))
    }
    for run in runs where run.range != first.range && !(keepingSpace && isBlank(run)) {
      let section = run.range.lowerBound - 9..<run.range.upperBound + 3
      replace(run.kind == .plain ? run.range : section, with: [])
    }
  }

  /// Sets one run of text, as it stands between tags and comments.
  ///
  /// A single CDATA section stays one.
  public mutating func setText(in range: Range<Int>, to value: String) {
    let runs = TextRun.runs(in: range, of: document.bytes)
    var meaning: [UInt8] = []
    for run in runs { run.append(to: &meaning, document.bytes) }
    guard !meaning.elementsEqual(value.utf8) else { return }
    if runs.count == 1, runs[0].kind == .cdata, Self.fitsCDATA(value) {
      fill(runs[0].range, with: Array(value.utf8))
    } else {
      fill(range, with: Escaping.text(value))
    }
  }

  private static func fitsCDATA(_ value: String) -> Bool {
    !value.contains("]]>") && !value.utf8.contains(0x0D)
  }
}
