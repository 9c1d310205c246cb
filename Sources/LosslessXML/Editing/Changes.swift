/// What should be different in a document: intentions, turned into the fewest edits.
///
/// Several changes may be described before any is made; they all speak of the document as it is.
/// What is inserted looks like its neighbours: indentation, line ends and quotes are theirs.
public struct Changes: Sendable {
  /// The document that they are about.
  public let document: Document
  /// Edits inside of tags and text.
  private var edits: [Edit] = []
  private var insertions: [Insertion] = []
  private var removals: Set<Range<Int>> = []
  /// Where values that were set begin: edits of two values for one place need not overlap, and yet
  /// conflict.
  private var filledPlaces: [Int] = []

  private struct Insertion {
    var parent: Element
    var anchor: Element?
    var element: NewElement
    var style: Style
  }

  /// How an element stands in its parent.
  enum Style {
    /// On a line of its own where its neighbours have theirs, else right behind them.
    case likeNeighbours
    /// Right behind the parent's start tag, written with end tags where the parent is `<a></a>`.
    case adjacent
    /// As ``likeNeighbours``, and on one line with a space before and behind its children.
    case container
  }

  /// No changes yet.
  public init(_ document: Document) { self.document = document }

  /// Whether nothing would change.
  public var isEmpty: Bool { edits.isEmpty && insertions.isEmpty && removals.isEmpty }

  /// Whether something in an element is changed, or the element is removed.
  public func touch(_ element: Element) -> Bool {
    let range = element.range
    return edits.contains { $0.range.overlaps(range) || range.contains($0.range.lowerBound) }
      || removals.contains { $0.overlaps(range) }
      || insertions.contains { range.contains($0.parent.range.lowerBound) }
  }

  // MARK: Attributes

  /// Sets an attribute's value; nothing changes where its meaning is that already.
  ///
  /// A new attribute comes last, in the manner of the one before it.
  public mutating func setAttribute(_ name: String, of element: Element, to value: String) {
    let attributes = element.attributes
    let bytes = document.bytes
    if let attribute = attributes.first(where: { bytes[$0.name].elementsEqual(name.utf8) }) {
      setAttribute(attribute, of: element, to: value)
      return
    }
    var around = Surroundings(document)
    let quote = around.quote(near: [element])
    var space: [UInt8] = [0x20]
    if let last = attributes.last {
      space = Array(bytes[last.withLeadingSpace.lowerBound..<last.name.lowerBound])
    }
    let end = attributes.last?.withLeadingSpace.upperBound ?? element.nameRange.upperBound
    edits.append(
      Edit(
        end..<end,
        with: space + Array(name.utf8) + [UInt8(ascii: "="), quote]
          + Escaping.attribute(value, quote: quote) + [quote]))
  }

  /// Sets the value of an attribute that is there; nothing changes where its meaning is that already.
  public mutating func setAttribute(
    _ attribute: Attribute, of element: Element, to value: String
  ) {
    guard element.value(of: attribute) != value else { return }
    let quote = document.bytes[attribute.value.upperBound]
    filledPlaces.append(attribute.value.lowerBound)
    edits.append(ValueEdit.edit(attribute.value, of: document.bytes, to: value, quote: quote))
  }

  /// Removes an attribute and the white space before it; nothing changes where there is none.
  public mutating func removeAttribute(_ name: String, of element: Element) {
    guard let attribute = element.attribute(named: name) else { return }
    edits.append(Edit(attribute.withLeadingSpace, with: []))
  }

  /// Writes a value where it stands, or where it is missing.
  mutating func fill(_ range: Range<Int>, with bytes: [UInt8]) {
    filledPlaces.append(range.lowerBound)
    edits.append(Edit(range, with: bytes))
  }

  // MARK: Elements

  /// Inserts an element behind the child `anchor` of `parent`; `nil` puts it first.
  public mutating func insert(
    _ element: NewElement, into parent: Element, behind anchor: Element? = nil
  ) {
    insertions.append(
      Insertion(parent: parent, anchor: anchor, element: element, style: .likeNeighbours))
  }

  /// Removes an element, with its lines where it has them to itself.
  public mutating func remove(_ element: Element) {
    remove(Surroundings(document).rangeWithLine(of: element))
  }

  /// Removes an attribute.
  public mutating func remove(_ attribute: Attribute) { remove(attribute.withLeadingSpace) }

