import Foundation
internal import TestSupport
internal import Testing

/// The collection `Ansible/`, run by Ansible against libvirtds of the tests' own.
@Suite(
  "The Ansible collection",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"),
  .needs("ansible-playbook"), .serialized)
struct AnsibleTests {
  let folder: TemporaryFolder

  init() async throws {
    folder = try TemporaryFolder()
    let install = try await TestSupport.run(
      "ansible-galaxy",
      [
        "collection", "install", "--offline", "--force", "-p", folder.file("collections"),
        Corpus.checkout.appending(path: "Ansible").path,
      ], environment: environment)
    try #require(install.succeeded, "\(install.outputText)\(install.errorText)")
  }

  private var environment: [String: String?] {
    [
      "ANSIBLE_COLLECTIONS_PATH": folder.file("collections"), "ANSIBLE_HOME": folder.file("home"),
      "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
      "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
    ]
  }

  /// What a module ended with, and what was printed before: the difference.
  private struct Outcome {
    var result: [String: Any]
    var diff: String
    var changed: Bool { result["changed"] as? Bool ?? false }
    var failed: Bool
    var message: String { result["msg"] as? String ?? "" }
    func guests(_ key: String) -> [String] {
      (result["guests"] as? [[String: Any]] ?? []).map { "\($0[key] ?? "")" }
    }
  }

