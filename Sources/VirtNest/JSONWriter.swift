internal import LosslessXML

/// JSON text for other programs to read: keys in the order given, so that equal values are equal
/// bytes.
package enum JSONWriter {
  /// A value of JSON.
  package indirect enum Value: Equatable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// Any other number, as JSON writes it.
    case number(String)
    /// A string, of any characters.
    case string(String)
    /// A list.
    case array([Value])
    /// Members, in the order in which they are written. The keys should differ.
    case object([Member])

    /// A string, or `null` for `nil`.
    package static func optional(_ text: String?) -> Value { text.map(Value.string) ?? .null }

    /// The value of an object's member; `nil` where it has none, or this is no object.
    package subscript(key: String) -> Value? {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }

    /// The string that it is.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The elements of the list that it is.
    package var elements: [Value]? { if case .array(let elements) = self { elements } else { nil } }
  }

  /// A key of an object and its value.
  package struct Member: Equatable, Sendable {
    /// The key.
    package var key: String
    /// The value.
    package var value: Value

    /// A member.
    package init(_ key: String, _ value: Value) {
      (self.key, self.value) = (key, value)
    }
  }

  /// The value as text: indented by two spaces, with a newline at its end.
  package static func text(of value: Value) -> String {
    var text = ""
    write(value, indentation: "", to: &text)
    return text + "\n"
  }

  private static func write(_ value: Value, indentation: String, to text: inout String) {
    let inner = indentation + "  "
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value
    case .string(let value): writeString(value, to: &text)
    case .array(let values) where values.isEmpty: text += "[]"
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        text += (index == 0 ? "\n" : ",\n") + inner
        write(value, indentation: inner, to: &text)
      }
      text += "\n\(indentation)]"
    case .object(let members) where members.isEmpty: text += "{}"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        text += (index == 0 ? "\n" : ",\n") + inner
        writeString(member.key, to: &text)
        text += ": "
        write(member.value, indentation: inner, to: &text)
      }
      text += "\n\(indentation)}"
    }
  }

  /// Escapes as RFC 8259 says; also U+2028 and U+2029, which end a line in older JavaScript.
  private static func writeString(_ value: String, to text: inout String) {
    text.unicodeScalars.append("\"")
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
        text += "\\u" + scalar.value.digits(4, radix: 16)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append("\"")
  }
}

extension JSONWriter.Value: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral
{
  /// A string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A list.
  package init(arrayLiteral elements: JSONWriter.Value...) { self = .array(elements) }
  /// An object, its members in the order in which they stand.
  package init(dictionaryLiteral elements: (String, JSONWriter.Value)...) {
    self = .object(elements.map { JSONWriter.Member($0.0, $0.1) })
  }
  /// `true` or `false`.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A whole number.
  package init(integerLiteral value: Int) { self = .integer(value) }
}
