internal import CLibXML2

/// A regular expression of XML Schema, by libxml2: it describes a whole value, without anchors.
///
/// It may be used from several threads at once: libxml2 keeps the state of a match apart from the
/// compiled expression, which it only reads (`xmlFARegExec` in xmlregexp.c).
package final class Pattern: @unchecked Sendable {
  /// The longest expression that is taken, in bytes.
  package static let maximumLength = 4096

  /// The expression as it was given.
  package let expression: String
  private let regexp: OpaquePointer

  /// Compiles an expression.
  ///
  /// - Throws: ``PatternError`` with the position in the expression.
  package init(_ expression: String) throws(PatternError) {
    guard expression.utf8.count <= Self.maximumLength else {
      throw PatternError(
        expression: expression, offset: nil,
        reason: "it is longer than \(Self.maximumLength) bytes")
    }
    guard expression.isRepresentableInXML else {
      throw PatternError(
        expression: expression, offset: nil, reason: "it has a character that XML cannot carry")
    }
    let log = ErrorLog()
    let regexp = log.collecting { xmlRegexpCompile(expression) }
    guard let regexp else {
      // libxml2 goes on after an error; the first is the cause.
      let first = log.entries.first
      throw PatternError(
        expression: expression, offset: first?.offset,
        reason: Self.withoutFunctionName(first?.detail ?? first?.message ?? "out of memory"))
    }
    self.expression = expression
    self.regexp = regexp
  }

  deinit { xmlRegFreeRegexp(regexp) }

  /// Whether it describes the whole text.
  ///
  /// The steps of a match are limited by libxml2; a match that needs more does not count as one.
  package func matches(_ text: String) -> Bool {
    guard text.isRepresentableInXML else { return false }
    // Running out of steps or memory is reported to the thread's handlers by some versions.
    return ErrorLog().collecting { xmlRegexpExec(regexp, text) } == 1
  }

  /// `xmlFAParseAtom: expecting ')'` says `expecting ')'` to a person.
  private static func withoutFunctionName(_ message: String) -> String {
    guard message.hasPrefix("xmlFA"), let colon = message.firstIndex(of: ":") else {
      return message
    }
    return String(message[message.index(after: colon)...].drop(while: { $0 == " " }))
  }
}

/// Why an expression is not a regular expression of XML Schema.
package struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The expression as it was given.
  package var expression: String
  /// Offset in bytes where it was noticed; `nil` where it has no place.
  package var offset: Int?
  /// What is wrong, in libxml2's words.
  package var reason: String

  /// What is wrong, with the expression and the place in it.
  package var description: String {
    let place = offset.map { " at character \($0 + 1)" } ?? ""
    return "'\(expression)' is not a regular expression of XML Schema: \(reason)\(place)"
  }
}
