internal import Glibc
internal import TestSupport
internal import Testing

/// The executable that `make ppc64le` makes, where a run is to have it; `make check-all` names it.
private let executableForPower = getenv("VIRT_NEST_PPC64LE").map { String(cString: $0) }

@Suite(
  "An L1 with a libvirt of its own",
  .enabled(
    if: unmetRequirements.isEmpty,
    "the proof needs \(unmetRequirements.joined(separator: ", "))"),
  .enabled(if: isWholeProofWanted, "is part of the whole proof: VIRT_NEST_PROOF=all"))
struct LibvirtInL1Tests {
  @Test("What create l2 makes boots in it, and verify asks in it what there is")
  func nests() async throws {
    try await L1.run(["--nested"]) { l1 in
      try await l1.expectReport(
        """
        L1       kvm_hv is not loaded
                 next: in the guest: modprobe kvm-hv; at every boot: virt-nest first-boot --help
        L2       no KVM-HV guest can be created: KVM is not loaded
        nesting  not as asked

        """, status: 1)

      // What the report says to do next.
      try await l1.shell("modprobe kvm-hv")
      try await l1.expectReport(working(", 0 running now"))

      try await l1.shell("qemu-img create -f qcow2 /var/lib/libvirt/images/l2-vm-00.qcow2 1G")
      try await l1.shell("virsh define --validate /l2.xml && virsh start l2-vm-00")
      let report = try await l1.expectReport(working(", 1 running now"))

      let words = try await l1.expectL2()
      print("create l2, in an L1 with libvirt (\(l1.start.duration(to: .now))):\n\(report)\(words)")

      // Images without python3; agents that run no commands, as RHEL's are set.
      try await l1.shell("mv /usr/bin/python3 /usr/bin/python3.away")
      try await l1.expectReport(working(", 0 running now"))
      try await l1.forbidCommands()
      try await l1.expectReport(
        """
        L1       kvm_hv is loaded
        L2       it is not known whether a KVM-HV guest can be created: the guest agent does not allow guest-exec
        nesting  as asked

        """)
    }
  }

