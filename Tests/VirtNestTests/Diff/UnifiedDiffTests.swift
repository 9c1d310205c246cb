import LosslessXML
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest

@Suite("Unified diff")
struct UnifiedDiffTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func diff(_ old: String, _ new: String) -> UnifiedDiff {
    UnifiedDiff(from: [UInt8](old), to: [UInt8](new), oldLabel: "old", newLabel: "new")
  }

  @Test("Equal texts have none")
  func equal() {
    #expect(diff("a\n", "a\n").isEmpty)
    #expect(diff("", "").bytes() == [])
  }

  @Test(
    "It is what GNU diff prints",
    arguments: [
      ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
      ("", "a\n"), ("a\n", ""), ("a", "a\n"), ("a\n", "a"), ("a", "b"), ("x\na", "y\na"),
      ("a\r\nb\r\n", "a\r\nb\n"), ("1\n2\n3\n", "0\n1\n2\n3\n"), ("1\n2\n3\n", "1\n2\n3\n4\n"),
      // Six lines between two changes make one hunk, seven make two.
      ("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
      ("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
    ])
  func likeGNU(old: String, new: String) async throws {
    try writeFile(folder.file("old"), [UInt8](old))
    try writeFile(folder.file("new"), [UInt8](new))
    let gnu = try await run(
      "diff", ["-u", "--label", "old", "--label", "new", "old", "new"], in: folder.path)
    #expect(String(decoding: diff(old, new).bytes(), as: UTF8.self) == gnu.outputText)
  }

  @Test("patch and git apply make the new bytes from it, over random edits", arguments: 0..<12)
  func applies(round: Int) async throws {
    // Lines that repeat, CRLF among LF, bytes that are no UTF-8, sometimes no end of line.
    let lines: [[UInt8]] = [
      [UInt8]("a\n"), [UInt8]("b\r\n"), [UInt8]("\n"), [0xff, 0x00, 0x0a], [UInt8]("-- x\n"),
      [UInt8]("--- y\n"), [UInt8]("\\ z\n"), [UInt8](repeating: 65, count: 300) + [0x0a],
    ]
    var old = (0..<[1, 10, 100, 1500][round % 4]).map { _ in lines.randomElement() ?? [] }
    if Bool.random() { old.append([UInt8]("end")) }
    var new = old
    for _ in 0..<Int.random(in: 1...[3, 30, 900][round % 3]) {
      let place = Int.random(in: 0...new.count)
      if place < new.count, Bool.random() {
        new.remove(at: place)
      } else if place < new.count || new.last?.last == 0x0a {
        new.insert(lines.randomElement() ?? [], at: place)
      }
    }
    let (oldBytes, newBytes) = (Array(old.joined()), Array(new.joined()))
    let difference = UnifiedDiff(
      from: oldBytes, to: newBytes, oldLabel: "guest.xml", newLabel: "guest.xml")
    // GNU patch takes a file without NUL bytes or with, but removes one that becomes empty.
    guard !difference.isEmpty, !oldBytes.isEmpty, !newBytes.isEmpty else { return }
    try writeFile(folder.file("d"), difference.bytes())
    for command in [
      ["patch", "--binary", "-p0", "--fuzz=0", "-i", "d"], ["git", "apply", "-p0", "d"],
    ] {
      try writeFile(folder.file("guest.xml"), oldBytes)
      let result = try await run(command[0], Array(command[1...]), in: folder.path)
      #expect(result.succeeded, "\(command): \(result.outputText) \(result.errorText)")
      #expect(try readFile(folder.file("guest.xml")) == newBytes, "\(command)")
    }
  }

  @Test(
    "patch finds the file by any name",
    arguments: ["my guest.xml", "q\"uote\\.xml", "ü.xml", "t\ta"])
  func names(name: String) async throws {
    try writeFile(folder.file(name), [UInt8]("a\n"))
    let difference = UnifiedDiff(
      from: [UInt8]("a\n"), to: [UInt8]("b\n"), oldLabel: name, newLabel: name)
    for command in [["patch", "-p0"], ["git", "apply", "-p0"]] {
      try writeFile(folder.file(name), [UInt8]("a\n"))
      let result = try await run(
        command[0], Array(command[1...]), input: difference.bytes(), in: folder.path)
      #expect(result.succeeded, "\(command): \(result.outputText) \(result.errorText)")
      #expect(try readFile(folder.file(name)) == [UInt8]("b\n"), "\(command)")
    }
  }

  @Test("Colours end before the line does, and are all that is added")
  func colours() {
    let text = String(decoding: diff("a\r\nb", "a\r\nc").bytes(coloured: true), as: UTF8.self)
    #expect(
      text == """
        \u{1b}[1m--- old\u{1b}[0m
        \u{1b}[1m+++ new\u{1b}[0m
        \u{1b}[36m@@ -1,2 +1,2 @@\u{1b}[0m
         a\r
        \u{1b}[31m-b\u{1b}[0m
        \\ No newline at end of file
        \u{1b}[32m+c\u{1b}[0m
        \\ No newline at end of file

        """)
    let removed = diff("a\r\n", "").bytes(coloured: true)
    #expect(
      String(decoding: removed, as: UTF8.self).utf8.suffix(8).elementsEqual("-a\u{1b}[0m\r\n".utf8))
  }

  @Test("A few changes among many lines that repeat stay a few changes")
  func repeatingLines() {
    let old = (0..<1_900).map { "\($0 % 3)" }
    var new = old
    new.insert("7", at: 10)
    new.remove(at: 1_800)
    #expect(
      [LineChange](from: lines(old), to: lines(new)) == [
        LineChange(old: 10..<10, new: 10..<11),
        LineChange(old: 1_799..<1_800, new: 1_800..<1_800),
      ])
  }

  @Test("Of a large text, one changed line is one change, and a new middle is one change")
  func large() {
    let old = (0..<60_000).map { "<disk number='\($0)'/>" }
    var new = old
    new[30_000] = "<disk/>"
    #expect(
      [LineChange](from: lines(old), to: lines(new)) == [
        LineChange(old: 30_000..<30_001, new: 30_000..<30_001)
      ])
    new[1...59_998].reverse()
    #expect(
      [LineChange](from: lines(old), to: lines(new)) == [
        LineChange(old: 1..<59_999, new: 1..<59_999)
      ])
  }

  @Test("Two texts without a common line, of as many lines as are compared, take seconds at most")
  func hostile() {
    let old = (0..<2_000).map { "a\($0)" }
    let new = (0..<2_000).map { "b\($0)" }
    let cost = processorSeconds {
      let changes = [LineChange](from: lines(old), to: lines(new))
      #expect(changes == [LineChange(old: 0..<2_000, new: 0..<2_000)])
    }
    #expect(cost < 60)
  }

  @Test("Changes lead from any old lines to any new ones", arguments: 0..<50)
  func leads(round: Int) {
    let kinds = [2, 10, 1000][round % 3]
    let old = (0..<Int.random(in: 0...300)).map { _ in "\(Int.random(in: 0..<kinds))" }
    let new = (0..<Int.random(in: 0...300)).map { _ in "\(Int.random(in: 0..<kinds))" }
    let (oldText, newText) = (lines(old), lines(new))
    let changes = [LineChange](from: oldText, to: newText)
    #expect(apply(changes, oldText, newText) == newText.bytes)
  }

  @Test("The lines that edits change lead to the edited text", arguments: 0..<300)
  func editedLines(round: Int) {
    let pieces: [[UInt8]] = [[], [0x0a], [0x0d, 0x0a], [0x61], [0x61, 0x0a, 0x62], [0x0a, 0x0a]]
    let bytes = Array((0..<Int.random(in: 0...60)).flatMap { _ in pieces.randomElement() ?? [] })
    let ends = (0..<2 * (round % 5)).map { _ in Int.random(in: 0...bytes.count) }.sorted()
    let edits = stride(from: 0, to: ends.count, by: 2).map { index in
      Edit(ends[index]..<ends[index + 1], with: pieces.randomElement() ?? [])
    }
    let (old, new) = (TextLines(bytes), TextLines(edits.applied(to: bytes)))
    let changes = [LineChange](edits, from: old, to: new)
    #expect(apply(changes, old, new) == new.bytes, "\(bytes), \(edits)")
    for (one, next) in zip(changes, changes.dropFirst()) {
      #expect(one.old.upperBound < next.old.lowerBound, "\(bytes), \(edits)")
    }
  }

  @Test("What a patch changes is shown as GNU diff shows it")
  func patch() async throws {
    let text = """
      <domain type='kvm'>
        <name>kata-x</name>
        <memory unit='KiB'>4194304</memory>
        <os>
          <type arch='ppc64le' machine='pseries'>hvm</type>
        </os>
      </domain>

      """
    var changes = GuestChanges()
    changes.guest.name = "kata-y"
    changes.nesting = NestingChange(.on)
    let patch = try DomainDefinition([UInt8](text.utf8)).patch(changes)
    try writeFile(folder.file("old"), patch.definition.document.bytes)
    try writeFile(folder.file("new"), patch.bytes)
    let gnu = try await run(
      "diff", ["-u", "--label", "x", "--label", "x", "old", "new"], in: folder.path)
    let ours = UnifiedDiff(patch, label: "x").bytes()
    #expect(String(decoding: ours, as: UTF8.self) == gnu.outputText)
  }

  private func lines(_ lines: [String]) -> TextLines {
    TextLines([UInt8](lines.map { $0 + "\n" }.joined().utf8))
  }

  private func apply(_ changes: [LineChange], _ old: TextLines, _ new: TextLines) -> [UInt8] {
    var result: [UInt8] = []
    var next = 0
    for change in changes {
      for line in next..<change.old.lowerBound { result += old[line] }
      for line in change.new { result += new[line] }
      next = change.old.upperBound
    }
    for line in next..<old.ranges.count { result += old[line] }
    return result
  }
}
