internal import LosslessXML
package import VirtNest

/// The facts about a host, or a guest, on which nested KVM on Power depends.
///
/// A POSIX sh script (``gatheringScript``) prints them, one `key=value` per line. A file of facts has
/// the same form: the first line is `facts=1`, the last is `end=1`. A key without a value is left
/// out. Unknown keys are kept.
package struct HostFacts: Equatable, Sendable {
  /// The facts by key, without the first and the last line.
  package let values: [String: String]

  /// Makes facts from values; no key may be `facts` or `end`, or contain `=` or a newline.
  init(_ values: [String: String]) {
    self.values = values
  }

  /// The script that gathers facts; it only reads, and needs no root.
  package static var gatheringScript: String {
    String(decoding: PackageResources.host_facts_sh, as: UTF8.self)
  }

  /// Reads the script's output; lines before `facts=1` (a login message) are ignored.
  /// - Throws: ``VirtNestError``.
  package init(parsing text: String) throws(VirtNestError) {
    // By scalars: "\r\n" is one character.
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0.last == "\r" ? $0.dropLast() : $0) }
    guard let start = lines.firstIndex(of: "facts=1") else {
      throw VirtNestError(
        .facts,
        "the line 'facts=1' is missing; gather facts with the script of virt-nest doctor "
          + "--print-script")
    }
    guard let end = lines[start...].firstIndex(of: "end=1") else {
      throw VirtNestError(
        .facts, "the line 'end=1' is missing, so facts are lost; gather them again")
    }
    var values: [String: String] = [:]
    for index in start + 1..<end where !lines[index].isEmpty && !lines[index].hasPrefix("#") {
      guard let (key, text) = lines[index].parted(at: "="), !key.isEmpty else {
        throw Self.malformed("expected key=value", line: index + 1)
      }
      guard values[key] == nil else {
        throw Self.malformed("the key '\(key)' appears twice", line: index + 1)
      }
      guard let value = Self.unescaped(text) else {
        throw Self.malformed("a backslash must be followed by \\, n, t or r", line: index + 1)
      }
      values[key] = value
    }
    self.values = values
  }

  /// The facts as text that ``init(parsing:)`` reads, sorted by key.
  package var text: String {
    var text = "facts=1\n"
    for (key, value) in sorted { text += "\(key)=\(Self.escaped(value))\n" }
    return text + "end=1\n"
  }

  /// The facts as a JSON object, sorted by key; each value is a string.
  package var json: JSONWriter.Value {
    .object(sorted.map { JSONWriter.Member($0.key, .string($0.value)) })
  }

  private var sorted: [(key: String, value: String)] { values.sorted { $0.key < $1.key } }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
      .replacing("\t", with: "\\t").replacing("\r", with: "\\r")
  }

  private static func unescaped(_ value: String) -> String? {
    var result = String.UnicodeScalarView()
    var escaping = false
    for scalar in value.unicodeScalars {
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

extension HostFacts {
  /// Reads a file of facts: the output of the script (``init(parsing:)``), or a JSON report made from
  /// it (``HostReport/json``).
  /// - Throws: ``VirtNestError``.
  package init(reading bytes: [UInt8]) throws(VirtNestError) {
    guard Self.isReport(bytes) else {
      try self.init(parsing: String(decoding: bytes, as: UTF8.self))
      return
    }
    let report: JSONWriter.Value
    do throws(MalformedJSON) {
      report = try JSONReader.value(of: bytes)
    } catch {
      throw Self.malformed(error.reason, line: error.line, column: error.column)
    }
    try self.init(report: report)
  }

  /// Whether the bytes are JSON.
  ///
  /// A first brace alone does not tell, because a login message before the facts may begin with one.
  private static func isReport(_ bytes: [UInt8]) -> Bool {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return first == UInt8(ascii: "{")
      && !text.split(separator: 0x0A).contains { line in
        line.starts(with: "facts=1".utf8)
      }
  }

  private init(report: JSONWriter.Value) throws(VirtNestError) {
    guard case .object(let facts)? = report["facts"] else {
      throw VirtNestError(
        .facts, "the member 'facts' is missing; use the output of virt-nest doctor --json")
    }
    var values: [String: String] = [:]
    for fact in facts {
      guard let value = fact.value.text else {
        throw VirtNestError(.facts, "the value of '\(fact.key)' is not a string")
      }
      guard Self.isKey(fact.key) else {
        throw VirtNestError(.facts, "'\(fact.key)' is not a valid key of a fact")
      }
      values[fact.key] = value
    }
    self.init(values)
  }

  private static func malformed(_ reason: String, line: Int, column: Int = 1) -> VirtNestError {
    VirtNestError(.facts, reason, at: .init(0..<0, Position(line: line, column: column)))
  }

  /// Whether a key can stand before `=` on a line of its own.
  private static func isKey(_ key: String) -> Bool {
    !["", "facts", "end"].contains(key) && !key.hasPrefix("#")
      && !key.unicodeScalars.contains { "=\n\r".unicodeScalars.contains($0) }
  }
}

extension HostFacts {
  /// The machine whose facts are gathered.
  package enum Place: Equatable, Sendable {
    /// This machine.
    case here
    /// A destination of `ssh`: `host`, `user@host`, `ssh://user@host:port`.
    case ssh(destination: String)
  }

  /// Runs the script that gathers facts, here or through ssh.
  ///
  /// - Parameters:
  ///   - connectTimeout: Seconds that ssh has to reach the machine and agree on keys; `nil` for ssh's own.
  ///   - mayAsk: Whether ssh may ask for a password or about a host key.
  /// - Throws: ``VirtNestError`` if the output is not facts.
  package static func gathered(
    _ place: Place, connectTimeout: Int? = nil, mayAsk: Bool = true
  ) async throws -> HostFacts {
    let program: String
    let arguments: [String]
    switch place {
    case .here: (program, arguments) = ("sh", ["-s"])
    case .ssh(let destination):
      let timeout = connectTimeout.map { ["-o", "ConnectTimeout=\($0)"] } ?? []
      let silence = mayAsk ? [] : ["-o", "BatchMode=yes"]
      (program, arguments) = ("ssh", timeout + silence + ["--", destination, "sh -s"])
    }
    let run: ToolRun
    do {
      // A person may be asked for a password.
      run = try await ToolRun.run(
        program, arguments, input: unnamedFile(Array(gatheringScript.utf8)), limit: .seconds(3600))
    } catch let error as VirtNestError {
      throw failure(error.message)
    }
    guard run.status == 0 else {
      let reason = run.errorOutput.trimmingSpaces
      throw failure("'\(program)' ended with status \(run.status): \(reason)")
    }
    return try HostFacts(parsing: run.output)
  }

  /// Why facts were not gathered, and how to gather them by hand.
  private static func failure(_ reason: String) -> VirtNestError {
    VirtNestError(
      .program, reason,
      advice: """
        Or run the script of virt-nest doctor --print-script on that machine and read its output \
        with --facts FILE
        """)
  }
}

extension HostFacts.Place {
  /// The machine whose libvirt a URI names (https://libvirt.org/uri.html).
  ///
  /// - Returns: `nil` if the URI gives no shell on that machine: only a local one and `+ssh` do.
  package init?(libvirtURI uri: String) {
    guard let (scheme, rest) = uri.parted(at: ":"), rest.hasPrefix("//") else { return nil }
    let authority = String(rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" })
    let transport = scheme.parted(at: "+")?.tail
    guard !authority.isEmpty else {
      // unix is the local socket.
      guard transport == nil || transport == "unix" else { return nil }
      self = .here
      return
    }
    guard transport == "ssh", !authority.hasPrefix("-") else { return nil }
    self = .ssh(destination: authority.contains(":") ? "ssh://\(authority)" : authority)
  }
}