  @Test(
    "virt-nest runs in it on ppc64le: it makes, checks, defines and verifies an L2, and prints what it prints here",
    .enabled(
      if: executableForPower != nil,
      "VIRT_NEST_PPC64LE names no executable for Power, which make ppc64le makes"))
  func runsVirtNest() async throws {
    let executable = try #require(executableForPower)
    let emulator: String?
    do {
      // Of QEMU 7.2, which Debian 12 has, the instruction stqcx. never succeeds, so that the executable hangs.
      emulator = try await GuestImages.of(.papr).emulator
    } catch let error as NotToBeHad {
      print("virt-nest in an L1 with libvirt: \(error)")
      try Test.cancel("\(error)")
    }
    // QEMU 10 tells the L1 by default that this one is broken, and QEMU 7.2 in it starts no L2 then.
    let options = ["--nested", "--feature", "sbbc=workaround"]
    try await L1.run(options, emulator: emulator, with: executable) { l1 in
      let system = try await l1.shell(
        #"uname -srm; python3 -c 'import os; print(os.sysconf("SC_PAGE_SIZE"), "bytes a page")'"#)
      try await l1.shell("/virt-nest doctor --print-facts >/l1.facts; test -s /l1.facts")
      let here = try TemporaryFolder()
      defer { here.remove() }
      for file in ["l2.xml", "l1.facts"] {
        try write(try await l1.shell("cat /\(file)") + "\n", to: here.file(file))
        // The same here and there, of which the agent's answer has no white space at its end.
        try await l1.shell(
          "printf '%s\n' \"$(cat /\(file))\" >/\(file).new; mv /\(file).new /\(file)")
      }
      for options in [
        "--version", "create fedora --nested", "create l2 --count 3 -o new && cat new/*",
        "inspect l2.xml", "inspect --json l2.xml", "check --no-schema --format json l2.xml",
        "patch --memory 3GiB --edit disk:vda,cache=none l2.xml",
        "patch --diff --mechanism machine l2.xml", "patch --edit disk:vdz,cache=none l2.xml",
        "doctor --facts l1.facts", "doctor --facts l1.facts --json",
      ] {
        let command = "mkdir -p new; \"$virt_nest\" \(options); echo status=$?"
        let expected = try await TestSupport.run(
          "sh", ["-c", "exec 2>&1; virt_nest='\(VirtNestBinary.path)'; " + command], in: here.path)
        let seen = try await l1.shell("cd /; virt_nest=/virt-nest; " + command)
        #expect(seen == expected.outputText.trimmed, "\(options)")
      }

      // What an administrator types in it.
      try await l1.shell("modprobe kvm-hv")
      try await l1.shell("qemu-img create -f qcow2 /var/lib/libvirt/images/l2-vm-00.qcow2 1G")
      let seen = try await l1.shell(
        """
        for command in '/virt-nest doctor' \
          "/virt-nest create l2 --console log.file=/var/log/l2.log --boot '\(L1.bootOfL2)' --define --yes" \
          'virsh dumpxml --inactive l2-vm-00 | /virt-nest check -' 'virsh start l2-vm-00' '/virt-nest verify l2-vm-00'; do
          echo "# $command"
          sh -c "$command"
          echo "status=$?"
        done
        """)
      #expect(!seen.contains("status=2") && !seen.contains("status=1"), "\(seen)")
      #expect(seen.contains("Domain 'l2-vm-00' started"), "\(seen)")
      let words = try await l1.expectL2()
      print(
        "virt-nest in an L1 with libvirt (\(l1.start.duration(to: .now))):\n\(system)\n\(seen)\n\(words)"
      )
    }
  }

  private func working(_ guests: String) -> String {
    """
    L1       kvm_hv is loaded
    L2       a KVM-HV guest can be created\(guests)
    nesting  as asked

    """
  }

  @Test("Where it does not nest, its libvirt refuses the same guest, and verify says why")
  func refuses() async throws {
    try await L1.run(["--no-nested"]) { l1 in
      let complaint = try await l1.shell("! modprobe kvm-hv")
      #expect(complaint.contains("No such device"), "\(complaint)")
      // Off is what its definition asks for.
      try await l1.expectReport(
        """
        L1       kvm_hv is not loaded
        L2       no KVM-HV guest can be created: Invalid argument
        nesting  as asked

        """)
      let refusal = try await l1.shell("! virsh define --validate /l2.xml")
      #expect(refusal.contains("does not support virt type 'kvm'"), "\(refusal)")
    }
  }
}

/// A guest that has booted the image with libvirt, and has the definition of an L2 as `/l2.xml`.
private struct L1: Sendable {
  var libvirtd: PrivateLibvirtd
  /// When it was its turn, and its definition was made.
  var start: ContinuousClock.Instant
  static let name = "kata-l1"

  /// How an L2 boots; it says what it is in its console's log.
  static let bootOfL2 =
    "kernel=/l2/vmlinux,initrd=/l2/initramfs,kernel_args=console=hvc0 virt-nest-proof=l2"

