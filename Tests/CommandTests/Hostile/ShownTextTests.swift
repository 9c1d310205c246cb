import Foundation
import TestSupport
import Testing
import VirtNest

@Suite("What comes from a file, a name or an argument cannot change what a terminal shows")
struct ShownTextTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A line end that forges a line, C1's CSI, marks of direction, separators.
  private static let evil =
    "a&#10;nesting  on&#13;&#9;\u{9B}31m\u{202E}b\u{2066}c\u{200F}\u{61C}\u{2028}"

  private func definition() throws -> String {
    let evil = Self.evil
    let file = folder.file("a\n\u{1B}[31m\u{202E}.xml")
    try writeFile(
      file,
      Array(
        """
        <domain type='\(evil)' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>\(evil)</name>
          <uuid>\(evil)</uuid>
          <memory unit='\(evil)'>\(evil)</memory>
          <vcpu>\(evil)</vcpu>
          <os><type arch='\(evil)' machine='\(evil)'>hvm</type></os>
          <features><nested-hv state='\(evil)'/></features>
          <cpu mode='custom'><model>\(evil)</model></cpu>
          <\(evil.prefix(1))\u{9B7}/>
          <devices>
            <emulator>/usr/bin/\(evil)</emulator>
            <disk type='file' device='\(evil)'><source file='/\(evil)'/><target dev='\(evil)' bus='ide'/></disk>
            <interface type='bridge'><source bridge='\(evil)'/><mac address='\(evil)'/></interface>
          </devices>
          <qemu:commandline>
            <qemu:arg value='-machine'/><qemu:arg value='cap-nested-hv=\(evil)'/>
            <qemu:arg value='-global'/><qemu:arg value='x.cap-nested-hv=\(evil)'/>
          </qemu:commandline>
        </domain>

        """.utf8))
    return file
  }

  private func expectVisible(_ run: Run, sourceLocation: SourceLocation = #_sourceLocation) {
    for (name, text) in [("output", run.outputText), ("errors", run.errorText)] {
      let bad = text.unicodeScalars.filter { $0 != "\n" && $0.isInvisible }
      #expect(
        bad.isEmpty, "\(name): \(bad) in \(text.debugDescription)", sourceLocation: sourceLocation)
      let forged = text.split(separator: "\n").filter {
        $0.hasPrefix("nesting  on") || $0.hasPrefix("b") || $0.hasPrefix("FORGED")
      }
      #expect(forged.isEmpty, "\(name): \(text)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "Reports and errors about a definition",
    arguments: [
      ["inspect"], ["check"], ["check", "--format", "text", "--no-schema"],
      ["patch", "--nested", "--check"], ["patch", "--nested", "--check", "--force"],
      ["patch", "--edit", "disk:target=x,path=/y", "--check"], ["patch", "--remove", "disk:9"],
      ["patch", "--diff", "--name", "a\nFORGED"], ["patch", "--cpu", "a\nFORGED", "--check"],
      ["patch", "--set-xpath", "/x\nFORGED\u{1B}=1"], ["template", "lint"], ["create"],
      ["create", "--name", "a\nFORGED", "-o", "/nowhere\nFORGED"], ["verify", "--emulated"],
      ["define", "-c", "test:///default", "--dry-run"], ["qemu-command"],
    ])
  func reports(_ arguments: [String]) async throws {
    let run = try await VirtNestBinary.run(arguments + [try definition()])
    // A diff is bytes for patch(1); its lines begin with a sign.
    let isDiff = arguments.contains("--diff") || arguments.contains("--dry-run")
    expectVisible(isDiff ? Run(run, output: []) : run)
  }

  @Test("A diff on a terminal", .needs("script"))
  func diff() async throws {
    let file = try definition()
    let words = [VirtNestBinary.path, "patch", "--diff", "--set-xpath", "/domain/vcpu=3", file]
    let command = words.map(shellWord).joined(separator: " ")
    let run = try await TestSupport.run("script", ["-qec", command, "/dev/null"])
    let bad = run.outputText.unicodeScalars.filter {
      !"\n\r\t\u{1B}".unicodeScalars.contains($0) && $0.isInvisible
    }
    #expect(bad.isEmpty, "\(run.outputText.debugDescription)")
    #expect(run.outputText.contains("\\x9b31m\\u{202e}"), "\(run.outputText)")
  }

  @Test(
    "Errors about arguments",
    arguments: [
      ["a\nFORGED"], ["--a\nFORGED\u{1B}[31m"], ["patch", "-i", "a\nFORGED"],
      ["check", "--fail-on", "a\nFORGED", "x"], ["check", "--ignore", "a\nFORGED", "x"],
      ["check", "--schema", "a\nFORGED", "x"], ["create", "a\nFORGED"],
      ["create", "fedora", "--set", "a\nFORGED=\u{202E}b"],
      ["create", "fedora", "--memory", "a\nFORGED"],
      ["create", "fedora", "--release=a\nFORGED"], ["create", "fedora", "--for", "a\nFORGED"],
      ["patch", "--add", "a\nFORGED,b=c", "x"], ["patch", "--edit=disk:a\nFORGED,b=c", "x"],
      ["explain", "a\nFORGED"], ["template", "show", "a\nFORGED"],
      ["verify", "-c", "test:///default", "a\nFORGED"],
      ["patch", "-c", "test:///default", "--domain", "a\nFORGED", "--nested"],
      ["verify", "-c", "a\nFORGED:///x", "q"], ["first-boot", "--key", "a\nFORGED"],
      ["wrapper", "--path", "a\nFORGED"], ["doctor", "--facts", "a\nFORGED"],
      ["doctor", "--as", "a\nFORGED"],
    ])
  func errors(_ arguments: [String]) async throws {
    let run = try await VirtNestBinary.run(arguments)
    #expect(run.status != .exited(0))
    expectVisible(run)
  }

  @Test("A file with facts of a host")
  func facts() async throws {
    let file = folder.file("host.facts")
    try writeFile(
      file, Array("facts=1\nmachine=\u{1B}[31m\u{202E}x\u{9B}\nos.name=\u{2028}y\nend=1\n".utf8))
    let run = try await VirtNestBinary.run(["doctor", "--facts", file])
    expectVisible(run)
    #expect(
      run.outputText.contains("\\x1b[31m\\u{202e}x\\x9b"), "\(run.outputText)\(run.errorText)")
  }

  @Test(
    "A word that is printed for a shell is one word, on one line",
    arguments: [
      "plain", "", "a b", "it's", "$(touch /tmp/P)", "`x`", "a\nb", "\u{1B}[31m", "a\\nb%s", "-x",
      "\u{202E}", "é", "e\u{301}", "!x", "*", "~", "#", "a\n'b\\%\n c", "\u{7F}", "x=y;z", "\"",
    ])
  func words(_ word: String) async throws {
    let quoted = shellWord(word)
    #expect(!quoted.unicodeScalars.contains { $0.isInvisible }, "\(quoted)")
    for shell in ["sh", "bash"] {
      let run = try await TestSupport.run(shell, ["-c", "printf '<%s>' " + quoted])
      #expect(run.output.elementsEqual("<\(word)>".utf8), "\(quoted): \(run.outputText)")
    }
  }

  @Test(
    "A name that begins with a dash is no option of virsh", .needs("virsh"),
    arguments: ["--domain=test", "-test", "--help", "--all", "--"])
  func dashes(_ name: String) async throws {
    for arguments in [
      ["verify", "-c", "test:///default", "--", name],
      ["patch", "-c", "test:///default", "--domain=\(name)", "--nested", "--dry-run"],
    ] {
      let run = try await VirtNestBinary.run(arguments)
      #expect(run.status == .exited(2), "\(run.outputText)\(run.errorText)")
      #expect(run.errorText.hasPrefix("\(name): error: "), "\(run.errorText)")
      #expect(
        !run.errorText.contains("syntax") && !run.errorText.contains("option"), "\(run.errorText)")
    }
  }

  @Test("A destination, a URI or a file that begins with a dash is no option of ssh, virsh or QEMU")
  func otherDashes() async throws {
    let mark = folder.file("mark")
    let ssh = try await VirtNestBinary.run(["doctor", "--ssh=-oProxyCommand=touch \(mark)"])
    #expect(ssh.status == .exited(64))
    let virsh = try await VirtNestBinary.run(
      ["verify", "--connect=--version", "--", "x"])
    #expect(virsh.status == .exited(2), "\(virsh.outputText)\(virsh.errorText)")
    let file = try await VirtNestBinary.run(["check", "--", "--version"])
    #expect(file.status == .exited(2) && file.errorText.hasPrefix("--version: error: cannot read"))
    #expect(!FileManager.default.fileExists(atPath: mark))
  }
}

extension Run {
  fileprivate init(_ run: Run, output: [UInt8]) {
    self = run
    self.output = output
  }
}
