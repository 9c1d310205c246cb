/// Elements that exist for the sake of their children: `<features>`, `<qemu:commandline>`.
///
/// ``Changes/insert(_:into:container:behind:)`` and ``Changes/removeWithEmptyContainer(_:)`` are
/// each other's inverse, so that switching something on and off gives back the same bytes. For that
/// the four states before must leave four forms behind, each told by the white space around the
/// children:
///
/// | before | with the child |
/// |---|---|
/// | no container | white space before and behind the children |
/// | `<a/>` | `<a><child/></a>` |
/// | `<a></a>` | `<a><child></child></a>` |
/// | `<a>` and white space alone | `<a><child/>`, then that white space |
///
/// A container with anything else in it is never taken away.
extension Changes {
  /// Inserts elements into a container, which is made where there is none.
  ///
  /// - Parameters:
  ///   - children: what is inserted, in order.
  ///   - container: the element that takes them.
  ///   - anchor: the child of the container that they follow; `nil` puts them first.
  public mutating func insert(
    _ children: [NewElement], intoContainer container: Element, behind anchor: Element? = nil
  ) {
    let content = document.bytes[container.content]
    let isBlank = content.allSatisfy(\.isXMLSpace)
    for child in children {
      insert(
        child, into: container, behind: anchor,
        style: isBlank && !container.isSelfClosed ? .adjacent : .likeNeighbours)
    }
  }

  /// Inserts a container that is not there yet, with its children, behind the child `anchor` of
  /// `parent`; `nil` puts it first.
  public mutating func insert(
    container: NewElement, into parent: Element, behind anchor: Element?
  ) {
    insert(container, into: parent, behind: anchor, style: .container)
  }

  /// Removes children of one container, and the container as far as the insertion had made it.
  ///
  /// - Parameter children: children of the same element, in document order.
  public mutating func removeWithEmptyContainer(_ children: [Element]) {
    guard let first = children.first, let container = first.parent else { return }
    let bytes = document.bytes
    var gaps: [ArraySlice<UInt8>] = []
    var position = container.content.lowerBound
    for child in children {
      gaps.append(bytes[position..<child.range.lowerBound])
      position = child.range.upperBound
    }
    let last = bytes[position..<container.content.upperBound]
    let isBlank = (gaps + [last]).allSatisfy { $0.allSatisfy(\.isXMLSpace) }
    if isBlank, gaps.allSatisfy(\.isEmpty), last.isEmpty {
      if children.allSatisfy(\.isSelfClosed) {
        let end = container.startTag.upperBound
        replace(end - 1..<container.range.upperBound, with: Array("/>".utf8))
      } else {
        for child in children { removeAlone(child) }
      }
    } else if isBlank, gaps.first?.isEmpty == false, !last.isEmpty, container.ownAttributes.isEmpty
    {
      remove(container)
    } else if isBlank, gaps.first?.isEmpty == true {
      for child in children { removeAlone(child) }
    } else {
      for child in children { remove(child) }
    }
  }
}