  /// Boots an L1 of the template fedora with `options`; there is an agent in it, and no kvm-hv yet.
  /// - Parameters:
  ///   - emulator: Its QEMU; libvirt's choice where `nil`.
  ///   - executable: A virt-nest for Power, which it has as `/virt-nest`.
  static func run(
    _ options: [String], emulator: String? = nil, with executable: String? = nil,
    _ body: @Sendable (L1) async throws -> Void
  ) async throws {
    let images = try await GuestImages.of(.libvirtL2)
    try await GuestSlots.shared.withSlot {
      let start = ContinuousClock.now
      try await inFolderKeptOnFailure { folder in
        let l2 = try await virtNest([
          "create", "l2", "--quiet", "--console", "log.file=/var/log/l2.log", "--boot", bootOfL2,
        ])
        try write(l2, to: folder.file("l2.xml"))
        var files = ["l2.xml"]
        if let executable {
          try writeFile(folder.file("virt-nest"), try readFile(executable))
          chmod(folder.file("virt-nest"), 0o755)
          files.append("virt-nest")
        }
        let initrd = try await initramfs(images.initrd, with: files, in: folder.path)
        let definition = folder.file("domain.xml")
        let setting = Setting(
          folder: folder.path, kernel: images.kernel, initrd: initrd, emulator: emulator,
          serialLog: folder.file("serial.log"))
        try write(
          try await create("fedora", setting, options + ["--name", name, "--memory", "3GiB"]),
          to: definition)
        try await PrivateLibvirtd.run(in: folder.path) { libvirtd in
          try await libvirtd.virsh("define", "--validate", definition)
          try await libvirtd.virsh("start", name)
          try await libvirtd.awaitAgent(of: name)
          let l1 = L1(libvirtd: libvirtd, start: start)
          // Once it answers, its libvirt has looked at QEMU, which takes a machine of KVM's for a moment.
          try await l1.shell("until virsh uri; do sleep 1; done")
          try await body(l1)
        }
      }
    }
  }

  /// Runs `virt-nest verify` from outside and compares what it says of the levels L1 and L2, and its verdict.
  @discardableResult
  func expectReport(
    _ expected: String, status: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let verified = try await VirtNestBinary.run(["verify", "--connect", libvirtd.uri, Self.name])
    let report = verified.outputText
    let levels = report.firstRange(of: "L1 ").map { String(report[$0.lowerBound...]) }
    #expect(levels == expected, "\(report)\(verified.errorText)", sourceLocation: sourceLocation)
    #expect(verified.status == .exited(status), sourceLocation: sourceLocation)
    return report
  }

  /// Waits for the end of the L2, which has written what it is into the log of its console; compares, and returns it.
  func expectL2(sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let words = try await shell(
      """
      for second in $(seq 1800); do
        [ "$(virsh domstate l2-vm-00)" != 'shut off' ] || break
        sleep 1
      done
      grep virt-nest-proof: /var/log/l2.log
      """)
    // The template's network interface, disk, memory balloon, SCSI controller, random numbers.
    for device in ["1000", "1001", "1002", "1004", "1005"] {
      #expect(
        words.contains("L2 boots with PCI device 0x1af4:0x\(device)"), "\(words)",
        sourceLocation: sourceLocation)
    }
    #expect(words.contains("L2 booted: Linux "), "\(words)", sourceLocation: sourceLocation)
    let command = try await shell("cat /var/log/libvirt/qemu/l2-vm-00.log")
    #expect(command.contains("-accel kvm"), "\(command)", sourceLocation: sourceLocation)
    return words
  }

  @discardableResult
  func shell(_ script: String, timeLimit: Duration = .seconds(1800)) async throws -> String {
    try await libvirtd.shell(in: Self.name, script, timeLimit: timeLimit)
  }

  /// Has the agent come back as one that runs no commands.
  func forbidCommands() async throws {
    do {
      try await shell(
        """
        {
          agent=$(cat /run/qemu-ga.pid)
          kill "$agent"
          while kill -0 "$agent"; do sleep 1; done
          qemu-ga --daemonize --statedir /run -b guest-exec
        } </dev/null >/dev/null 2>&1 &
        """)
    } catch is VirshFailed {
      // It may be gone before it has said that this ended.
    }
    for _ in 0..<3600 {
      do {
        try await shell("true")
      } catch let error as VirshFailed {
        // Otherwise it is on its way.
        if error.run.errorText.contains("disabled") { return }
      }
      try await Task.sleep(for: .milliseconds(500))
    }
    throw AgentFailed(reason: "waited half an hour for the agent to refuse guest-exec")
  }
}
