import Foundation
import TestSupport
import Testing

@Suite("check and explain")
struct CheckCommandTests {
  /// A definition without a finding.
  static let good = """
    <domain type='kvm'>
      <name>kata-x</name>
      <uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>
      <memory unit='GiB'>4</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
      <features>
        <nested-hv state='on'/>
      </features>
      <cpu mode='host-model'/>
      <devices>
        <controller type='usb' model='none'/>
      </devices>
    </domain>

    """
  private static let off = good.replacing("machine='pseries'", with: "machine='pseries,x=y'")
  private static let noted = good.replacing("<cpu mode='host-model'/>", with: "")

  private func check(
    _ arguments: String..., files: [String: String] = [:], input: String = ""
  ) async throws -> Run {
    let folder = try TemporaryFolder()
    for (name, text) in files { try writeFile(folder.file(name), text.utf8) }
    defer { folder.remove() }
    return try await VirtNestBinary.run(
      ["check"] + arguments, input: Array(input.utf8), in: folder.path)
  }

  @Test("Nothing to find is silence and 0")
  func good() async throws {
    let run = try await check(
      "a.xml", "--no-schema", "--fail-on", "note", files: ["a.xml": Self.good])
    #expect(run.status == .exited(0))
    #expect(run.outputText + run.errorText == "")
  }

