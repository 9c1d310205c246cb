/// An element that a document does not have yet.
public struct NewElement: Hashable, Sendable {
  /// An attribute's name and the meaning of its value.
  public struct Attribute: Hashable, Sendable {
    /// The name with its prefix.
    public var name: String
    /// What the value means, not yet escaped.
    public var value: String

    /// An attribute with this meaning.
    public init(_ name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The name with its prefix.
  public var name: String
  /// Attributes in the order in which they are written.
  public var attributes: [Attribute]
  /// Its text; `nil` for none.
  public var text: String?
  /// Elements within it; an element has text or children, not both.
  public var children: [NewElement]
  /// Well-formed content as it is written, in place of text and children; `nil` for none.
  var markup: [UInt8]?

  /// An element with attributes, and text or children.
  ///
  /// Attributes whose value is `nil` are left out.
  public init(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text: String? = nil,
    children: [NewElement] = []
  ) {
    self.name = name
    self.attributes = attributes.compactMap { name, value in
      value.map { Attribute(name, value: $0) }
    }
    self.text = text
    self.children = children
  }

  /// The element on one line.
  package var bytes: [UInt8] {
    Layout(indentation: nil, step: [], lineEnd: [], quote: UInt8(ascii: "'")).bytes(of: self)
  }

  /// Gives an attribute another value, or a new one a place behind the others.
  public mutating func setAttribute(_ name: String, to value: String) {
    if let index = attributes.firstIndex(where: { $0.name == name }) {
      attributes[index].value = value
    } else {
      attributes.append(Attribute(name, value: value))
    }
  }
}

/// How new elements are written: taken from what stands around them.
struct Layout {
  /// White space before the element on its line; `nil` where elements stand on one line.
  var indentation: [UInt8]?
  /// What a level adds.
  var step: [UInt8]
  var lineEnd: [UInt8]
  var quote: UInt8
  /// Writes `<a></a>` for `<a/>`.
  var explicitEndTags = false

  /// The bytes of an element, without the white space before and behind it.
  func bytes(of element: NewElement, spacedWithin: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    append(element, to: &bytes, indentation: indentation, spacedWithin: spacedWithin)
    return bytes
  }

  private func append(
    _ element: NewElement, to bytes: inout [UInt8], indentation: [UInt8]?, spacedWithin: Bool
  ) {
    bytes.append(UInt8(ascii: "<"))
    bytes += element.name.utf8
    for attribute in element.attributes {
      bytes.append(0x20)
      bytes += attribute.name.utf8
      bytes.append(UInt8(ascii: "="))
      bytes.append(quote)
      Escaping.append(attribute: attribute.value, to: &bytes, quote: quote)
      bytes.append(quote)
    }
    if let text = element.text {
      bytes.append(UInt8(ascii: ">"))
      bytes += Escaping.text(text)
    } else if let markup = element.markup {
      bytes.append(UInt8(ascii: ">"))
      for (index, byte) in markup.enumerated() {
        let isLineEnd = byte == 0x0A && (index == 0 || markup[index - 1] != 0x0D)
        if isLineEnd { bytes += lineEnd } else { bytes.append(byte) }
      }
    } else if !element.children.isEmpty {
      bytes.append(UInt8(ascii: ">"))
      for child in element.children {
        if let indentation {
          bytes += lineEnd
          bytes += indentation
          bytes += step
        } else if spacedWithin {
          bytes.append(0x20)
        }
        append(child, to: &bytes, indentation: indentation.map { $0 + step }, spacedWithin: false)
      }
      if let indentation {
        bytes += lineEnd
        bytes += indentation
      } else if spacedWithin {
        bytes.append(0x20)
      }
    } else if explicitEndTags {
      bytes.append(UInt8(ascii: ">"))
    } else {
      bytes += "/>".utf8
      return
    }
    bytes += "</".utf8
    bytes += element.name.utf8
    bytes.append(UInt8(ascii: ">"))
  }
}
