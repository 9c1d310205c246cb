/// Why a question in XPath has no answer.
public struct XPathError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Reason: Hashable, Sendable {
    /// Not an expression of XPath 1.0, in libxml2's words.
    case invalid(String)
    /// A prefix that stands for no namespace.
    case unknownPrefix(String)
    /// A function that XPath 1.0 does not have.
    case unknownFunction(String)
    /// It needs more steps than are allowed for a document of this size.
    case tooMuchWork
    /// Its result is no set of nodes: what it gave.
    case notNodes(String)
    /// It selects something that is no element, attribute or text: what it selects.
    case noPlace(String)
  }

  /// The expression as it was given.
  public var expression: String
  /// Offset in the expression in bytes; `nil` where libxml2 gives none.
  public var offset: Int?
  /// What is wrong.
  public var reason: Reason

  /// What is wrong and what to do, with the expression and the place in it.
  public var description: String {
    let place = offset.map { " at character \($0 + 1)" } ?? ""
    return "XPath '\(expression)'\(place): \(message)"
  }

  /// What is wrong and what to do.
  public var message: String {
    switch reason {
    case .invalid(let text):
      text
    case .unknownPrefix(let prefix):
      "the prefix '\(prefix)' is not bound to a namespace; declare xmlns:\(prefix)"
    case .unknownFunction(let name):
      "there is no function '\(name)' in XPath 1.0"
    case .tooMuchWork:
      "it needs too many steps on this document; write the path to the nodes out, without '//'"
    case .notNodes(let given):
      "it gives \(given), and nodes are needed: elements, attributes or text"
    case .noPlace(let given):
      "it selects \(given), which cannot be changed; select elements, attributes or text"
    }
  }

  /// libxml2's texts by `xmlXPathError`: before 2.13 an error carries its number alone.
  static func message(forCode code: Int) -> String {
    let texts = [
      "no error", "a number cannot be read", "a quoted string is not closed",
      "a quoted string is expected", "'$' is expected", "the variable is not defined",
      "invalid predicate", "invalid expression", "a closing brace is missing",
      "the function is not known", "invalid operand", "invalid type",
      "wrong number of arguments", "invalid context size", "invalid context position",
      "out of memory", "syntax error", "resource error", "sub-resource error",
      "the namespace prefix is not defined", "encoding error", "a character that XML cannot carry",
      "invalid context", "the stack is used up", "a variable is not allowed",
      "too many steps", "nested too deep",
    ]
    let index = code - 1200
    return texts.indices.contains(index) ? texts[index] : "error \(code)"
  }
}
