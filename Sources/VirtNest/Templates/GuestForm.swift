internal import LosslessXML

/// What the guests of a series have in common, with places for what differs.
struct GuestForm: Sendable {
  let name: IndexedText
  private let identity: SeriesIdentity
  private let chunks: [Chunk]

  private enum Chunk: Sendable {
    case bytes([UInt8])
    case text(IndexedText)
    case uuid
    case address(interface: Int)
  }

  /// `nil` where something differs that does not follow from the number in a known way.
  init?(_ template: Template, _ request: GuestRequest, _ first: CreatedGuest) {
    var next = request
    next.index += 1
    guard request.changes.areBlind, let second = try? template.create(next),
      let texts = try? Self.texts(template, request),
      let places = Self.differences(first.bytes, second.bytes)
    else { return nil }
    let indexes = (request.index, next.index)
    let agrees = { (text: IndexedText, place: Difference) in
      text.bytes(indexes.0) == place.bytes.0 && text.bytes(indexes.1) == place.bytes.1
    }
    if let place = places.first(where: \.isName) {
      guard let text = texts.first(where: { agrees($0, place) }) else { return nil }
      name = text
    } else {
      name = IndexedText(first.name)
    }
    identity = SeriesIdentity(request.changes.identity?.text)
    var chunks: [Chunk] = []
    var end = 0
    for place in places {
      chunks.append(.bytes(Array(first.bytes[end..<place.range.lowerBound])))
      end = place.range.upperBound
      switch place.kind {
      case .text:
        guard let text = texts.first(where: { agrees($0, place) }) else { return nil }
        chunks.append(.text(text))
      case .uuid: chunks.append(.uuid)
      case .address(let interface): chunks.append(.address(interface: interface))
      }
    }
    chunks.append(.bytes(Array(first.bytes[end...])))
    self.chunks = chunks
    for (index, guest) in [(indexes.0, first), (indexes.1, second)] {
      var bytes: [UInt8] = []
      guard write(index, into: &bytes) == guest.name, bytes == guest.bytes else { return nil }
    }
  }

  /// Puts a guest together.
  ///
  /// - Returns: its name.
  func write(_ index: Int, into bytes: inout [UInt8]) -> String {
    bytes.removeAll(keepingCapacity: true)
    let name = name.bytes(index)
    for chunk in chunks {
      switch chunk {
      case .bytes(let common): bytes += common
      case .text(let text): text.append(index, to: &bytes)
      case .uuid: identity.appendUUID(of: name, to: &bytes)
      case .address(let interface): identity.appendAddress(interface, of: name, to: &bytes)
      }
    }
    return String(decoding: name, as: UTF8.self)
  }

  /// The values with the number in them that parameters write; `nil` where one is not understood.
  private static func texts(
    _ template: Template, _ request: GuestRequest
  ) throws -> [IndexedText]? {
    var values = try ParameterValues(template, request)
    var texts: [IndexedText] = []
    for parameter in template.parameters where values.isWritten(parameter) {
      for place in parameter.places {
        if values.isGiven(parameter), !place.select.isBlindToNumbers { return nil }
        guard let text = try IndexedText(place.value, of: template, &values) else { return nil }
        guard text.dependsOnIndex else { continue }
        // A reference, a comment or a CDATA section would stay for the one number that it says.
        let isPlain = place.matches.allSatisfy { match in
          let range =
            switch match {
            case .attribute(_, let attribute): attribute.value
            case .element(let element), .text(let element, _): element.content
            }
          return !template.definition.document.bytes[range].contains { $0 == 0x26 || $0 == 0x3C }
        }
        guard isPlain else { return nil }
        texts.append(text)
      }
    }
    return texts
  }
}

/// Where two guests of a series differ.
private struct Difference {
  enum Kind {
    case text
    case uuid
    case address(interface: Int)
  }

  var kind: Kind
  var isName = false
  /// In the first guest.
  var range: Range<Int>
  /// What stands there in both, as it is written.
  var bytes: ([UInt8], [UInt8])
}

extension GuestForm {
  /// Where two definitions differ, element by element; `nil` where they differ in more than texts
  /// and values that no change looks for.
  private static func differences(_ first: [UInt8], _ second: [UInt8]) -> [Difference]? {
    guard let (left, right) = try? (Document(first), Document(second)) else { return nil }
    var differences: [Difference] = []
    var interfaces = -1
    for (one, other) in zip(left.elements, right.elements) {
      guard one.qualifiedName == other.qualifiedName else { return nil }
      if one.isNamed("interface"), one.parent?.isNamed("devices") == true { interfaces += 1 }
      let attributes = (one.attributes, other.attributes)
      guard attributes.0.count == attributes.1.count else { return nil }
      for (ours, theirs) in zip(attributes.0, attributes.1) {
        let bytes = (Array(first[ours.value]), Array(second[theirs.value]))
        guard bytes.0 != bytes.1 else { continue }
        guard let kind = one.kind(ofAttribute: left.text(in: ours.name), interfaces) else {
          return nil
        }
        differences.append(Difference(kind: kind, range: ours.value, bytes: bytes))
      }
      guard one.children.first(where: { _ in true }) == nil else { continue }
      let bytes = (Array(first[one.content]), Array(second[other.content]))
      guard bytes.0 != bytes.1 else { continue }
      guard let kind = one.kindOfText else { return nil }
      let isName = one.isNamed("name") && one.parent == left.root
      differences.append(
        Difference(kind: kind, isName: isName, range: one.content, bytes: bytes))
    }
    return differences
  }
}

extension Element {
  /// What an attribute holds that differs; `nil` where other parts of a change depend on it.
  fileprivate func kind(ofAttribute name: String, _ interface: Int) -> Difference.Kind? {
    if isInMetadata { return .text }
    switch (localName, name) {
    case ("mac", "address"):
      return parent?.isNamed("interface") == true ? .address(interface: interface) : nil
    case ("source", "file"), ("source", "dev"), ("source", "dir"), ("source", "path"),
      ("source", "volume"), ("log", "file"):
      return .text
    default: return nil
    }
  }

  fileprivate var kindOfText: Difference.Kind? {
    if isInMetadata { return .text }
    switch localName {
    case "uuid": return parent?.parent == nil ? .uuid : nil
    case "name", "title", "description": return parent?.parent == nil ? .text : nil
    case "nvram", "serial": return .text
    default: return nil
    }
  }

  private var isInMetadata: Bool {
    var here: Element? = self
    while let element = here {
      if element.isNamed("metadata"), element.parent == document.root { return true }
      here = element.parent
    }
    return false
  }
}

extension GuestChanges {
  /// Whether no change looks for something by a value that may have the number in it.
  fileprivate var areBlind: Bool {
    editedDisks.isEmpty && removedDisks.isEmpty && editedInterfaces.isEmpty
      && removedInterfaces.isEmpty && xpathEdits.edits.isEmpty
  }
}

extension String {
  /// Whether an expression finds the same whatever number a guest has: it compares with no text that
  /// has a digit in it, and computes nothing.
  fileprivate var isBlindToNumbers: Bool {
    if contains(where: { "(<>*+$".contains($0) }) { return false }
    let quoted = split(omittingEmptySubsequences: false) { $0 == "'" || $0 == "\"" }
      .enumerated().filter { !$0.offset.isMultiple(of: 2) }
    return !quoted.contains { $0.element.contains(where: \.isNumber) }
  }
}
