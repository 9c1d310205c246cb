import Foundation
internal import TestSupport
internal import Testing

@Suite(
  "Definitions are given to a libvirt",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"))
struct DefineTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Options of a guest that starts here.
  private let small = [
    "--emulated", "--disk", "none", "--network", "none", "--memory", "2G", "--quiet",
  ]

  private func withLibvirtd(
    _ body:
      @Sendable (
        PrivateLibvirtd, (@Sendable ([String]) async throws -> Run)
      ) async throws -> Void
  ) async throws {
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      try await body(libvirtd) { arguments in
        try await VirtNestBinary.run(arguments + ["--connect", libvirtd.uri])
      }
    }
  }

  @Test("A new guest is defined, and defined again it is as it was")
  func again() async throws {
    let file = folder.file("a.xml")
    #expect(
      try await VirtNestBinary.run(["create", "fedora", "--name", "kata-a", "-o", file] + small)
        .succeeded)
    try await withLibvirtd { libvirtd, virtNest in
      let dry = try await virtNest(["define", file, "--dry-run"])
      #expect(dry.status == .exited(0), "\(dry.errorText)")
      #expect(dry.outputText.contains("+    <nested-hv state='on'/>"))
      #expect(try await libvirtd.virsh("list", "--all", "--name") == "")
      let unasked = try await virtNest(["define", file])
      #expect(unasked.status == .exited(2))
      #expect(unasked.errorText.contains("no terminal to ask at: give --yes"))
      #expect(try await libvirtd.virsh("list", "--all", "--name") == "")
      let defined = try await virtNest(["define", file, "--yes"])
      #expect(defined.status == .exited(0), "\(defined.errorText)")
      #expect(defined.errorText == "kata-a: defined\n")
      let before = try await libvirtd.virsh("dumpxml", "kata-a")
      #expect(before.contains("<nested-hv state='on'/>"))
      let again = try await virtNest(["define", file, "--yes"])
      #expect(again.errorText == "kata-a: nothing to change\n" && again.outputText == "")
      #expect(try await libvirtd.virsh("dumpxml", "kata-a") == before)
    }
  }

  @Test("A running guest is changed for its next start, its passwords are kept and not shown")
  func secrets() async throws {
    let file = folder.file("secret.xml")
    let made = try await VirtNestBinary.run(
      ["create", "fedora", "--no-nested", "--name", "kata-s"] + small)
    let display =
      "<graphics type='vnc' port='-1' passwd='Pa&amp;s1'/>"
      + "<video><model type='none'/></video>"
    // A display brings a keyboard, and that needs USB.
    let shown = made.outputText.replacing("<memballoon", with: display + "<memballoon")
      .replacing("type='usb' index='0' model='none'", with: "type='usb' model='qemu-xhci'")
    try write(shown, to: file)
    let folder = folder
    try await withLibvirtd { libvirtd, virtNest in
      let whole = { @Sendable in
        try await libvirtd.virsh("dumpxml", "--inactive", "--security-info", "kata-s")
      }
      try await libvirtd.virsh("define", file)
      try await libvirtd.virsh("start", "kata-s", "--paused")
      let patched = try await virtNest(["patch", "--domain", "kata-s", "--nested", "--yes"])
      #expect(patched.status == .exited(0), "\(patched.errorText)")
      #expect(
        patched.outputText.contains("+    <nested-hv state='on'/>\n"), "\(patched.outputText)")
      #expect(
        patched.errorText.contains("the change takes effect after virsh shutdown and virsh start"))
      #expect(try await whole().contains("passwd='Pa&amp;s1'"))
      #expect(try await whole().contains("<nested-hv state='on'/>"))

      // What is kept in git has no password, and loses none.
      let bare = folder.file("bare.xml")
      try write(try await libvirtd.virsh("dumpxml", "--inactive", "kata-s"), to: bare)
      let kept = try await virtNest(["define", bare, "--yes"])
      #expect(kept.errorText.contains("the VNC password of the host's definition is kept"))
      #expect(try await whole().contains("passwd='Pa&amp;s1'"))
      let other = folder.file("other.xml")
      try write(
        try readText(bare).replacing("type='vnc'", with: "type='vnc' passwd='Other2'"), to: other)
      let changed = try await virtNest(["define", other, "--yes"])
      #expect(changed.outputText.contains("passwd='(hidden, different)'"))
      #expect(try await whole().contains("passwd='Other2'"))
      let dropped = try await virtNest(["define", bare, "--yes", "--drop-secrets"])
      #expect(dropped.outputText.contains("passwd='(hidden)'"))
      #expect(try await !whole().contains("passwd="))
      for run in [patched, kept, changed, dropped] {
        #expect(!(run.outputText + run.errorText).contains("Pa&"))
        #expect(!(run.outputText + run.errorText).contains("Other2"))
      }
    }
  }

  @Test("What collides or is not valid leaves the host as it was, and is said with what to do")
  func refused() async throws {
    let file = folder.file("r.xml")
    _ = try await VirtNestBinary.run(["create", "fedora", "--name", "kata-r", "-o", file] + small)
    let text = try readText(file)
    let uuid = try #require(
      text.split(separator: "<uuid>").last?.split(separator: "</uuid>").first)
    let element = "<uuid>\(uuid)</uuid>"
    let collisions = [
      (text.replacing(element, with: ""), "to change the existing guest, set its uuid"),
      (
        text.replacing(uuid, with: "11111111-2222-4333-8444-555555555555"),
        "set that uuid here (virt-nest patch --uuid \(uuid))"
      ),
      (text.replacing("<name>kata-r", with: "<name>kata-q"), "virsh domrename kata-r kata-q"),
      (text.replacing("<vcpu", with: "<vcpus-of-mine/><vcpu"), "vcpus-of-mine"),
    ]
    let other = folder.file("other.xml")
    try await withLibvirtd { libvirtd, virtNest in
      try await libvirtd.virsh("define", file)
      let before = try await libvirtd.virsh("dumpxml", "kata-r")
      for (text, words) in collisions {
        try write(text, to: other)
        let run = try await virtNest(["define", other, "--yes"])
        #expect(run.status == .exited(2))
        #expect(run.errorText.contains(words), "\(run.errorText)")
        #expect(try await libvirtd.virsh("list", "--all", "--name") == "kata-r")
        #expect(try await libvirtd.virsh("dumpxml", "kata-r") == before)
      }
    }
  }

  @Test(
    "Many guests are looked at and defined in a few runs of virsh; --check, --diff and --json look")
  func many() async throws {
    let guests = folder.file("guests")
    let tools = folder.file("tools")
    for path in [guests, tools] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    _ = try await VirtNestBinary.run(
      ["create", "fedora", "--count", "30", "-q", "-o", guests] + small)
    let files = try FileManager.default.contentsOfDirectory(atPath: guests).sorted()
      .map { "\(guests)/\($0)" }
    let count = folder.file("count")
    // The real virsh, counted.
    let virsh = try await TestSupport.run("sh", ["-c", "command -v virsh"]).outputText
    try write(
      "#!/bin/sh\necho >>\(count)\nexec \(virsh.trimmingCharacters(in: .newlines)) \"$@\"\n",
      to: "\(tools)/virsh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(tools)/virsh")
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folder = folder
    try await withLibvirtd { libvirtd, virtNest in
      let define = { @Sendable (options: [String]) in
        try await VirtNestBinary.run(
          ["define"] + files + options + ["--connect", libvirtd.uri],
          environment: ["PATH": "\(tools):\(path)"])
      }
      let first = try await define(["--yes"])
      #expect(first.status == .exited(0), "\(first.errorText)")
      #expect(first.errorText.split(separator: "\n").count == 30)
      // A look, a second look before the change, the change, and a look at what became of it.
      #expect(try readText(count).count <= 4)
      let second = try await define(["--check"])
      #expect(second.status == .exited(0) && second.outputText == "", "\(second.outputText)")
      #expect(try readText(count).count <= 5)

      // By hand, in libvirt's copy.
      let name = "kata-fedora-44-vm-07"
      let edited = folder.file("edited.xml")
      try write(
        try await libvirtd.virsh("dumpxml", "--inactive", name)
          .replacing("<on_crash>destroy", with: "<on_crash>restart"), to: edited)
      try await libvirtd.virsh("define", edited)
      let third = try await define(["--check"])
      #expect(third.status == .exited(1))
      #expect(third.outputText == "\(guests)/\(name).xml\n", "\(third.outputText)")
      let diff = try await define(["--diff"])
      #expect(diff.status == .exited(0))
      #expect(diff.outputText.contains("-  <on_crash>restart"), "\(diff.outputText)")
      let json = try await define(["--json"])
      let parsed = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output)) as? [[String: Any]])
      #expect(parsed.count == 30)
      #expect(
        parsed.filter { $0["changed"] as? Bool == true }.map { $0["name"] as? String } == [name])
    }
  }

  @Test("Several guests are created and defined; a person at a terminal is asked once")
  func severalAndAsked() async throws {
    let create = ["create", "fedora", "--count", "2", "--define"] + small
    try await withLibvirtd { libvirtd, virtNest in
      for (answer, status, names) in [
        ("n", Int32(1), ""), ("y", 0, "kata-fedora-44-vm-00\nkata-fedora-44-vm-01"),
      ] {
        let command = ([VirtNestBinary.path] + create + ["--connect", libvirtd.uri])
          .map { "'\($0)'" }.joined(separator: " ")
        let run = try await TestSupport.run(
          "script", ["--quiet", "--return", "--command", command, "/dev/null"],
          input: Array("\(answer)\n".utf8))
        #expect(run.status == .exited(status), "\(run.outputText)")
        #expect(run.outputText.contains("Define these 2 guests on"), "\(run.outputText)")
        #expect(try await libvirtd.virsh("list", "--all", "--name") == names)
      }
    }
  }
}

private func readText(_ file: String) throws -> String {
  String(decoding: try readFile(file), as: UTF8.self)
}
