internal import TestSupport
internal import Testing

@Suite(
  "Hosts behind a real sshd",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"),
  .needs("ssh", "sshd", "nc"))
struct SSHTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Options of a guest that starts here.
  private let small = [
    "--emulated", "--disk", "none", "--network", "none", "--memory", "2G", "--quiet",
  ]

  @Test(
    "doctor --ssh says of a host what it says there; a greeting before the facts is passed over")
  func doctor() async throws {
    let greeting = "echo Welcome; echo; $SSH_ORIGINAL_COMMAND"
    try await LoopbackSSH.run(in: folder.file("ssh"), forced: greeting) { ssh in
      let virtNest = { @Sendable (arguments: [String]) in
        try await VirtNestBinary.run(["doctor"] + arguments, environment: ssh.environment)
      }
      let here = try await virtNest(["--print-facts"])
      for destination in [
        "power-host", "root@power-host", "ssh://root@power-host:\(ssh.port)", "other-key",
      ] {
        let there = try await virtNest(["--ssh", destination, "--print-facts"])
        #expect(there.status == .exited(0), "\(there.errorText)")
        #expect(facts(there) == facts(here), "\(destination)")
      }
      let report = try await virtNest(["--ssh", "power-host", "--json"])
      #expect(report.outputText.hasPrefix("{\n  \"role\": "), "\(report.errorText)")
      #expect(report.status == (try await virtNest([])).status)
    }
  }

  @Test(
    "doctor of several hosts says of each what it says of it alone; one that is away is trouble")
  func severalHosts() async throws {
    try await LoopbackSSH.run(in: folder.file("ssh")) { ssh in
      let doctor = { @Sendable (arguments: [String]) in
        try await VirtNestBinary.run(["doctor"] + arguments, environment: ssh.environment)
      }
      let alone = try await doctor(["power-host", "--json"])
      let hosts = ["power-host", "root@power-host"]
      let both = try await doctor(hosts)
      #expect(both.status == alone.status, "\(both.errorText)")
      let lines = both.outputText.split(separator: "\n")
      #expect(lines[0].hasPrefix("HOST") && lines[1].hasPrefix("power-host       can"), "\(lines)")
      for host in hosts { #expect(lines.contains("\(host):"), "\(lines)") }

      let json = try await doctor(hosts + ["--json"])
      let report = alone.outputText.split(separator: "\n").dropFirst().dropLast()
      for line in report where !line.contains("hugepages.free") {
        #expect(json.outputText.split(separator: "\n").filter { $0.hasSuffix(line) }.count >= 2)
      }

      let away = try await doctor(hosts + ["nobody@power-host", "--connect-timeout", "3"])
      #expect(away.status == .exited(2))
      #expect(away.outputText.contains("nobody@power-host  not known"), "\(away.outputText)")
      #expect(away.outputText.contains("error: nobody@127.0.0.1: Permission denied"))
    }
  }

  @Test("Facts that were cut off, and a host that lets nobody in, are errors that say so")
  func doctorTrouble() async throws {
    try await LoopbackSSH.run(in: folder.file("ssh"), forced: "sh -s | head -n 3") { ssh in
      let doctor = { @Sendable (destination: String) in
        try await VirtNestBinary.run(
          ["doctor", "--ssh", destination], environment: ssh.environment)
      }
      let cut = try await doctor("other-key")
      #expect(cut.status == .exited(2) && cut.outputText == "", "\(cut.errorText)")
      #expect(cut.errorText.contains("other-key: error: the line 'end=1' is missing"))

      let refused = try await doctor("nobody@power-host")
      #expect(refused.status == .exited(2) && refused.outputText == "")
      #expect(refused.errorText.contains("nobody@127.0.0.1: Permission denied (publickey)"))
      #expect(refused.errorText.contains("virt-nest doctor --print-script"))

      try write(
        "[127.0.0.1]:\(ssh.port) \(try text(of: ssh.folder + "/user_key.pub"))",
        to: ssh.folder + "/known_hosts")
      let changed = try await doctor("power-host")
      #expect(changed.status == .exited(2) && changed.outputText == "")
      #expect(changed.errorText.contains("Host key verification failed"), "\(changed.errorText)")
    }
  }

  @Test("Guests are defined, changed, verified and printed by qemu+ssh")
  func libvirt() async throws {
    let file = folder.file("a.xml")
    let made = try await VirtNestBinary.run(
      ["create", "fedora", "--name", "kata a", "-o", file] + small)
    try #require(made.succeeded, "\(made.errorText)")
    let folder = folder
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      try await LoopbackSSH.run(in: folder.file("ssh")) { ssh in
        let socket = folder.file("d/libvirt/run/libvirt-sock")
        // As a person's configuration of ssh has the host, and with all of it in the URI.
        let host = "qemu+ssh://power-host/system?socket=\(socket)"
        let whole =
          "qemu+ssh://root@127.0.0.1:\(ssh.port)/system?socket=\(socket)"
          + "&keyfile=\(ssh.folder)/user_key&no_verify=1"
        let virtNest = { @Sendable (arguments: [String], uri: String) in
          try await VirtNestBinary.run(
            arguments + ["--connect", uri], environment: ssh.environment)
        }
        let dry = try await virtNest(["define", file, "--dry-run"], host)
        #expect(dry.status == .exited(0), "\(dry.errorText)")
        #expect(dry.outputText.contains("+    <nested-hv state='on'/>"))
        #expect(try await libvirtd.virsh("list", "--all", "--name") == "")

        let defined = try await virtNest(["define", file, "--yes"], host)
        #expect(defined.status == .exited(0), "\(defined.errorText)")
        #expect(defined.errorText == "kata a: defined\n")
        let before = try await libvirtd.virsh("dumpxml", "kata a")
        let again = try await virtNest(["define", file, "--yes"], whole)
        #expect(again.errorText == "kata a: nothing to change\n")
        #expect(try await libvirtd.virsh("dumpxml", "kata a") == before)

        try await libvirtd.virsh("start", "kata a", "--paused")
        let verified = try await virtNest(["verify", "kata a"], host)
        #expect(verified.outputText.contains("cap-nested-hv=on"), "\(verified.errorText)")
        let patched = try await virtNest(
          ["patch", "--domain", "kata a", "--no-nested", "--yes"], whole)
        #expect(patched.status == .exited(0), "\(patched.errorText)")
        #expect(
          patched.errorText.contains("the change takes effect after virsh shutdown and virsh start")
        )
        #expect(
          try await !libvirtd.virsh("dumpxml", "--inactive", "kata a").contains("nested-hv"))
        let command = try await virtNest(["qemu-command", file], host)
        #expect(command.status == .exited(0), "\(command.errorText)")
        #expect(command.outputText.contains("cap-nested-hv=on"))
      }
    }
  }

  @Test("A host that ssh does not reach changes nothing, and is said in ssh's words")
  func libvirtTrouble() async throws {
    let file = folder.file("a.xml")
    _ = try await VirtNestBinary.run(["create", "fedora", "-o", file] + small)
    try await LoopbackSSH.run(in: folder.file("ssh")) { ssh in
      for (uri, words) in [
        ("qemu+ssh://nobody@power-host/system", "Permission denied (publickey)"),
        ("qemu+ssh://power-host/system?socket=/nosuch", "/nosuch"),
      ] {
        let run = try await VirtNestBinary.run(
          ["define", file, "--yes", "--connect", uri], environment: ssh.environment)
        #expect(run.status == .exited(2) && run.outputText == "")
        #expect(run.errorText.hasPrefix("\(file): error: "), "\(run.errorText)")
        #expect(run.errorText.contains(words), "\(run.errorText)")
      }
    }
  }
}

/// Facts that do not change from one look to the next.
private func facts(_ run: Run) -> [Substring] {
  run.outputText.split(separator: "\n").filter { !$0.hasPrefix("hugepages.free=") }
}