  @Test("An error is 1, with place, id and advice")
  func error() async throws {
    let run = try await check("-", "--no-schema", input: Self.off)
    #expect(run.status == .exited(1))
    #expect(
      run.outputText == """
        <stdin>:7:26: error: libvirt refuses the machine type 'pseries,x=y' because properties follow it [VN003]
            Write machine='pseries'. Properties belong in <features>, or in a -machine argument in <qemu:commandline>.

        """)
    #expect(run.errorText == "")
  }

  @Test("A note is 1 from its level on, and nothing where it is ignored")
  func levels() async throws {
    let files = ["a.xml": Self.noted]
    #expect(try await check("a.xml", "--no-schema", files: files).status == .exited(0))
    for level in ["warning", "error"] {
      let run = try await check("a.xml", "--no-schema", "--fail-on", level, files: files)
      #expect(run.status == .exited(0), "\(level)")
    }
    let note = try await check("a.xml", "--no-schema", "--fail-on", "note", files: files)
    #expect(note.status == .exited(1))
    #expect(note.outputText.contains("[VN033]"))
    let ignored = try await check(
      "a.xml", "--no-schema", "--fail-on", "note", "--ignore", "vn033", files: files)
    #expect(ignored.status == .exited(0))
    #expect(ignored.outputText == "")
  }

  @Test("A file that cannot be read is 2, and the others are checked all the same")
  func unreadable() async throws {
    let run = try await check(
      "none.xml", "bad.xml", "off.xml", "--no-schema",
      files: ["bad.xml": "<domain>", "off.xml": Self.off])
    #expect(run.status == .exited(2))
    #expect(run.errorText.hasPrefix("none.xml: error: cannot read: "))
    #expect(run.outputText.contains("bad.xml:1:9: error: not well-formed XML: "))
    #expect(run.outputText.contains("off.xml:7:26: error: "))
  }

  @Test("JSON is a list of objects, and an empty one where nothing is found")
  func json() async throws {
    let run = try await check("off.xml", "--json", "--no-schema", files: ["off.xml": Self.off])
    #expect(run.status == .exited(1))
    let list = try JSONSerialization.jsonObject(with: Data(run.output)) as? [[String: Any]]
    let finding = try #require(list?.first)
    #expect(list?.count == 1)
    #expect(finding["id"] as? String == "VN003")
    #expect(finding["severity"] as? String == "error")
    #expect(finding["file"] as? String == "off.xml")
    #expect(finding["line"] as? Int == 7)
    #expect(finding["column"] as? Int == 26)
    let empty = try await check("a.xml", "--json", "--no-schema", files: ["a.xml": Self.good])
    #expect(empty.outputText == "[]\n")
  }

  @Test("A pipe is no schema, and nobody waits for what is written to it")
  func pipe() async throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("schema.rng")
    #expect(mkfifo(pipe, 0o600) == 0)
    try writeFile(folder.file("a.xml"), Self.good.utf8)
    let run = try await VirtNestBinary.run(
      ["check", "--schema", pipe, folder.file("a.xml")], processorSeconds: 60)
    #expect(run.status == .exited(2))
    #expect(run.errorText.contains("is not a file"), "\(run.errorText)")
  }

  @Test("Another schema is one of the user's, and has to be there")
  func schema() async throws {
    let grammar = """
      <element name="domain" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>
      """
    let files = ["a.xml": Self.good, "my.rng": grammar]
    let run = try await check("a.xml", "--schema", "my.rng", files: files)
    #expect(run.status == .exited(1))
    #expect(run.outputText.contains("[VN002]"))
    let missing = try await check("a.xml", "--schema", "none.rng", files: files)
    #expect(missing.status == .exited(2))
    #expect(missing.errorText.contains("none.rng"))
    let broken = try await check("a.xml", "--schema", "a.xml", files: files)
    #expect(broken.status == .exited(2))
    #expect(broken.errorText.contains("cannot be used as a RELAX NG schema"))
  }

  @Test("Options that are wrong are 64")
  func usage() async throws {
    for arguments in [
      ["a", "--ignore", "VN999"], ["a", "--fail-on", "fatal"],
      ["a", "--schema", "x", "--no-schema"], ["-", "-"], [],
    ] {
      let run = try await VirtNestBinary.run(["check"] + arguments)
      #expect(run.status == .exited(64), "\(arguments): \(run.errorText)")
    }
  }

  @Test("explain says reason, source and versions, and lists all without an id")
  func explain() async throws {
    let one = try await VirtNestBinary.run(["explain", "VN003"])
    #expect(one.status == .exited(0))
    #expect(one.outputText.hasPrefix("VN003 error: Properties behind the machine type\n\n"))
    #expect(one.outputText.contains("\nSource:   libvirt, "))
    #expect(one.outputText.contains("\nVersions: "))
    let all = try await VirtNestBinary.run(["explain"])
    #expect(all.outputText.hasPrefix("VN001  error    The file is not a domain definition\n"))
    let unknown = try await VirtNestBinary.run(["explain", "VN999"])
    #expect(unknown.status == .exited(64))
    #expect(unknown.errorText.contains("there is no rule 'VN999'; virt-nest explain lists them"))
  }

  @Test("Many files are checked at once, and said in the order in which they are named")
  func many() async throws {
    var files: [String: String] = [:]
    for index in 0..<100 { files["\(index).xml"] = index % 2 == 0 ? Self.off : Self.good }
    files["12.xml"] = nil
    files["31.xml"] = "<domain>"
    let names = (0..<100).map { "\($0).xml" }
    let reversed = Array(names[50...].reversed())
    let folder = try TemporaryFolder()
    for (name, text) in files { try writeFile(folder.file(name), text.utf8) }
    defer { folder.remove() }
    // Lists of files before, between and behind options, with one that is standard input.
    let arguments =
      names[..<40] + ["--ignore", "VN054"] + names[40..<50] + ["-", "--no-schema"] + reversed
      + ["--ignore", "VN055", "--", "-x.xml"]
    let run = try await VirtNestBinary.run(
      ["check"] + arguments, input: Array(Self.off.utf8), in: folder.path)
    #expect(run.status == .exited(2))
    #expect(
      run.errorText.split(separator: "\n").map { $0.prefix { $0 != ":" } } == ["12.xml", "-x.xml"])
    let expected = (names[..<50] + ["<stdin>"] + reversed).filter { name in
      guard let index = Int(name.prefix { $0 != "." }) else { return true }
      return index != 12 && (index % 2 == 0 || index == 31)
    }
    let said = run.outputText.split(separator: "\n").filter { $0.contains(": error: ") }
    #expect(said.map { String($0.prefix { $0 != ":" }) } == expected)
  }
}
