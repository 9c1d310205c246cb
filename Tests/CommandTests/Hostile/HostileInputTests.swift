import Foundation
import TestSupport
import Testing

@Suite("Hostile input costs little and gives a clear error")
struct HostileInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    /// What the error says; `nil` where the definition is patched.
    var error: String?

    init(_ name: String, _ text: String, error: String?) {
      self.init(name, Array(text.utf8), error: error)
    }

    init(_ name: String, _ bytes: [UInt8], error: String?) {
      (self.name, self.bytes, self.error) = (name, bytes, error)
    }

    var testDescription: String { name }
  }

  private static func domain(_ inner: String = "", _ attributes: String = "") -> String {
    "<domain type='kvm'\(attributes)>\n  <name>kata-x</name>\n  <os>\n"
      + "    <type arch='ppc64le' machine='pseries'>hvm</type>\n  </os>\n\(inner)\n</domain>\n"
  }

  private static let bomb =
    "<!DOCTYPE domain [<!ENTITY a0 'ha'>"
    + (1...20).map { "<!ENTITY a\($0) '&a\($0 - 1);&a\($0 - 1);&a\($0 - 1);&a\($0 - 1);'>" }
    .joined() + "]>\n" + domain("<title>&a20;</title>")

  static let cases: [Case] = [
    Case("entity bomb", bomb, error: "document type declaration"),
    Case(
      "external entity",
      "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + domain("<title>&e;</title>"),
      error: "document type declaration"),
    Case(
      "external subset", "<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/a.dtd'>" + domain(),
      error: "document type declaration"),
    Case(
      "included file",
      domain("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>"),
      error: nil),
    Case(
      "style sheet and schema",
      "<?xml-stylesheet href='http://127.0.0.1:9/a.xsl'?>"
        + domain(
          "",
          " xmlns:i='http://www.w3.org/2001/XMLSchema-instance' "
            + "i:schemaLocation='a http://127.0.0.1:9/a.xsd'"), error: nil),
    Case(
      "100,000 deep", String(repeating: "<a>", count: 100_000), error: "more than 256 deep"),
    Case(
      "attribute of 9 MB", domain("", " a='" + String(repeating: "x", count: 9_000_000) + "'"),
      error: nil),
    Case(
      "attribute of 11 MB", domain("", " a='" + String(repeating: "x", count: 11_000_000) + "'"),
      error: "not well-formed"),
    Case(
      "ten thousand attributes",
      domain("<a" + (1...10_000).map { " a\($0)='x'" }.joined() + "/>"), error: nil),
    Case(
      "ten thousand namespaces",
      domain("<a" + (1...10_000).map { " xmlns:a\($0)='urn:\($0)'" }.joined() + "/>"), error: nil),
    Case("a million siblings", domain(String(repeating: "<a/>", count: 1_000_000)), error: nil),
    Case(
      "a million features",
      domain("<features>" + String(repeating: "<a/>", count: 1_000_000) + "</features>"),
      error: nil),
    Case(
      "more than 64 MiB", [UInt8](repeating: UInt8(ascii: " "), count: 65 << 20),
      error: "67108864"),
    Case("nothing", "", error: "no XML"),
    Case(
      "UTF-16", [0xFF, 0xFE] + domain().utf16.flatMap { [UInt8($0 & 0xFF), 0] }, error: "UTF-16"),
    Case(
      "ISO-8859-1", "<?xml version='1.0' encoding='ISO-8859-1'?>" + domain(), error: "ISO-8859-1"),
    Case(
      "a state of a guest", "<domstatus state='running'>\(domain())</domstatus>", error: "domstatus"
    ),
    Case("a snapshot", "<domainsnapshot>\(domain())</domainsnapshot>", error: "snapshot"),
    Case("a saved guest", "LibvirtQemudSave\0\u{2}\0\0\0" + domain(), error: "save-image-dumpxml"),
  ]

  @Test("bounded time and memory, and a refused file untouched", arguments: cases)
  func bounded(_ hostile: Case) async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("guest.xml")
    try writeFile(path, hostile.bytes)
    // 1.5 GiB of address space, 120 s of processor time.
    let run = try await run(
      "sh",
      [
        "-c", "ulimit -v 1572864; exec \"$@\"", "sh", VirtNestBinary.path, "patch", "-i", "--quiet",
        "--nested", "--memory", "3GiB", path,
      ], environment: ["SWIFT_BACKTRACE": "enable=no"], processorSeconds: 120)
    let said = Comment(rawValue: String("\(run.status) \(run.errorText)".prefix(500)))
    if let error = hostile.error {
      #expect(run.status == .exited(2), said)
      #expect(run.errorText.contains(error), said)
      #expect(run.errorText.utf8.count < 2000)
      #expect(try readFile(path) == hostile.bytes)
    } else {
      #expect(run.status == .exited(0), said)
      #expect(try readFile(path) != hostile.bytes)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["guest.xml"])
  }

  @Test("No document makes the command open another file or a connection")
  func opensNothing() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("guest.xml")
    let trace = folder.file("trace")
    var opened: [String: Set<String>] = [:]
    let small = Self.cases.filter { $0.bytes.count < 100_000 }
    for hostile in [Case("harmless", Self.domain(), error: nil)] + small {
      try writeFile(path, hostile.bytes)
      let run = try await run(
        "strace",
        [
          "-f", "-o", trace, "-e", "trace=open,openat,openat2,socket,connect,execve,stat,access",
          VirtNestBinary.path, "patch", "--nested", path,
        ])
      #expect(run.status == .exited(hostile.error == nil ? 0 : 2), "\(hostile.name)")
      let lines = String(decoding: try readFile(trace), as: UTF8.self).split(separator: "\n")
      let calls = lines.compactMap { line -> String? in
        let call = line.drop { $0.isNumber || $0 == " " }
        return call.contains("(") ? String(call.prefix { $0 != ")" }) : nil
      }.filter {
        // Swift's runtime looks now and then at what its own threads do.
        $0.firstMatch(of: /"\/proc\/[0-9]+\/stat"/) == nil
      }
      #expect(!calls.contains { $0.hasPrefix("socket") || $0.hasPrefix("connect") })
      opened[hostile.name] = Set(calls)
    }
    let harmless = try #require(opened["harmless"])
    #expect(harmless.contains { $0.contains("guest.xml") })
    for (name, calls) in opened {
      // Dispatch looks at its own threads.
      let more = calls.subtracting(harmless).filter {
        !$0.hasPrefix("execve") && !$0.contains("\"/proc/")
      }
      #expect(more.isEmpty, "\(name) makes it open \(more)")
    }
    print("hostile: \(Self.cases.count) documents; \(opened.count) traced, none opened anything")
  }
}
