internal import CLibXML2

/// What libxml2 reported during a call: collected, never printed.
final class ErrorLog {
  struct Entry {
    var code: Int
    var message: String
    /// A detail that some parts of libxml2 give apart from the message.
    var detail: String?
    /// Position in an expression, in bytes; 0 where it means nothing.
    var offset: Int
    var file: String?
    var line: Int
    /// Row of the element that it is about, in a ``NodeTree``.
    var row: Int?
  }

  /// More than a person reads; a hostile document can cause millions.
  private static let limit = 100
  private(set) var entries: [Entry] = []

  func add(_ error: UnsafePointer<xmlError>) {
    guard entries.count < Self.limit else { return }
    let error = error.pointee
    // Only RELAX NG says which node it is about in a way that can be relied on.
    let node = error.domain == CInt(XML_FROM_RELAXNGV.rawValue) ? error.node : nil
    let message = error.message.map { String(cString: $0) } ?? ""
    entries.append(
      Entry(
        code: Int(error.code),
        message: message.split(whereSeparator: \.isNewline).joined(separator: " "),
        detail: error.str1.map { String(cString: $0) }, offset: Int(error.int1),
        file: error.file.map { String(cString: $0) }, line: Int(error.line),
        row: node.flatMap { NodeTree.row(of: $0.assumingMemoryBound(to: xmlNode.self)) }))
  }

  static func from(_ data: UnsafeMutableRawPointer) -> ErrorLog {
    Unmanaged<ErrorLog>.fromOpaque(data).takeUnretainedValue()
  }

  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Runs a call of libxml2 whose errors have no context of their own, and collects them.
  ///
  /// The handlers belong to the calling thread, and those that were there are put back.
  func collecting<Result>(_ body: () -> Result) -> Result {
    LibXML2.initialize()
    let previous = virtNestReplaceErrorHandlers(
      { data, error in
        guard let data, let error else { return }
        ErrorLog.from(data).add(error)
      }, pointer)
    defer { virtNestRestoreErrorHandlers(previous) }
    return body()
  }
}

/// libxml2's global state.
package enum LibXML2 {
  /// The version that is in use, which can be newer than the one that was there at the build:
  /// `2.9.14`.
  package static var version: String {
    let digits = String(cString: virtNestLibXMLVersion()).prefix { $0.isNumber }
    guard let number = Int(digits) else { return String(digits) }
    return "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
  }

  private static let initialized: Void = xmlInitParser()

  /// Makes libxml2 ready; safe to call from any thread, any number of times.
  static func initialize() { _ = initialized }
}
