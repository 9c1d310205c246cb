import Foundation
import TestSupport
import Testing

@Suite("qemu-command", .needs("virsh", "qemu-system-ppc64"))
struct QEMUCommandCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func qemuCommand(
    _ arguments: String..., environment: [String: String?] = [:], input: [UInt8] = []
  ) async throws -> Run {
    try await VirtNestBinary.run(
      ["qemu-command"] + arguments, environment: environment, input: input)
  }

  private func guest(_ options: String...) async throws -> String {
    let path = folder.file("guest.xml")
    let run = try await VirtNestBinary.run(
      ["create", "fedora", "-q", "--disk", "none", "--network", "none"] + options)
    #expect(run.status == .exited(0), "\(run.errorText)")
    try writeFile(path, run.output)
    return path
  }

  static let usages = [
    Usage(reason: "Missing expected argument '<file>'"),
    Usage("a.xml", "b.xml", reason: "Unexpected argument 'b.xml'"),
    Usage("a.xml", "-c", reason: "Missing value for '-c <URI>'"),
  ]

  @Test("What makes no sense is refused with the reason", arguments: usages)
  func refused(_ usage: Usage) async throws {
    try await usage.expectRefusal(of: "qemu-command")
  }

  @Test("It prints one option a line, of a file and of a pipe, and leaves nothing behind")
  func printed() async throws {
    let work = folder.file("tmp")
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: false)
    let guest = try await guest("--emulated", "--name", "kata it's")
    let run = try await qemuCommand(guest, environment: ["TMPDIR": work])
    #expect(run.status == .exited(0), "\(run.errorText)")
    let lines = run.outputText.split(separator: "\n")
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  -") }, "\(run.outputText)")
    #expect(lines.dropLast().allSatisfy { $0.hasSuffix(" \\") })
    #expect(run.outputText.contains("cap-nested-hv=on"))
    #expect(run.errorText.contains("note: the terminal is the first console"), "\(run.errorText)")
    let quiet = try await qemuCommand(guest, "--quiet")
    #expect(quiet.output == run.output && quiet.errorText == "")
    let piped = try await qemuCommand("-", "-q", input: try readFile(guest))
    #expect(piped.output == run.output)
    #expect(try FileManager.default.contentsOfDirectory(atPath: work) == [])
  }

  @Test("What cannot be read is an error with its place")
  func unreadable() async throws {
    let bad = folder.file("bad.xml")
    try writeFile(bad, Array("<pool/>".utf8))
    for (file, reason) in [
      (folder.file("none"), "cannot read: No such file"), (folder.path, "is a folder"),
      (bad, "\(bad):1:1: error: the root is <pool>"), ("-", "<stdin>:1:1: error: there is no XML"),
    ] {
      expectTrouble(try await qemuCommand(file), reason)
    }
  }

  @Test("A libvirt that cannot say it, or does not answer, is an error in its words")
  func otherLibvirts() async throws {
    let guest = try await guest("--emulated")
    for (uri, reason) in [
      ("test:///default", "\(guest): error: this function is not supported"),
      ("qemu:///system?socket=\(folder.file("s"))", "\(guest): error: failed to connect"),
    ] {
      expectTrouble(try await qemuCommand(guest, "--connect", uri), reason)
    }
  }

  @Test("Without virsh, or without QEMU, it says what to install")
  func withoutTools() async throws {
    let guest = try await guest("--emulated")
    for (program, reason) in [
      ("virsh", "'virsh' was not found; install the package libvirt-clients"),
      (
        "qemu-system-ppc64*",
        "'qemu-system-ppc64' was not found; install the package qemu-system-ppc (Debian, Ubuntu)"
      ),
    ] {
      let path = folder.file("without")
      let made = try await TestSupport.run(
        "sh",
        [
          "-c", "mkdir \"$1\" && cp -rs /usr/bin/. \"$1\" && rm \"$1\"/\(program)", "sh", path,
        ])
      try #require(made.succeeded, "\(made.errorText)")
      expectTrouble(try await qemuCommand(guest, environment: ["PATH": path]), reason)
      try FileManager.default.removeItem(atPath: path)
    }
  }
}
