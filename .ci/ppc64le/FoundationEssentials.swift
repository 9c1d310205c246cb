// A stand-in for what swift-argument-parser uses of Foundation, so that Foundation need not be built for ppc64le:
// LocalizedError, and a JSONEncoder for its description of a command (`--experimental-dump-help`).

/// An error that has a description of its own.
public protocol LocalizedError: Error {
  /// The description.
  var errorDescription: String? { get }
}

/// Bytes, which here are always of a text.
public struct Data {
  fileprivate var text: String
}

extension String {
  /// The encodings of a text.
  public enum Encoding {
    /// UTF-8.
    case utf8
  }

  /// The text of bytes.
  public init?(data: Data, encoding: Encoding) { self = data.text }
}

/// Encodes values as JSON with line ends, indents and sorted keys, as Foundation does with both options.
public final class JSONEncoder {
  /// How JSON is laid out; both options are always on.
  public struct OutputFormatting: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    /// These bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// With line ends and indents.
    public static let prettyPrinted = Self(rawValue: 1)
    /// With sorted keys.
    public static let sortedKeys = Self(rawValue: 2)
  }

  /// How JSON is laid out.
  public var outputFormatting: OutputFormatting = []

  /// An encoder.
  public init() {}

  /// The JSON of a value.
  public func encode<Value: Encodable>(_ value: Value) throws -> Data {
    let node = Node()
    try node.set(value)
    return Data(text: node.text(indent: ""))
  }
}

/// A value of JSON while it is made.
private final class Node: Encoder {
  var literal = "{}"
  var elements: [Node]?
  var members: [String: Node]?
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    members = members ?? [:]
    return KeyedEncodingContainer(Members(node: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    elements = elements ?? []
    return Elements(node: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: self) }

  func set<Value: Encodable>(_ value: Value) throws {
    switch value {
    case let text as String: literal = quoted(text)
    case is Bool, is any BinaryInteger: literal = "\(value)"
    default: try value.encode(to: self)
    }
  }

  func member(_ key: any CodingKey) -> Node {
    let node = Node()
    members?[key.stringValue] = node
    return node
  }

  func element() -> Node {
    let node = Node()
    elements?.append(node)
    return node
  }

  func text(indent: String) -> String {
    let inner = indent + "  "
    if let elements {
      let parts = elements.map { inner + $0.text(indent: inner) }
      return "[\n" + parts.joined(separator: ",\n") + "\n\(indent)]"
    }
    guard let members else { return literal }
    let parts = members.sorted { $0.key < $1.key }.map { key, value in
      inner + quoted(key) + " : " + value.text(indent: inner)
    }
    return "{\n" + parts.joined(separator: ",\n") + "\n\(indent)}"
  }
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\", "/": result += "\\\(scalar)"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case "\u{8}": result += "\\b"
    case "\u{C}": result += "\\f"
    case ..<" ":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  var node: Node
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { node.member(key).literal = "null" }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try node.member(key).set(value) }
  func nestedContainer<Inner: CodingKey>(
    keyedBy type: Inner.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Inner> { node.member(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    node.member(key).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { node }
  func superEncoder(forKey key: Key) -> any Encoder { node.member(key) }
}

private struct Elements: UnkeyedEncodingContainer {
  var node: Node
  var codingPath: [any CodingKey] { [] }
  var count: Int { node.elements?.count ?? 0 }

  func encodeNil() { node.element().literal = "null" }
  func encode<Value: Encodable>(_ value: Value) throws { try node.element().set(value) }
  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.element().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.element().unkeyedContainer() }
  func superEncoder() -> any Encoder { node.element() }
}

private struct Single: SingleValueEncodingContainer {
  var node: Node
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { node.literal = "null" }
  func encode<Value: Encodable>(_ value: Value) throws { try node.set(value) }
}