  /// Replaces the bytes of a range, which must not cut through markup.
  public mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) {
    edits.append(Edit(range, with: bytes))
  }

  mutating func insert(
    _ element: NewElement, into parent: Element, behind anchor: Element?, style: Style
  ) {
    insertions.append(Insertion(parent: parent, anchor: anchor, element: element, style: style))
  }

  mutating func removeAlone(_ element: Element) { remove(element.range) }

  /// Removing something twice is removing it once.
  private mutating func remove(_ range: Range<Int>) { removals.insert(range) }

  /// Turns `<a/>` into `<a>content</a>`.
  mutating func open(_ element: Element, content: [UInt8]) {
    let end = element.range.upperBound
    let name = Array(element.qualifiedName.utf8)
    edits.append(
      Edit(
        end - 2..<end,
        with: [UInt8(ascii: ">")] + content + Array("</".utf8) + name + [UInt8(ascii: ">")]))
  }

  // MARK: Edits

  /// The edits, sorted and without overlap.
  ///
  /// - Throws: ``ConflictingChanges`` where two changes are about the same bytes.
  public func sortedEdits() throws(ConflictingChanges) -> [Edit] {
    var changes = self
    changes.resolveInsertions()
    var seen: Set<Int> = []
    if let place = changes.filledPlaces.first(where: { !seen.insert($0).inserted }) {
      throw ConflictingChanges(location: document.location(of: place))
    }
    // A stable sort: insertions at one place stay in the order in which they were asked for.
    let removals = Self.outermost(changes.removals)
    let kept = changes.edits.filter { !Self.isWithin($0.range, removals) }
    let sorted = (kept + removals.map { Edit($0, with: []) }).enumerated().sorted { left, right in
      let (a, b) = (left.element.range, right.element.range)
      return (a.lowerBound, a.upperBound, left.offset) < (b.lowerBound, b.upperBound, right.offset)
    }.map(\.element)
    for (edit, following) in zip(sorted, sorted.dropFirst())
    where edit.range.upperBound > following.range.lowerBound {
      throw ConflictingChanges(location: document.location(of: following.range.lowerBound))
    }
    return sorted
  }

  /// What is removed, without what stands in something that is removed as well; in order.
  private static func outermost(_ ranges: Set<Range<Int>>) -> [Range<Int>] {
    let sorted = ranges.sorted { ($0.lowerBound, -$0.upperBound) < ($1.lowerBound, -$1.upperBound) }
    var outermost: [Range<Int>] = []
    for range in sorted where range.upperBound > outermost.last?.upperBound ?? -1 {
      outermost.append(range)
    }
    return outermost
  }

  /// Whether a range stands in one that is removed: a change of it goes with it.
  private static func isWithin(_ range: Range<Int>, _ removals: [Range<Int>]) -> Bool {
    let next = removals.partitioningIndex { $0.lowerBound > range.lowerBound }
    guard next > 0 else { return false }
    let removal = removals[next - 1]
    let isAtItsEdge =
      range.isEmpty
      && (range.lowerBound == removal.lowerBound || range.upperBound == removal.upperBound)
    return range.upperBound <= removal.upperBound && range.lowerBound >= removal.lowerBound
      && !isAtItsEdge
  }

  private mutating func resolveInsertions() {
    var around = Surroundings(document)
    let filling = Dictionary(grouping: insertions.filter(\.parent.isSelfClosed), by: \.parent.row)
    for (_, insertions) in filling.sorted(by: { $0.key < $1.key }) {
      fill(insertions[0].parent, with: insertions, &around)
    }
    for insertion in insertions where !insertion.parent.isSelfClosed { place(insertion, &around) }
  }

  /// Fills a self-closed parent: on its line where nothing inserted has children of its own.
  private mutating func fill(
    _ parent: Element, with insertions: [Insertion], _ around: inout Surroundings
  ) {
    let outer = around.indentation(before: parent)
    let inLine = outer == nil || insertions.allSatisfy { $0.element.children.isEmpty }
    let step = around.step(near: parent)
    let layout = Layout(
      indentation: inLine ? nil : outer.map { $0 + step }, step: step,
      lineEnd: lineEnd(near: parent), quote: around.quote(near: [parent]))
    var content: [UInt8] = []
    for insertion in insertions {
      if let indentation = layout.indentation { content += layout.lineEnd + indentation }
      content += layout.bytes(of: insertion.element, spacedWithin: insertion.style == .container)
    }
    if let outer, !inLine { content += layout.lineEnd + outer }
    open(parent, content: content)
  }

  /// Places an element among the children of a parent that is open.
  private mutating func place(_ insertion: Insertion, _ around: inout Surroundings) {
    let (parent, anchor) = (insertion.parent, insertion.anchor)
    let behind = anchor?.range.upperBound ?? parent.content.lowerBound
    var layout = Layout(
      indentation: nil, step: insertion.element.children.isEmpty ? [] : around.step(near: parent),
      lineEnd: [0x0A], quote: around.quote(near: [anchor, parent]))
    if insertion.style == .adjacent {
      layout.explicitEndTags = parent.content.isEmpty
      let position = parent.content.lowerBound
      edits.append(Edit(position..<position, with: layout.bytes(of: insertion.element)))
    } else if let end = around.endOfLine(behind: behind, passingComments: true),
      end < parent.content.upperBound, let lineEnd = around.lineEnd(at: end)
    {
      let indentation = around.indentation(ofChildOf: parent, behind: anchor)
      layout.indentation = indentation
      layout.lineEnd = lineEnd
      edits.append(
        Edit(end..<end, with: lineEnd + indentation + layout.bytes(of: insertion.element)))
    } else {
      let spaced = insertion.style == .container
      edits.append(
        Edit(behind..<behind, with: layout.bytes(of: insertion.element, spacedWithin: spaced)))
    }
  }

  private func lineEnd(near element: Element) -> [UInt8] {
    guard
      let newline = document.lineFeed(from: element.range.upperBound) ?? document.lineFeed(from: 0),
      newline > 0, document.bytes[newline - 1] == 0x0D
    else { return [0x0A] }
    return [0x0D, 0x0A]
  }
}

/// Two changes are about the same bytes.
public struct ConflictingChanges: Error, Hashable, Sendable {
  /// Where the second of them begins.
  public var location: Position
}
