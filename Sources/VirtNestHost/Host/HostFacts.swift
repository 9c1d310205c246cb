package import VirtNest

/// What is known of a host, or of a guest, that nested KVM on Power depends on.
///
/// The facts come from a script of POSIX sh (``gatheringScript``), which prints one `key=value` a
/// line; the same text is what a file of facts holds. Its first line is `facts=1`, its last
/// `end=1`. A key that the script did not find a value for is not there, and a key that is not
/// known here is kept.
package struct HostFacts: Equatable, Sendable {
  /// The facts as they were gathered, without the first and the last line.
  package let values: [String: String]

  /// Facts that are known already; no key is `facts` or `end`, or has a `=` or a newline in it.
  init(_ values: [String: String]) {
    self.values = values
  }

  /// The script that gathers facts; it only reads, and needs no root.
  package static var gatheringScript: String {
    String(decoding: PackageResources.host_facts_sh, as: UTF8.self)
  }

  /// Reads what the script printed; lines before `facts=1` (a greeting of the shell) are passed over.
  /// - Throws: ``MalformedFacts``.
  package init(parsing text: String) throws(MalformedFacts) {
    var values: [String: String] = [:]
    var state = State.before
    // By scalars: "\r\n" is one character.
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, scalars) in lines.enumerated() {
      var line = Substring(scalars)
      if line.unicodeScalars.last == "\r" { line.unicodeScalars.removeLast() }
      if state == .before {
        if line == "facts=1" { state = .within }
        continue
      }
      if line == "end=1" {
        state = .after
        break
      }
      if line.isEmpty || line.unicodeScalars.first == "#" { continue }
      guard let equals = line.unicodeScalars.firstIndex(of: "="), equals != line.startIndex else {
        throw MalformedFacts(line: index + 1, reason: "expected key=value")
      }
      let key = String(line.unicodeScalars[..<equals])
      guard values[key] == nil else {
        throw MalformedFacts(line: index + 1, reason: "'\(key)' is there twice")
      }
      guard let value = Self.unescaped(line.unicodeScalars[equals...].dropFirst()) else {
        throw MalformedFacts(
          line: index + 1, reason: "a backslash that is followed by none of \\ n t r")
      }
      values[key] = value
    }
    switch state {
    case .before:
      throw MalformedFacts(
        line: nil, reason: "no line 'facts=1': gather them with virt-nest doctor --print-script")
    case .within:
      throw MalformedFacts(
        line: nil, reason: "no line 'end=1': the facts were cut off; gather them again")
    case .after: self.values = values
    }
  }

  /// The facts as text: what ``init(parsing:)`` reads, sorted by key.
  package var text: String {
    var text = "facts=1\n"
    for (key, value) in sorted { text += "\(key)=\(Self.escaped(value))\n" }
    return text + "end=1\n"
  }

  /// The facts as an object of JSON, sorted by key, each value a string.
  package var json: JSONWriter.Value {
    .object(sorted.map { JSONWriter.Member($0.key, .string($0.value)) })
  }

  private var sorted: [(key: String, value: String)] { values.sorted { $0.key < $1.key } }

  private enum State { case before, within, after }

  private static func escaped(_ value: String) -> String {
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func unescaped(_ value: Substring.UnicodeScalarView) -> String? {
    var result = String.UnicodeScalarView()
    var escaping = false
    for scalar in value {
      guard escaping else {
        if scalar == "\\" { escaping = true } else { result.append(scalar) }
        continue
      }
      switch scalar {
      case "\\": result.append("\\")
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "r": result.append("\r")
      default: return nil
      }
      escaping = false
    }
    return escaping ? nil : String(result)
  }
}

/// Text that is not the facts of a host.
package struct MalformedFacts: Error, Equatable, CustomStringConvertible {
  /// The line, from 1, where one is to blame.
  package var line: Int?
  /// The column in bytes, from 1, where one is to blame.
  package var column: Int?
  /// What is wrong, and what to do.
  package var reason: String

  /// The line and the reason.
  package var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}
