import LosslessXML
import VirtNest
import VirtNestHost

/// What a command did with a guest, or would do: an object of `--json` (Documentation/json.md).
struct GuestReport: Sendable {
  /// The version of the objects; a member that goes or means something else raises it.
  static let version = 1

  /// The guest's name; `nil` if there is no definition that has one.
  var name: String?
  var uuid: String?
  /// The file, as it was given or written.
  var file: String?
  var isChanged = false
  /// The changes, as `diff -u` prints them.
  var diff: [UInt8] = []
  /// What a libvirt has of the guest before and afterwards; `nil` where none was asked.
  var states: (before: HostGuest.State, after: HostGuest.State)?
  /// Notes and warnings about the guest on its host.
  var notes: [String] = []
  /// What the rules find, and errors that stand at a place of the file.
  var findings: [Diagnostic] = []
  /// Why libvirt did not take the guest.
  var error: String?
  /// What `up` and `down` do for the guest, and on which host; `nil` for other commands.
  var steps: (host: String?, all: [GuestStep])?
  /// Whether the guest that `up` has started nests as asked; `nil` where it was not asked.
  var isAsAsked: Bool?

  /// A report about a file.
  init(file: String?) { self.file = file }

  /// A report about a definition in a file.
  ///
  /// - Parameter old: the bytes that it had before; none for a new file.
  init(_ bytes: [UInt8], from old: [UInt8], in file: String?) {
    self.init(file: file)
    let guest = (try? DomainDefinition(bytes)).map { Guest(reading: $0) }
    (name, uuid) = (guest?.name, guest?.uuid?.description)
    let label = file ?? name ?? ""
    let difference = UnifiedDiff(
      from: old, to: bytes, oldLabel: old.isEmpty ? "/dev/null" : label, newLabel: label)
    isChanged = !difference.isEmpty
    diff = difference.bytes()
  }

  /// The report as JSON, in which bytes that are not UTF-8 become U+FFFD.
  var json: JSONWriter.Value {
    let text = String(decoding: diff, as: UTF8.self)
    let changes = text.split(separator: "\n").dropFirst(2)
      .filter { $0.hasPrefix("+") || $0.hasPrefix("-") }
    let own: [JSONWriter.Member] =
      steps.map { host, all in
        [
          .init("host", .optional(host)), .init("steps", .array(all.map(\.json))),
          .init("asAsked", isAsAsked.map { .bool($0) } ?? .null),
        ]
      } ?? []
    return .object(
      [
        .init("version", .integer(Self.version)), .init("name", .optional(name)),
        .init("uuid", .optional(uuid)), .init("file", .optional(file)),
        .init("changed", .bool(isChanged)),
        .init("changes", .array(changes.map { .string(String($0)) })), .init("diff", .string(text)),
        .init("before", .optional(states?.before.rawValue)),
        .init("after", .optional(states?.after.rawValue)),
        .init("notes", .array(notes.map { .string($0) })),
        .init("findings", .array(findings.map { $0.json(\.commandLine) })),
        .init("error", .optional(error)),
      ] + own)
  }
}

extension GuestStep {
  fileprivate var json: JSONWriter.Value {
    .object([
      .init("step", .string(kind.rawValue)), .init("pool", .optional(volume?.pool)),
      .init("volume", .optional(volume?.name)), .init("state", .string(state.rawValue)),
      .init("text", .string(text)),
    ])
  }
}

extension [GuestReport] {
  /// The reports with diagnostics about their files and guests, and a report for each other source.
  func with(_ diagnostics: [Diagnostic]) -> [GuestReport] {
    var reports = self
    var indexes: [TextKey: Int] = [:]
    for (index, report) in reports.enumerated() {
      for source in [report.file, report.name] {
        if let source { indexes[TextKey(source)] = index }
      }
    }
    for diagnostic in diagnostics {
      let source = TextKey(diagnostic.source ?? "")
      if indexes[source] == nil {
        indexes[source] = reports.count
        reports.append(GuestReport(file: diagnostic.source))
      }
      if let index = indexes[source] { reports[index].findings.append(diagnostic) }
    }
    return reports
  }
}
