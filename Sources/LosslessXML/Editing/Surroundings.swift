/// What the bytes around a place look like: lines, indentation, quotes.
///
/// What was found out about an element is remembered, so that many insertions into one parent look
/// through its children once.
struct Surroundings {
  let document: Document
  private var steps: [Int: [UInt8]?] = [:]
  private var childIndentations: [Int: [UInt8]?] = [:]
  private var quotes: [Int: UInt8?] = [:]
  private var bytes: [UInt8] { document.bytes }

  init(_ document: Document) { self.document = document }

  /// White space before an element where nothing else stands before it on its line.
  func indentation(before element: Element) -> [UInt8]? {
    guard let lineStart = lineStart(before: element.range.lowerBound) else { return nil }
    return Array(bytes[lineStart..<element.range.lowerBound])
  }

  /// The start of the line where only blanks stand between it and an offset.
  private func lineStart(before offset: Int) -> Int? {
    var index = offset
    while index > 0, bytes[index - 1].isBlank { index -= 1 }
    if index == 0 { return index }
    return bytes[index - 1] == 0x0A ? index : nil
  }

  /// The end of the line, before its line end, where nothing but blanks (and comments, where they
  /// are let pass) stands between it and an offset.
  func endOfLine(behind offset: Int, passingComments: Bool) -> Int? {
    var index = offset
    while index < bytes.count {
      if bytes[index].isBlank {
        index += 1
      } else if passingComments, bytes[index...].starts(with: "<!--".utf8) {
        let comment = Markup.pieces(in: index..<bytes.count, of: bytes, most: 1)
        guard let end = comment.first?.range.upperBound else { return nil }
        index = end
      } else {
        return lineEnd(at: index) == nil ? nil : index
      }
    }
    return nil
  }

  /// The line end at an offset: CR LF or LF.
  func lineEnd(at offset: Int) -> [UInt8]? {
    guard offset < bytes.count else { return nil }
    if bytes[offset] == 0x0A { return [0x0A] }
    if bytes[offset] == 0x0D, offset + 1 < bytes.count, bytes[offset + 1] == 0x0A {
      return [0x0D, 0x0A]
    }
    return nil
  }

  /// The range of an element and, where it has its lines to itself, the line end and the
  /// indentation before it and the blanks behind it.
  ///
  /// Taking it out undoes an insertion behind the line end before.
  func rangeWithLine(of element: Element) -> Range<Int> {
    let range = element.range
    guard let start = lineStart(before: range.lowerBound), start > 0,
      let end = endOfLine(behind: range.upperBound, passingComments: false)
    else { return range }
    let carriageReturn = start > 1 && bytes[start - 2] == 0x0D ? 1 : 0
    return start - 1 - carriageReturn..<end
  }

  /// What one level of indentation adds, as the root's or the nearest children show it.
  mutating func step(near element: Element) -> [UInt8] {
    var here: Element? = element
    while let parent = here {
      if let step = step(within: parent) { return step }
      here = parent.parent
    }
    return [0x20, 0x20]
  }

  private mutating func step(within parent: Element) -> [UInt8]? {
    if let known = steps[parent.row] { return known }
    let outer = indentation(before: parent) ?? []
    var step: [UInt8]?
    for child in parent.children {
      guard let inner = indentation(before: child), inner.count > outer.count,
        inner.starts(with: outer)
      else { continue }
      step = Array(inner[outer.count...])
      break
    }
    steps[parent.row] = .some(step)
    return step
  }

  /// The indentation of a new child: that of its neighbours, else one step more than its parent's.
  mutating func indentation(ofChildOf parent: Element, behind anchor: Element?) -> [UInt8] {
    if let anchor, let own = indentation(before: anchor) { return own }
    if let own = indentation(within: parent) { return own }
    return (indentation(before: parent) ?? []) + step(near: parent)
  }

  private mutating func indentation(within parent: Element) -> [UInt8]? {
    if let known = childIndentations[parent.row] { return known }
    var found: [UInt8]?
    for child in parent.children {
      found = indentation(before: child)
      if found != nil { break }
    }
    childIndentations[parent.row] = .some(found)
    return found
  }

  /// The quote of the nearest attribute: the neighbour's, its parent's, and so on outwards.
  mutating func quote(near elements: [Element?]) -> UInt8 {
    for element in elements {
      var here = element
      while let current = here {
        if let quote = quote(of: current) { return quote }
        here = current.parent
      }
    }
    return UInt8(ascii: "'")
  }

  private mutating func quote(of element: Element) -> UInt8? {
    if let known = quotes[element.row] { return known }
    let quote = element.attributes.last.map { bytes[$0.value.upperBound] }
    quotes[element.row] = .some(quote)
    return quote
  }
}
