import TestSupport
import Testing

/// libvirt's own test driver knows one guest, 'test', and forgets at its end what it was told: what
/// has to last is tested with a libvirtd.
@Suite("define, and patch --domain", .needs("virsh"))
struct DefineCommandTests {
  private let folder: TemporaryFolder
  private let guest: String
  private let libvirt = ["--connect", "test:///default"]

  init() async throws {
    folder = try TemporaryFolder()
    guest = folder.file("guest.xml")
    try writeFile(
      guest, try await VirtNestBinary.run(["create", "fedora", "--name", "kata-a", "-q"]).output)
  }

  private func define(_ arguments: String..., input: [UInt8] = []) async throws -> Run {
    try await VirtNestBinary.run(["define"] + arguments + libvirt, input: input)
  }

  static let usages = [
    Usage(reason: "Missing expected argument '<files>"),
    Usage("a.xml", "--yes", "--dry-run", reason: "--yes and --dry-run exclude each other"),
    Usage("-", "-", reason: "standard input can be read only once"),
    Usage("a.xml", "--check", "--yes", reason: "leave out --yes and --dry-run"),
    Usage("a.xml", "--json", "--dry-run", reason: "leave out --dry-run"),
    Usage("a.xml", "--json", "--diff", reason: "--json and --diff exclude each other"),
    Usage("a.xml", "--connect", reason: "Missing value for '--connect"),
  ]

  @Test("What makes no sense is refused with the reason", arguments: usages)
  func refused(_ usage: Usage) async throws {
    try await usage.expectRefusal(of: "define")
  }

  static let others = [
    (["create", "fedora", "--connect", "test:///default"], "go with --define"),
    (["create", "fedora", "--yes"], "go with --define"),
    (["create", "fedora", "--define", "--help-parameters"], "leave out --define"),
    (["patch", "a.xml", "--dry-run", "--nested"], "go with --domain"),
    (["patch", "a.xml", "--domain", "g", "--nested"], "give files, or guests by --domain"),
    (["patch", "--domain", "g", "--diff", "--nested"], "--dry-run shows what a guest would have"),
    (["patch", "--domain", "g", "--name", "h"], "another name is given by virsh domrename"),
    (["patch", "--domain", "g", "--new-identity"], "a uuid stays"),
    (["patch", "--domain", "g", "--yes", "--dry-run", "--nested"], "exclude each other"),
  ]

  @Test("So are the options of define with create and patch", arguments: others)
  func refusedElsewhere(_ arguments: [String], _ reason: String) async throws {
    let run = try await VirtNestBinary.run(arguments)
    #expect(run.status == .exited(64) && run.outputText == "", "\(run.errorText)")
    #expect(run.errorText.contains(reason), "\(run.errorText)")
  }

  @Test("--dry-run shows the whole of a new guest, from a file and from a pipe")
  func dryRun() async throws {
    let run = try await define(guest, "--dry-run")
    #expect(run.status == .exited(0) && run.errorText == "", "\(run.errorText)")
    #expect(run.outputText.hasPrefix("--- /dev/null\n+++ kata-a\n@@ -0,0 +1,"))
    #expect(run.outputText.contains("\n+    <nested-hv state='on'/>\n"))
    let piped = try await define("-", "--dry-run", input: try readFile(guest))
    #expect(piped.output == run.output)
  }

  @Test("Without --yes and without a terminal it shows, asks nobody, and defines nothing")
  func nobodyToAsk() async throws {
    let run = try await define(guest)
    #expect(run.status == .exited(2))
    #expect(run.outputText.hasPrefix("--- /dev/null\n+++ kata-a\n"))
    #expect(run.errorText.contains("no terminal to ask at: give --yes, or --dry-run"))
  }

  @Test("What libvirt has forgotten after it was defined is noticed")
  func forgotten() async throws {
    let run = try await define(guest, "--yes")
    #expect(run.status == .exited(2))
    #expect(run.errorText.contains("kata-a: error: it was defined, but does not exist any more"))
  }

  @Test("All files are looked at before any guest is")
  func files() async throws {
    let bad = folder.file("bad.xml")
    try writeFile(bad, Array("<domain>\n<name>x</domain>".utf8))
    for (file, reason) in [
      (folder.file("none"), "error: cannot read: No such file or directory"),
      (folder.path, "error: is a folder"), (bad, "bad.xml:2:"),
      ("-", "<stdin>:1:1: error: there is no XML in it"),
    ] {
      expectTrouble(try await define(guest, file, "--yes"), reason)
    }
  }

  @Test("One guest in two files is an error that names the second")
  func twice() async throws {
    let other = folder.file("other.xml")
    try writeFile(other, try readFile(guest))
    expectTrouble(
      try await define(guest, other, "--dry-run"),
      "\(other): error: the guest 'kata-a' is defined twice")
  }

  @Test("A definition without a name, and one that takes another guest's name, are refused")
  func collisions() async throws {
    let text = String(decoding: try readFile(guest), as: UTF8.self)
    for (changed, reason) in [
      (text.replacing("<name>kata-a</name>", with: ""), "error: the guest has no name [VN052]"),
      (text.replacing("kata-a", with: "test"), "a guest 'test' exists already, with the uuid"),
    ] {
      expectTrouble(try await define("-", "--dry-run", input: Array(changed.utf8)), reason)
    }
  }

  @Test("A guest of libvirt is shown as it would be; one that is not there is an error")
  func domain() async throws {
    let patch = { (arguments: [String]) in
      try await VirtNestBinary.run(["patch", "--memory", "1G"] + libvirt + arguments)
    }
    let byName = try await patch(["--domain", "test", "--dry-run"])
    #expect(byName.status == .exited(0) && byName.errorText == "", "\(byName.errorText)")
    #expect(byName.outputText.hasPrefix("--- test on test:///default\t\n+++ test"))
    #expect(byName.outputText.contains("\n+  <memory unit='KiB'>1048576</memory>\n"))
    let byUUID = try await patch(["--domain", "6695eb01-f6a4-8304-79aa-97f2502e193f", "--dry-run"])
    #expect(byUUID.output == byName.output)
    expectTrouble(
      try await patch(["--domain", "tes", "--yes"]),
      "tes: error: there is no such guest on test:///default")
  }

  @Test("A libvirt that does not answer, or no virsh, is an error that says so")
  func noLibvirt() async throws {
    let socket = folder.file("no-socket")
    let run = try await VirtNestBinary.run(
      ["define", guest, "--connect", "qemu:///system?socket=\(socket)"])
    expectTrouble(run, "\(guest): error: failed to connect")
    #expect(run.errorText.contains("'\(socket)': No such file or directory"))
    let without = try await VirtNestBinary.run(
      ["define", guest] + libvirt, environment: ["PATH": folder.path])
    expectTrouble(without, "'virsh' was not found; install the package libvirt-clients")
  }
}
