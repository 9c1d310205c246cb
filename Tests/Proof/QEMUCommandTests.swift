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
    #expect(printed.errorText.contains("uses QEMU's user network"))
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
        set -eu
        : >said
        mkfifo typed
        { \(script)
        } <typed >said 2>errors & guest=$!
        exec 3>typed
        # until TEXT: waits until the guest's terminal has said it, or QEMU has ended.
        until_said() { until grep -aq "$1" said || ! kill -0 $guest 2>/dev/null; do sleep 0.1; done; }
        until_said SLOF
        printf '\\001c' >&3
        until_said '(qemu)'
        printf 'qom-get /machine cap-nested-hv\\n' >&3
        until_said '^true\\|^false\\|^Error'
        printf 'quit\\n' >&3
        status=0
        wait $guest || status=$?
        cat said
        cat errors >&2
        exit $status
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
