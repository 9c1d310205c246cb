import Foundation
import TestSupport
import Testing

@Suite("The time of a command grows in proportion to its input", .serialized)
struct CommandGrowthTests {
  /// A document with a number of something, and a command for it.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    /// The definition's parts, for a number of things.
    var body: @Sendable (Int) -> String
    /// The largest number that is tried in `make check-all`.
    var most = 100_000

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "nesting arguments, inspected", arguments: ["inspect"], body: nestingArguments),
    Case(
      name: "nesting arguments, checked", arguments: ["check", "--no-schema"],
      body: nestingArguments),
    Case(
      name: "nesting arguments, removed", arguments: ["patch", "--no-nested", "--check"],
      body: nestingArguments),
    Case(name: "properties of one argument", arguments: ["inspect"]) {
      arguments([
        "-machine", [String](repeating: "cap-nested-hv=on", count: $0).joined(separator: ","),
      ])
    },
    Case(name: "features", arguments: ["inspect"]) {
      "<features>" + String(repeating: "<nested-hv state='on'/>\n", count: $0) + "</features>"
    },
    Case(
      name: "elements, deleted", arguments: ["patch", "--check", "--delete-xpath", "//x"],
      body: elements, most: 1_000_000),
    Case(
      name: "elements, set", arguments: ["patch", "--check", "--set-xpath", "//x/@a=2"],
      body: elements),
    Case(
      name: "elements, filled", arguments: ["patch", "--check", "--insert-xpath", "//x=<y/>"],
      body: elements),
    Case(name: "elements, checked", arguments: ["check", "--no-schema"], body: elements),
    Case(
      name: "attributes of one element", arguments: ["check", "--no-schema"],
      body: attributes, most: 20_000),
    Case(
      name: "attributes of one element, set",
      arguments: ["patch", "--check", "--set-xpath", "//x/@*=2"], body: attributes, most: 20_000),
    Case(name: "disks, inspected", arguments: ["inspect"], body: disks, most: 10_000),
    Case(name: "disks, compared", arguments: ["diff", "FILE"], body: disks, most: 10_000),
    Case(name: "disks, checked", arguments: ["check", "--no-schema"], body: disks),
    Case(
      name: "disks, edited", arguments: ["patch", "--check", "--edit", "disk:all,cache=none"],
      body: disks, most: 10_000),
    Case(
      name: "text", arguments: ["patch", "--check", "--edit", "title=y"],
      body: {
        "<title>" + String(repeating: "xxxxxxxx ", count: $0) + "</title>"
      }, most: 1_000_000),
  ]

  private static func arguments(_ words: [String]) -> String {
    "<qemu:commandline>" + words.map { "<qemu:arg value='\($0)'/>" }.joined()
      + "</qemu:commandline>"
  }

  @Sendable private static func nestingArguments(_ count: Int) -> String {
    arguments((0..<count).flatMap { _ in ["-machine", "cap-nested-hv=on"] })
  }

  @Sendable private static func elements(_ count: Int) -> String {
    "<devices>\n" + String(repeating: "<x a='1'/>\n", count: count) + "</devices>"
  }

  @Sendable private static func attributes(_ count: Int) -> String {
    "<devices><x " + (0..<count).map { "a\($0)='1'" }.joined(separator: " ") + "/></devices>"
  }

  @Sendable private static func disks(_ count: Int) -> String {
    "<devices>\n"
      + (0..<count).map {
        "<disk type='file'><source file='/a\($0).raw'/><target dev='vd\($0)' bus='virtio'/></disk>\n"
      }.joined() + "</devices>"
  }

  /// The processor time of the command, in seconds.
  private func cost(_ arguments: [String], _ definition: String) async throws -> Double {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let file = folder.file("guest.xml")
    try writeFile(file, Array(definition.utf8))
    let run = try await TestSupport.run(
      "bash",
      ["-c", #"TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1"#, "bash", VirtNestBinary.path]
        + arguments.map { $0 == "FILE" ? file : $0 } + [file], processorSeconds: 3000)
    let times = run.errorText.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    try #require(times.count == 2, "\(run.errorText)")
    return times[0] + times[1]
  }

  private func definition(_ body: String) -> String {
    """
    <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>kata-x</name><memory unit='GiB'>4</memory><vcpu>2</vcpu>
      <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
      \(body)
    </domain>

    """
  }

  @Test("Ten times the things take less than thirty times the time", arguments: cases)
  func definitions(_ example: Case) async throws {
    let isWhole = ProcessInfo.processInfo.environment["VIRT_NEST_PROOF"] == "all"
    let most = isWhole ? example.most : 10_000
    let start = try await cost(example.arguments, definition(""))
    var costs: [(count: Int, seconds: Double)] = []
    var count = 1000
    while count <= most {
      costs.append((count, try await cost(example.arguments, definition(example.body(count)))))
      count *= 10
    }
    let table = costs.map { "\($0.count): \($0.seconds) s" }.joined(separator: ", ")
    print("growth: \(example.name): \(table)")
    // A start costs much the same for each; a tenth of a second is within what a clock can tell.
    for (few, many) in zip(costs, costs.dropFirst()) {
      #expect(many.seconds - start < 30 * max(few.seconds - start, 0.1), "\(table)")
    }
  }

  @Test("A template whose values double each other is refused after little work")
  func template() async throws {
    for count in [10, 100, 1000] {
      let parameters = (0..<count).map { index in
        let next = index + 1 < count ? "{p\(index + 1)}{p\(index + 1)}" : "x"
        return "<nest:parameter name='p\(index)' type='string' default='\(next)'/>"
      }.joined()
      let text = definition(
        "<metadata><nest:template xmlns:nest='urn:virt-nest:template:1' name='t' version='1'>"
          + parameters + "</nest:template></metadata>")
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let file = folder.file("template.xml")
      try writeFile(file, Array(text.utf8))
      let run = try await VirtNestBinary.run(
        ["create", file, "-q", "--name", "kata-y"], processorSeconds: 60)
      #expect(
        [.exited(0), .exited(2), .exited(64)].contains(run.status), "\(run.status) \(run.errorText)"
      )
    }
  }

  @Test(
    "A pattern that could be tried in many ways, and a long expression, end soon",
    arguments: [
      ["//x[" + String(repeating: "count(//x)+", count: 300) + "1]"],
      [String(repeating: "//x", count: 1300)], ["//x[" + String(repeating: "(", count: 2000)],
      [String(repeating: "/x", count: 3000)],
    ])
  func expressions(_ options: [String]) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let file = folder.file("guest.xml")
    try writeFile(file, Array(definition(Self.elements(20_000)).utf8))
    let run = try await VirtNestBinary.run(
      ["patch", "--check", "--delete-xpath"] + options + [file], processorSeconds: 120)
    #expect(run.status == .exited(2) || run.status == .exited(64), "\(run.status) \(run.errorText)")
  }
}
