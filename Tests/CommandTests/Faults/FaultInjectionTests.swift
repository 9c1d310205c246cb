import Foundation
import TestSupport
import Testing

@Suite("A fault at any system call leaves the old file or the new one", .serialized)
struct FaultInjectionTests {
  private static let old = """
    <domain type='kvm'>
      <name>kata-x</name>
      <memory unit='KiB'>4194304</memory>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
    </domain>

    """
  private static let new = old.replacing(
    "</os>\n", with: "</os>\n  <features>\n    <nested-hv state='on'/>\n  </features>\n")

  struct Way: Sendable, CustomTestStringConvertible {
    var options: [String]
    var testDescription: String { options.joined(separator: " ") }
  }

  static let ways = [
    Way(options: ["-i"]), Way(options: ["-i", "--backup", ".orig"]),
    Way(options: ["-i", "--overwrite", "--backup", ".orig"]),
  ]

  private func makeFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("guest.xml"), Self.old.utf8)
    return folder
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func text(_ folder: TemporaryFolder, _ name: String = "guest.xml") throws -> String {
    String(decoding: try readFile(folder.file(name)), as: UTF8.self)
  }

  @Test("every call, failed in four ways and killed", arguments: ways)
  func everyCall(_ way: Way) async throws {
    let arguments = ["patch"] + way.options + ["--nested", "guest.xml"]
    let folder = try makeFolder()
    let traced = try await run(
      "strace", ["-f", "-o", folder.file("trace"), VirtNestBinary.path] + arguments,
      in: folder.path)
    try #require(traced.succeeded, "\(traced.errorText)")
    #expect(try text(folder) == Self.new)
    let calls = SystemCall.onWritePath(of: try text(folder, "trace"), file: "guest.xml")
    // Reading, writing, syncing, exchanging, removing: fewer means that the trace was misread.
    try #require(calls.count > 20, "\(calls)")
    var points: [(SystemCall, Fault)] = []
    for call in calls { for fault in Fault.allCases { points.append((call, fault)) } }

    var outcomes: [String: Int] = [:]
    try await withThrowingTaskGroup(of: String.self) { group in
      for (index, point) in points.enumerated() {
        if index >= 4, let outcome = try await group.next() { outcomes[outcome, default: 0] += 1 }
        group.addTask { try await tryPoint(point.0, point.1, arguments) }
      }
      for try await outcome in group { outcomes[outcome, default: 0] += 1 }
    }
    let sorted = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print(
      "faults: patch \(way.testDescription): \(calls.count) system calls, \(points.count) points; "
        + sorted.joined(separator: ", "))
  }

  /// Runs the command with one fault, and says how it ended.
  private func tryPoint(
    _ call: SystemCall, _ fault: Fault, _ arguments: [String]
  ) async throws -> String {
    let folder = try makeFolder()
    defer { folder.remove() }
    let (run, hasHit) = try await VirtNestBinary.run(arguments, fault, at: call, in: folder.path)
    #expect(hasHit, "\(fault.rawValue) at \(call) has hit nothing")
    let content = try text(folder)
    let point = Comment(rawValue: "\(fault.rawValue) at \(call): \(run.status) \(run.errorText)")
    let isNew = content == Self.new
    // Only what is written in place can be caught in the middle, by a kill alone.
    let mayBeTorn = fault == .killed && arguments.contains("--overwrite")
    #expect(isNew || content == Self.old || mayBeTorn, point)
    let left = try names(folder).filter { $0.hasSuffix(".tmp") }
    let saysSo = run.errorText.contains(".tmp")
    #expect(left.isEmpty || fault == .killed || saysSo, "\(left), \(point)")
    if arguments.contains("--backup"), isNew || mayBeTorn && content != Self.old {
      #expect(try text(folder, "guest.xml.orig") == Self.old, point)
    }

    switch run.status {
    case .exited(0): #expect(isNew, point)
    case .exited(2):
      #expect(run.errorText.contains("error: "), point)
      let saysReplaced =
        run.errorText.contains("is replaced") && !run.errorText.contains("was not replaced")
      #expect(saysReplaced == isNew, point)
    case .exited: Issue.record(point)
    case .signaled(let signal):
      let expected: [Fault: Int32] = [
        .killed: SIGKILL, .terminated: SIGTERM, .interruptedByKey: SIGINT,
      ]
      #expect(expected[fault] == signal, point)
    }
    if fault == .killed, !mayBeTorn || content == Self.old || isNew {
      // What was left behind is in nobody's way.
      let again = try await VirtNestBinary.run(arguments, in: folder.path)
      #expect(again.succeeded, "\(again.errorText)")
      #expect(try text(folder) == Self.new, point)
    }
    return "\(isNew ? "new" : content == Self.old ? "old" : "torn by a kill") (\(run.status))"
  }
}
