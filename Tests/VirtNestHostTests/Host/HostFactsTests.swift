import LosslessXML
internal import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

/// The facts of a kind of machine, from the folder HostFacts.
func fixture(_ name: String) async throws -> HostFacts {
  let tests = FilePath(#filePath).removingLastComponent().removingLastComponent()
  return try HostFacts(
    parsing: try await text(of: tests.appending("HostFacts/\(name).facts").string))
}

@Suite("Facts of a host") struct HostFactsTests {
  @Test("Every value survives the text form")
  func textForm() throws {
    let facts = HostFacts([
      "a": "plain", "b": #"back\slash \n"#, "c": "new\nline\r\n\ttab", "d": "a=b=c", "e": "",
      "f": " space ", "g": "ä\u{301}", "h": "end=1", "i": "\u{301}x", "j": "# x",
    ])
    #expect(try HostFacts(parsing: facts.text) == facts)
    #expect(facts.text.split(separator: "\n").count == 12)
  }

  @Test(
    "What is not the facts of a host is refused with its line",
    arguments: [
      ("", nil, "the line 'facts=1' is missing"), ("hello\n", nil, "the line 'facts=1' is missing"),
      ("facts=1\na=b\n", nil, "the line 'end=1' is missing"),
      ("facts=1\nnonsense\nend=1\n", 2, "key=value"),
      ("facts=1\n=x\nend=1\n", 2, "key=value"), ("facts=1\na=1\na=2\nend=1\n", 3, "twice"),
      ("hi\nfacts=1\na=\\x\nend=1\n", 3, "backslash"), ("facts=1\na=\\\nend=1\n", 2, "backslash"),
    ] as [(String, Int?, String)])
  func malformed(text: String, line: Int?, reason: String) throws {
    let error = try #require(throws: VirtNestError.self) { try HostFacts(parsing: text) }
    #expect(error.diagnostics[0].place?.start.line == line)
    #expect(error.message.contains(reason), "\(error)")
  }

  @Test("A greeting before the facts, comments and carriage returns are passed over")
  func tolerated() throws {
    let facts = try HostFacts(parsing: "Welcome\r\nfacts=1\r\n\r\n# x\r\na=b\r\nend=1\r\nbye\n")
    #expect(facts == HostFacts(["a": "b"]))
  }

  @Test(
    "Each kind of machine has its findings",
    arguments: [
      ("powernv-power9", .l0, []),
      ("powernv-rhel8", .l0, []),
      ("powernv-nested-off", .l0, ["error nested", "warning nested"]),
      ("powernv-hash", .l0, ["error mmu"]),
      ("powernv-power8", .l0, ["error cpu", "error mmu"]),
      ("powernv-module-not-loaded", .l0, ["error kvm_hv", "warning boot"]),
      ("powernv-module-missing", .l0, ["error kvm_hv"]),
      ("powernv-qemu-old", .l0, ["error qemu"]),
      ("powernv-libvirt-old", .l0, ["warning libvirt"]),
      ("powernv-kernel-old", .l0, ["error kernel", "error nested"]),
      ("powernv-wrapper", .l0, ["warning emulator"]),
      ("lpar-with-api-v2", .l1, []),
      ("lpar-without-api-v2", .l1, ["error kernel", "error kvm_hv", "warning boot"]),
      ("x86", .l0, ["error cpu"]),
      ("l1-good", .l1, []),
      ("l1-not-allowed", .l1, ["error kvm_hv", "warning boot", "warning qemu", "warning libvirt"]),
      ("l1-power8-mode", .l1, ["error cpu", "error mmu", "error kvm_hv"]),
    ] as [(String, HostFacts.Role, [String])])
  func findings(name: String, role: HostFacts.Role, expected: [String]) async throws {
    let facts = try await fixture(name)
    #expect(facts.role == role)
    let findings = facts.findings()
    #expect(
      findings.filter { $0.severity != .note }.map { "\($0.severity.rawValue) \($0.code)" }
        == expected)
    for finding in findings { #expect(!finding.message.isEmpty && finding.reference != nil) }
  }

  @Test("Each fixture is in the table above")
  func noFixtureIsForgotten() async throws {
    let folder = FilePath(#filePath).removingLastComponent().removingLastComponent()
      .appending("HostFacts").string
    let run = try await run("ls", [folder])
    #expect(run.outputText.split(separator: "\n").count == 17)
  }

  @Test("A partition of PowerVM is no host for guests that nest")
  func partitionAsHost() async throws {
    let facts = try await fixture("lpar-with-api-v2")
    #expect(facts.findings(as: .l0).contains { $0.severity == .error && $0.code == "platform" })
    #expect(facts.recommendedMechanism.mechanism == nil)
    #expect(facts.recommendedMechanism.api == .papr)
  }

  @Test(
    "The mechanism follows from libvirt's version",
    arguments: [
      ("powernv-power9", NestingMechanism.feature), ("powernv-rhel8", .feature),
      ("powernv-libvirt-old", .commandline), ("x86", .feature), ("l1-not-allowed", .feature),
    ])
  func mechanism(name: String, expected: NestingMechanism) async throws {
    #expect(try await fixture(name).recommendedMechanism.mechanism == expected)
  }

  @Test("The report names the remedy below its finding, and ends with the verdict")
  func report() async throws {
    let report = HostReport(try await fixture("powernv-nested-off"))
    #expect(report.level == .error)
    #expect(
      report.text.contains(
        """
        error: nested: the parameter 'nested' of kvm_hv is off, so a guest with cap-nested-hv does not start
            source: Linux arch/powerpc/kvm/book3s_hv.c, parameter nested: on unless it is switched off
            fix: echo Y > /sys/module/kvm_hv/parameters/nested

        """))
    #expect(report.text.hasSuffix("\nverdict: it cannot run L1 guests that nest\n"))
    let good = HostReport(try await fixture("l1-good"))
    #expect(good.text.hasSuffix("\nverdict: it can run L2 guests\n"))
    #expect(good.level == .note)
  }

  @Test("The report for programs is JSON with the facts as they were", .needs("python3"))
  func jsonReport() async throws {
    let facts = try await fixture("lpar-with-api-v2")
    let read =
      "import json, sys; d = json.load(sys.stdin); print(d['role'], d['level'], "
      + "d['recommendation'], d['facts']['machine'], len(d['findings']))"
    let run = try await run(
      "python3", ["-c", read], input: Array(JSONWriter.text(of: HostReport(facts).json).utf8))
    #expect(
      run.outputText == "l1 note {'mechanism': None, 'api': 'papr', 'reason': 'guests of a PowerVM "
        + "partition are L2 and need no setting for nesting'} CHRP IBM,9105-22A 9\n",
      "\(run.errorText)")
  }

  @Test("Facts are gathered here as the script prints them; an unreachable host is an error")
  func gathering() async throws {
    let here = try await HostFacts.gathered(.here)
    #expect(here.values["arch"] != nil)
    await #expect(throws: VirtNestError.self) {
      try await HostFacts.gathered(.ssh(destination: "-oProxyCommand=true"))
    }
  }

  @Test("Remedies are commands that a shell can read")
  func remedies() async throws {
    for name in ["powernv-nested-off", "powernv-hash", "powernv-module-missing", "l1-not-allowed"] {
      for remedy in try await fixture(name).findings().compactMap(\.advice?.description) {
        let check = try await run("sh", ["-n", "-c", remedy])
        #expect(check.succeeded, "\(remedy)")
      }
    }
  }
}

