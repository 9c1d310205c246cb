internal import TestSupport
internal import Testing

@Suite(
  "qemu-command prints what runs without libvirt",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"))
struct QEMUCommandTests {
  @Test("A guest that was created with --emulated boots from what it prints")
  func boots() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let file = folder.file("it's.xml")
    let created = try await VirtNestBinary.run([
      "create", "fedora", "--emulated", "--name", "kata, 'a' b", "--disk", "none", "--memory",
      "2G", "-q", "-o", file,
    ])
    #expect(created.succeeded, "\(created.errorText)")
    let printed = try await VirtNestBinary.run(["qemu-command", file])
    #expect(printed.status == .exited(0), "\(printed.errorText)")
    #expect(printed.errorText.contains("goes out through QEMU's user network"))
    for line in printed.outputText.split(separator: "\n").dropFirst() {
      #expect(line.hasPrefix("  -"), "one option a line: \(line)")
    }
    #expect(!printed.outputText.contains("/virt-nest."), "names the folder that is gone")
    // The first console is the terminal: the firmware speaks there, and Ctrl-A C is the monitor.
    let script = printed.outputText.dropLast()
    let run = try await TestSupport.run(
      "sh",
      [
        "-c",
        """
        { sleep 8; printf '\\001c'; sleep 1
          printf 'qom-get /machine cap-nested-hv\\n'; sleep 1; printf 'quit\\n'; } | \(script)
        """,
      ], in: folder.path)
    #expect(run.status == .exited(0), "\(run.errorText)")
    #expect(run.outputText.contains("SLOF"), "\(run.outputText)\(run.errorText)")
    #expect(run.outputText.contains("true"), "\(run.outputText)")
  }

  @Test("A guest of KVM on Power is refused here, with the two ways out")
  func refused() async throws {
    let created = try await VirtNestBinary.run(["create", "fedora", "-q"])
    let printed = try await VirtNestBinary.run(["qemu-command", "-"], input: created.output)
    #expect(printed.status == .exited(2))
    #expect(printed.outputText == "")
    #expect(printed.errorText.contains("--connect URI"), "\(printed.errorText)")
    #expect(printed.errorText.contains("virt-nest patch --emulated"))
  }
}