  /// Runs a module as a task of its own.
  private func module(
    _ name: String, _ arguments: [String: any Sendable], _ options: String...,
    environment more: [String: String?] = [:], prefix: [String] = []
  ) async throws -> Outcome {
    let given = ["executable": VirtNestBinary.path].merging(arguments) { $1 }
    let json = try JSONSerialization.data(withJSONObject: given)
    let command =
      prefix + [
        "ansible", "localhost", "-m", "virt_nest.power.\(name)", "-a",
        String(decoding: json, as: UTF8.self),
      ] + options
    let run = try await TestSupport.run(
      command[0], Array(command.dropFirst()), environment: environment.merging(more) { $1 })
    let text = run.outputText
    let start = try #require(
      text.firstRange(of: " => {"), "\(name) \(options): \(text)\(run.errorText)")
    let lineStart = text[..<start.lowerBound].lastIndex(of: "\n").map { text.index(after: $0) }
    let value = Data(text[text.index(before: start.upperBound)...].utf8)
    let result = try #require(
      try JSONSerialization.jsonObject(with: value) as? [String: Any], "\(text)")
    return Outcome(
      result: result, diff: String(text[..<(lineStart ?? text.startIndex)]),
      failed: text[..<start.lowerBound].hasSuffix(" | FAILED!"))
  }

  private func playbook(_ text: String, _ options: String...) async throws -> Run {
    let file = folder.file("play.yml")
    try write(text, to: file)
    return try await TestSupport.run(
      "ansible-playbook", [file] + options,
      environment: environment.merging(["ANSIBLE_STDOUT_CALLBACK": "default"]) { $1 })
  }

  /// Options of guests that start here.
  private static let small: [String: any Sendable] = [
    "emulated": true, "disk": "none", "network": "none", "memory": "2GiB",
  ]

  @Test("domain: check mode predicts, the first run changes, the second does not")
  func domain() async throws {
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      let task: [String: any Sendable] = [
        "connect": libvirtd.uri, "template": "fedora", "options": Self.small,
        "guests": [
          ["name": "kata-a"], ["name": "kata-b", "options": ["memory": "3GiB"]],
          ["name": "kata-c", "state": "running"],
        ] as [[String: any Sendable]],
      ]
      let predicted = try await module("domain", task, "--check", "--diff")
      #expect(
        predicted.changed && predicted.guests("after") == ["shut off", "shut off", "running"])
      #expect(try await libvirtd.virsh("list", "--all", "--name") == "")
      let done = try await module("domain", task, "--diff")
      #expect(done.changed && done.guests("changed") == predicted.guests("changed"))
      #expect(done.diff == predicted.diff && done.diff.contains("\n+  <name>kata-b</name>\n"))
      #expect(try await libvirtd.virsh("list", "--name") == "kata-c")
      for options in [["--check", "--diff"], ["--diff"]] {
        let again = try await module("domain", task, options[0], options.last ?? "--diff")
        #expect(!again.changed && !again.failed && again.diff == "", "\(again)")
      }

      // By hand, in libvirt's copy; the difference is the command's own, in bytes.
      let edited = folder.file("edited.xml")
      try write(
        try await libvirtd.virsh("dumpxml", "--inactive", "kata-a")
          .replacing("<on_crash>destroy", with: "<on_crash>restart"), to: edited)
      try await libvirtd.virsh("define", edited)
      let list = folder.file("list.json")
      let arguments =
        #""--emulated","--disk=none","--memory=2GiB","--network=none","--name=kata-a""#
      try write(#"[{"create": ["fedora",\#(arguments)]}]"#, to: list)
      let diff = try await VirtNestBinary.run(
        ["define", "--guests", list, "--diff", "--connect", libvirtd.uri])
      let seen = try await module("domain", task, "--check", "--diff")
      #expect(seen.changed && seen.guests("changed") == ["1", "0", "0"])
      #expect(seen.diff.hasPrefix(diff.outputText) && !diff.output.isEmpty, "\(seen.diff)")
      #expect(try await module("domain", task).changed)
      #expect(try await !module("domain", task).changed)

      // What libvirt has, patched.
      let patch: [String: any Sendable] = [
        "connect": libvirtd.uri, "name": ["kata-a", "kata-c"], "options": ["memory": "4GiB"],
      ]
      #expect(try await module("domain", patch, "--check").changed)
      let patched = try await module("domain", patch)
      #expect(patched.changed)
      #expect("\(patched.result)".contains("the change takes effect after virsh shutdown"))
      #expect(try await !module("domain", patch).changed)
      #expect(try await !module("domain", patch, "--check").changed)

      // Gone: a guest that runs is refused, also in check mode, and nothing else goes either.
      var absent: [String: any Sendable] = [
        "connect": libvirtd.uri, "name": ["kata-a", "kata-c", "nobody"], "state": "absent",
      ]
      for options in ["--check", "--diff"] {
        let refused = try await module("domain", absent, options)
        #expect(refused.failed && refused.message.contains("the guest is running"))
      }
      absent["stop"] = true
      let gone = try await module("domain", absent, "--check")
      #expect(gone.guests("before") == ["shut off", "running", "absent"])
      #expect(gone.changed && gone.guests("changed") == ["1", "1", "0"])
      #expect(try await module("domain", absent).changed)
      #expect(try await libvirtd.virsh("list", "--all", "--name") == "kata-b")
      #expect(try await !module("domain", absent).changed)
    }
  }

  @Test("domain: virsh sessions do not grow with the number of guests")
  func sessions() async throws {
    let (tools, count) = (folder.file("tools"), folder.file("count"))
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    let virsh = try await TestSupport.run("sh", ["-c", "command -v virsh"]).outputText.trimmed
    try write("#!/bin/sh\necho >>\(count)\nexec \(virsh) \"$@\"\n", to: "\(tools)/virsh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(tools)/virsh")
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let sessions = { @Sendable () -> Int in
      defer { try? FileManager.default.removeItem(atPath: count) }
      return (try? readFile(count).count) ?? 0
    }
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      for number in [3, 60] {
        let task: [String: any Sendable] = [
          "connect": libvirtd.uri, "template": "fedora", "options": Self.small,
          "guests": (0..<number).map { ["name": "kata-\(number)-\($0)"] },
        ]
        let more = ["PATH": "\(tools):\(path)"]
        let made = try await module("domain", task, environment: more)
        #expect(made.changed, "\(made.message)")
        // A look, another before the change, the change, and a look at what became of it.
        #expect(sessions() == 4)
        let again = try await module("domain", task, environment: more)
        #expect(!again.changed && !again.failed, "\(again.message)")
        #expect(sessions() == 1)
      }
    }
  }

  @Test("domain: what makes no sense fails with the reason, before anything is defined")
  func refused() async throws {
    let bad = folder.file("bad.xml")
    try write("<domain>\n<name>x</domain>", to: bad)
    let wrong: [([String: any Sendable], String)] = [
      (["executable": "/none/virt-nest"], "virt-nest was not found at '/none/virt-nest'. Install"),
      ([:], "give the name of a guest, a template or a definition"),
      (["name": "a", "options": ["add": "disk,path=/a"]], "would change the guest at every run"),
      (["template": "none"], "there is no template 'none'"),
      (["template": "fedora", "options": ["memry": "1"]], "Unknown option '--memry'"),
      (["template": "fedora", "options": ["memory": "1MiB"]], "is not a valid memory"),
      (["template": "fedora", "options": ["output": "a"]], "has no place for 'output'"),
      (["template": "fedora", "definition": bad], "mutually exclusive"),
      (["definition": bad, "options": ["memory": "1G"]], "options go with a template"),
      (["definition": bad], "bad.xml:2"), (["name": "nobody"], "there is no such guest"),
      (["state": "absent"], "needs a name"),
    ]
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      for (arguments, reason) in wrong {
        let task = ["connect": libvirtd.uri].merging(arguments) { $1 }
        let outcome = try await module("domain", task)
        #expect(outcome.failed && !outcome.changed, "\(arguments)")
        #expect(outcome.message.contains(reason), "\(arguments): \(outcome.message)")
      }
      // One bad guest among good ones.
      let task: [String: any Sendable] = [
        "connect": libvirtd.uri, "options": Self.small,
        "guests": [["name": "kata-a", "template": "fedora"], ["definition": bad]],
      ]
      #expect(try await module("domain", task).failed)
      #expect(try await libvirtd.virsh("list", "--all", "--name") == "")
    }
  }

  @Test("A host that dies in the middle fails, the others go on, and the next run finishes")
  func dying() async throws {
    let (tools, count) = (folder.file("tools"), folder.file("count"))
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    let virsh = try await TestSupport.run("sh", ["-c", "command -v virsh"]).outputText.trimmed
    try FileManager.default.createDirectory(atPath: count, withIntermediateDirectories: true)
    // Of the first host the connection is lost at the session that would define.
    try write(
      """
      #!/bin/sh
      case "$*" in
      *d1/libvirt*)
        echo >>\(count)/sessions
        if [ "$(wc -l <\(count)/sessions)" -gt 2 ]; then
          echo 'error: failed to connect to the hypervisor' >&2
          exit 1
        fi ;;
      esac
      exec \(virsh) "$@"
      """, to: "\(tools)/virsh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(tools)/virsh")
    let inventory = folder.file("hosts.yml")
    let file = folder.file("fleet.yml")
    try write(
      """
      - hosts: all
        gather_facts: false
        tasks:
          - virt_nest.power.domain:
              executable: \(VirtNestBinary.path)
              connect: "{{ uri }}"
              template: fedora
              options: {emulated: true, disk: none, network: none, memory: 2GiB}
              guests: [{name: kata-a}, {name: kata-b}]
      """, to: file)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folder = folder
    try await PrivateLibvirtd.run(in: folder.file("d1")) { first in
      try await PrivateLibvirtd.run(in: folder.file("d2")) { second in
        try write(
          """
          all:
            vars: {ansible_connection: local}
            hosts:
              first: {uri: "\(first.uri)"}
              second: {uri: "\(second.uri)"}
          """, to: inventory)
        let play = { @Sendable (path: String) in
          try await TestSupport.run(
            "ansible-playbook", ["-i", inventory, file],
            environment: environment.merging(["PATH": path]) { $1 })
        }
        let broken = try await play("\(tools):\(path)")
        #expect(broken.status == .exited(2), "\(broken.outputText)")
        let recap = recap(of: broken)
        #expect(recap["first"] == "changed=0 failed=1", "\(broken.outputText)")
        #expect(recap["second"] == "changed=1 failed=0", "\(broken.outputText)")
        #expect(broken.outputText.contains("failed to connect to the hypervisor"))
        let next = try await play(path)
        #expect(
          self.recap(of: next) == ["first": "changed=1 failed=0", "second": "changed=0 failed=0"],
          "\(next.outputText)")
        let last = try await play(path)
        #expect(
          self.recap(of: last) == ["first": "changed=0 failed=0", "second": "changed=0 failed=0"])
      }
    }
  }

  /// What the recap says of each host.
  private func recap(of run: Run) -> [String: String] {
    var counts: [String: String] = [:]
    for line in run.outputText.split(separator: "\n") where line.contains("unreachable=") {
      let words = line.split(separator: " ")
      counts[String(words[0])] = words.filter {
        $0.hasPrefix("changed=") || $0.hasPrefix("failed=")
      }.joined(separator: " ")
    }
    return counts
  }

  @Test("check finds what the command finds, and fails from the level on that is asked")
  func check() async throws {
    let guests = folder.file("guests")
    try FileManager.default.createDirectory(atPath: guests, withIntermediateDirectories: true)
    let good = try await VirtNestBinary.run(["create", "fedora", "-o", guests + "/a.xml"])
    #expect(good.succeeded)
    let task: [String: any Sendable] = ["paths": [guests]]
    let clean = try await module("check", task)
    #expect(!clean.failed && !clean.changed, "\(clean.message)")
    try write("<domain type='kvm'><memory>1</memory></domain>\n", to: guests + "/bad.xml")
    let found = try await module("check", task, "--check")
    #expect(found.failed && found.message.contains("bad.xml"), "\(found.message)")
    let listed = try await module("check", task.merging(["fail_on": "never"]) { $1 })
    #expect(!listed.failed && (listed.result["findings"] as? [Any])?.isEmpty == false)
    let none = try await module("check", ["paths": [folder.file("none")]])
    #expect(none.failed && none.message.contains("No such file"), "\(none.message)")
  }

  @Test("host_facts and verify say what doctor and verify say")
  func looks() async throws {
    let facts = try await module("host_facts", ["role": "l0"])
    let report = (facts.result["ansible_facts"] as? [String: Any])?["virt_nest"] as? [String: Any]
    #expect(!facts.failed && !facts.changed && report?["findings"] != nil, "\(facts)")
    let command = try await VirtNestBinary.run(["doctor", "--as", "l0"])
    let required = try await module("host_facts", ["role": "l0", "required": true])
    #expect(required.failed == (command.status == .exited(1)), "\(required.message)")

    let file = folder.file("a.xml")
    _ = try await VirtNestBinary.run(
      ["create", "fedora", "--emulated", "--name", "kata-a", "-o", file])
    let nests = try await module("verify", ["definitions": [file]])
    #expect(!nests.failed && (nests.result["reports"] as? [Any])?.count == 1, "\(nests.message)")
    let nobody = try await module("verify", ["connect": "test:///default", "names": ["nobody"]])
    #expect(nobody.failed, "\(nobody)")
  }

  @Test("wrapper is installed and removed once, with check mode right each time")
  func wrapper() async throws {
    let path = folder.file("qemu-nested")
    // AppArmor's rules are the machine's: a name space of its own has none.
    let prefix = [
      "unshare", "-m", "sh", "-c",
      "for f in /etc/apparmor.d; do if [ -d $f ]; then mount -t tmpfs none $f; fi; done; exec \"$@\"",
      "sh",
    ]
    for (state, there) in [("present", true), ("absent", false)] {
      let task: [String: any Sendable] = ["path": path, "state": state]
      #expect(try await module("wrapper", task, "--check", prefix: prefix).changed)
      #expect(FileManager.default.fileExists(atPath: path) != there)
      let done = try await module("wrapper", task, "--diff", prefix: prefix)
      #expect(done.changed && done.diff.contains("virt-nest: emulator wrapper"), "\(done)")
      #expect(FileManager.default.fileExists(atPath: path) == there)
      #expect(try await !module("wrapper", task, prefix: prefix).changed)
      #expect(try await !module("wrapper", task, "--check", prefix: prefix).changed)
    }
  }

  @Test("Guests leave the wrapper and come back to it")
  func migration() async throws {
    let wrapper = folder.file("qemu-system-ppc64-nested")
    try write(try await VirtNestBinary.run(["wrapper"]).outputText, to: wrapper)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper)
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      let old = Self.small.merging(["mechanism": "wrapper", "wrapper": wrapper]) { $1 }
      let made = try await module(
        "domain",
        [
          "connect": libvirtd.uri, "template": "fedora", "name": ["kata-a", "kata-b"],
          "options": old,
        ])
      try #require(made.changed, "\(made.message)")
      let before = try await libvirtd.virsh("dumpxml", "--inactive", "kata-a")
      #expect(before.contains(wrapper))
      let role = """
        - hosts: localhost
          gather_facts: false
          roles:
            - role: virt_nest.power.migrate_from_wrapper
              vars:
                migrate_from_wrapper_connect: "\(libvirtd.uri)"
                migrate_from_wrapper_guests: [kata-a, kata-b]
                migrate_from_wrapper_emulator: \(wrapper)
                migrate_from_wrapper_folder: \(folder.file("before"))
                migrate_from_wrapper_executable: \(VirtNestBinary.path)

        """
      let check = try await playbook(role, "--check")
      #expect(check.succeeded && recap(of: check)["localhost"] != "changed=0 failed=0")
      #expect(try await libvirtd.virsh("dumpxml", "--inactive", "kata-a") == before)
      let moved = try await playbook(role)
      #expect(recap(of: moved)["localhost"] == "changed=5 failed=0", "\(moved.outputText)")
      let after = try await libvirtd.virsh("dumpxml", "--inactive", "kata-a")
      #expect(after.contains("<nested-hv state='on'/>") && !after.contains(wrapper))
      let again = try await playbook(role)
      #expect(recap(of: again)["localhost"] == "changed=0 failed=0", "\(again.outputText)")
      let back = role + "        migrate_from_wrapper_state: restored\n"
      let restored = try await playbook(back)
      #expect(recap(of: restored)["localhost"] == "changed=2 failed=0", "\(restored.outputText)")
      #expect(try await libvirtd.virsh("dumpxml", "--inactive", "kata-a") == before)
      let twice = try await playbook(back)
      #expect(recap(of: twice)["localhost"] == "changed=0 failed=0", "\(twice.outputText)")
    }
  }

  @Test("l1_guest does what up does, once")
  func guestWithDisk() async throws {
    let (image, pool) = (folder.file("image.qcow2"), folder.file("pool"))
    try FileManager.default.createDirectory(atPath: pool, withIntermediateDirectories: true)
    let made = try await TestSupport.run("qemu-img", ["create", "-f", "qcow2", image, "64M"])
    #expect(made.succeeded)
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      try await libvirtd.virsh("pool-create-as", "default", "dir", "--target", pool)
      let role = """
        - hosts: localhost
          gather_facts: false
          roles:
            - role: virt_nest.power.l1_guest
              vars:
                l1_guest_connect: "\(libvirtd.uri)"
                l1_guest_executable: \(VirtNestBinary.path)
                l1_guest_guests:
                  - template: fedora
                    options:
                      name: kata-a
                      image: \(image)
                      emulated: true
                      network: none
                      memory: 2GiB
                      no_seed: true
                      no_wait: true
        """
      for (options, counts) in [
        ("--check", "changed=0 failed=0"), ("--diff", "changed=1 failed=0"),
        ("--diff", "changed=0 failed=0"),
      ] {
        let run = try await playbook(role, options)
        #expect(recap(of: run)["localhost"] == counts, "\(run.outputText)\(run.errorText)")
      }
      #expect(try await libvirtd.virsh("list", "--name") == "kata-a")
    }
  }

  @Test("The fleet of Examples runs by one command, and its second run changes nothing")
  func fleet() async throws {
    let run = try await TestSupport.run(
      Corpus.checkout.appending(path: "Examples/fleet/run").path,
      environment: [
        "VIRT_NEST_BINARY": VirtNestBinary.path, "TMPDIR": folder.path,
        "ANSIBLE_HOME": folder.file("home"), "ANSIBLE_NOCOLOR": "1",
      ])
    #expect(run.succeeded, "\(run.outputText)\(run.errorText)")
    let last = run.outputText.split(separator: "==== the same again").last.map { String($0) } ?? ""
    let documented = String(
      decoding: try readFile(
        Corpus.checkout.appending(path: "Examples/fleet/README.md").path), as: UTF8.self)
    let recap = last.split(separator: "\n").filter { $0.hasPrefix("l0-") }
    #expect(recap.count == 3)
    for line in recap { #expect(documented.contains("\n\(String(line).trimmed)\n"), "\(line)") }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left.filter { $0.hasPrefix("fleet") } == [])
  }
}