@Suite("The script that gathers facts") struct FactsScriptTests {
  @Test("It is clean for shellcheck", .needs("shellcheck"))
  func clean() async throws {
    try await expectClean(HostFacts.gatheringScript, "host-facts")
  }

  @Test("It says the same of this machine under every shell")
  func thisMachine() async throws {
    var seen: [HostFacts] = []
    for shell in shells {
      let run = try await run(
        shell[0], shell.dropFirst() + ["-s"], input: Array(HostFacts.gatheringScript.utf8))
      #expect(run.errorText == "", "\(shell)")
      seen.append(try HostFacts(parsing: run.outputText))
    }
    let release = try await run("uname", ["-r"])
    #expect(seen[0].values["kernel.release"] == String(release.outputText.dropLast()))
    let moving = ["hugepages.free"]
    let steady = seen.map { $0.values.filter { !moving.contains($0.key) } }
    #expect(steady.allSatisfy { $0 == steady[0] })
  }

  @Test("It reads a Power host's files under every shell")
  func powerHost() async throws {
    let tree = try TemporaryFolder()
    let files = [
      "proc/sys/kernel/arch": "ppc64le\n",
      "proc/sys/kernel/osrelease": "6.8.0-45-generic\n",
      "proc/cmdline": "root=/dev/sda2 secret=hunter2 disable_radix kvm_hv.nested=0\n",
      "proc/cpuinfo": """
      processor\t: 0
      cpu\t\t: POWER9, altivec supported
      clock\t\t: 3800.000000MHz

      processor\t: 1
      cpu\t\t: POWER9, altivec supported

      timebase\t: 512000000
      platform\t: PowerNV
      model\t\t: 8335-GTH
      machine\t\t: PowerNV 8335-GTH
      firmware\t: OPAL
      MMU\t\t: Hash

      """,
      "proc/meminfo":
        "MemTotal:       535871488 kB\nHugePages_Total:       4\nHugepagesize:       2048 kB\n",
      "proc/device-tree/hypervisor/compatible": "linux,kvm\0other\0",
      "etc/os-release": "ID=\"centos\"\nVERSION_ID='9'\nPRETTY_NAME=\"Cent\\OS\tStream é\"\n",
      "etc/modprobe.d/kvm.conf": "# options kvm_hv nested=7\noptions kvm-hv  x=y nested=1 z=0\n",
      "etc/modules-load.d/kvm-hv.conf": "kvm-hv",
      "sys/module/kvm_hv/parameters/nested": "N\n",
      "sys/fs/selinux/enforce": "1",
      "sys/module/apparmor/parameters/enabled": "N\n",
      "dev/kvm": "",
    ]
    for (path, content) in files { try await writeExecutable(content, to: tree.file(path)) }
    for shell in shells {
      let run = try await run(
        shell[0], shell.dropFirst() + ["-s"], environment: ["FACTS_ROOT": tree.path],
        input: Array(HostFacts.gatheringScript.utf8))
      #expect(run.errorText == "", "\(shell)")
      #expect(!run.outputText.contains("hunter2"))
      let values = try HostFacts(parsing: run.outputText).values
      let expected = [
        "arch": "ppc64le", "kernel.release": "6.8.0-45-generic", "kernel.disable_radix": "yes",
        "cpu.model": "POWER9, altivec supported", "cpu.platform": "PowerNV", "cpu.mmu": "Hash",
        "machine": "PowerNV 8335-GTH", "hypervisor": "linux,kvm", "memory.kib": "535871488",
        "hugepages.total": "4", "hugepages.kib": "2048", "os.id": "centos", "os.version": "9",
        "os.name": "Cent\\OS\tStream é", "kvm.device": "yes", "kvm_hv.module": "loaded",
        "kvm_hv.nested": "N", "kvm_hv.boot.nested": "0", "kvm_hv.boot.load": "yes",
        "selinux": "enforcing", "apparmor": "off",
      ]
      for (key, value) in expected { #expect(values[key] == value, "\(shell) \(key)") }
    }
  }

  @Test(
    "It tells whether kvm-hv is there to load",
    arguments: [
      ("modules.dep", "kernel/arch/powerpc/kvm/kvm-hv.ko.zst: kernel/a.ko\n", "available"),
      ("modules.builtin", "kernel/arch/powerpc/kvm/kvm-hv.ko\n", "builtin"),
      ("modules.dep", "kernel/a.ko:\n", "missing"), ("nothing", "", nil),
    ] as [(String, String, String?)])
  func module(file: String, content: String, expected: String?) async throws {
    let tree = try TemporaryFolder()
    try await writeExecutable("6.8\n", to: tree.file("proc/sys/kernel/osrelease"))
    try await writeExecutable(content, to: tree.file("lib/modules/6.8/\(file)"))
    let run = try await run(
      "sh", ["-s"], environment: ["FACTS_ROOT": tree.path],
      input: Array(HostFacts.gatheringScript.utf8))
    let facts = try HostFacts(parsing: run.outputText)
    #expect(facts.values["kvm_hv.module"] == expected)
    #expect(facts.values["kvm_hv.boot.load"] == "no")
  }
}
