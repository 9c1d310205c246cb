import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

private let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOj/x: it's \"a\" {key} \\ # ü me@host"

private func example() throws -> FirstBoot {
  try FirstBoot(
    hostname: "kata-ubuntu-24-04-vm-00", sshKeys: [key, "ecdsa-sha2-nistp256 AAAA two"],
    packages: ["qemu-system-ppc", "libvirt-daemon-system", "libstdc++6"])
}

/// Reads YAML as cloud-init does, and answers with JSON in one line.
private func yaml(_ text: String, _ expression: String) async throws -> String {
  let program = "import json, sys, yaml; d = yaml.safe_load(sys.stdin.buffer); print(\(expression))"
  let run = try await run("/usr/bin/python3", ["-c", program], input: Array(text.utf8))
  try #require(run.succeeded, "\(run.errorText)")
  return String(run.outputText.dropLast())
}

@Suite("First boot") struct FirstBootTests {
  @Test("cloud-init's own schema takes the user-data", .needs("cloud-init"))
  func schema() async throws {
    let folder = try TemporaryFolder()
    for (index, firstBoot) in [try example(), try FirstBoot(hostname: "a")].enumerated() {
      let file = folder.file("user-data-\(index)")
      try await writeExecutable(firstBoot.userData, to: file)
      let run = try await run("cloud-init", ["schema", "--config-file", file])
      #expect(run.succeeded, "\(run.outputText)\(run.errorText)")
      #expect(run.outputText.contains("Valid cloud-config"), "\(run.outputText)")
    }
  }

  @Test("cloud-init reads back what was meant", .needs("cloud-init"))
  func readBack() async throws {
    let data = try example().userData
    #expect(try await yaml(data, "d['hostname']") == "kata-ubuntu-24-04-vm-00")
    #expect(try await yaml(data, "d['ssh_authorized_keys'][0]") == key)
    #expect(
      try await yaml(data, "' '.join(d['packages'])")
        == "qemu-system-ppc libvirt-daemon-system libstdc++6")
    #expect(try await yaml(data, "repr(d['write_files'][0]['content'])") == #"'kvm-hv\n'"#)
    let loader = try await yaml(data, "d['write_files'][1]['content']")
    try await expectClean(loader, "loader")
    #expect(
      try await yaml(data, "d['write_files'][1]['path'] == d['runcmd'][0][0]") == "True")
    let meta = try example().metaData
    #expect(
      try await yaml(meta, "d['instance-id'] + ' ' + d['local-hostname']")
        == "virt-nest-kata-ubuntu-24-04-vm-00 kata-ubuntu-24-04-vm-00")
  }

  @Test("A quoted value is the value for YAML, whatever is in it", .needs("cloud-init"))
  func quoting() async throws {
    var text = String.UnicodeScalarView()
    for value in Array(0...0x2FF) + [0x2028, 0xFEFF, 0xFFFE, 0xFFFF, 0x1F600, 0x10FFFF] as [UInt32]
    {
      Unicode.Scalar(value).map { text.append($0) }
    }
    text.append(contentsOf: "\"\u{301}\\\r\n- a: b # {}[]&*!|>%@`".unicodeScalars)
    let read = try await yaml(
      "a: \(yamlQuoted(String(text)))\n", "' '.join(str(ord(c)) for c in d['a'])")
    #expect(read == text.map { String($0.value) }.joined(separator: " "))
  }

  @Test("The script is clean for shellcheck", .needs("shellcheck"))
  func clean() async throws {
    try await expectClean(try example().script, "first boot")
    try await expectClean(try FirstBoot(hostname: "a").script, "first boot")
  }

  @Test("The script writes the same twice as once, under every shell")
  func script() async throws {
    for shell in shells {
      let tree = try TemporaryFolder()
      try await writeExecutable("ssh-rsa AAAA old", to: tree.file("root/.ssh/authorized_keys"))
      for _ in 1...2 {
        let run = try await run(
          shell[0], shell.dropFirst() + ["-s"], environment: ["DESTDIR": tree.path],
          input: Array(try example().script.utf8))
        #expect(run.succeeded, "\(shell) \(run.errorText)")
        #expect(run.errorText == "", "\(shell)")
      }
      #expect(try await text(of: tree.file("etc/hostname")) == "kata-ubuntu-24-04-vm-00\n")
      #expect(try await text(of: tree.file("etc/modules-load.d/kvm-hv.conf")) == "kvm-hv\n")
      #expect(
        try await text(of: tree.file("root/.ssh/authorized_keys"))
          == "ssh-rsa AAAA old\n\(key)\necdsa-sha2-nistp256 AAAA two\n")
    }
  }

  @Test("The loader says why a guest cannot nest", arguments: ["dash", "bash", "busybox"])
  func loader(shell: String) async throws {
    // This machine has no kvm-hv, as a guest without the module.
    let script = try FirstBoot(hostname: "a").userData
    let loader = try await yaml(script, "d['write_files'][1]['content']")
    let run = try await run(
      shell, (shell == "busybox" ? ["sh"] : []) + ["-s"], input: Array(loader.utf8))
    #expect(run.status == .exited(1))
    #expect(run.errorText.contains("virt-nest: error: kvm-hv is not loaded"))
  }

  @Test(
    "A guest's name makes a host name",
    arguments: [
      ("kata-fedora-43-vm-00", "kata-fedora-43-vm-00"), ("My VM (1)", "my-vm-1"),
      ("a.b_c", "a-b-c"), ("--", nil), ("ä", nil),
      (String(repeating: "x", count: 99), String(repeating: "x", count: 63)),
    ] as [(String, String?)])
  func hostname(name: String, expected: String?) throws {
    #expect(FirstBoot.hostname(forGuest: name) == expected)
    if let expected { _ = try FirstBoot(hostname: expected) }
  }

  @Test(
    "What is no host name, key or package is refused",
    arguments: [
      ("", key, "a"), ("a b", key, "a"), ("-a", key, "a"), ("a..b", key, "a"), ("a\nb", key, "a"),
      (String(repeating: "a", count: 64), key, "a"), ("a", "ssh-rsa", "a"), ("a", "hello you", "a"),
      ("a", "ssh-rsa AAAA\nruncmd: [evil]", "a"), ("a", "-----BEGIN OPENSSH PRIVATE KEY-----", "a"),
      ("a", key, "-o"), ("a", key, "a b"), ("a", key, "$(x)"), ("a", key, ""),
    ])
  func refused(hostname: String, key: String, package: String) {
    #expect(throws: InvalidValue.self) {
      try FirstBoot(hostname: hostname, sshKeys: [key], packages: [package])
    }
  }

  @Test("A file of public keys may have comments, and CRLF; a private key is never shown")
  func keyFile() throws {
    #expect(try FirstBoot.sshKeys(in: "# mine\r\n\r\n  \(key) \r\n") == [key])
    #expect(throws: InvalidValue.self) { try FirstBoot.sshKeys(in: "# none\n") }
    let error = try #require(throws: InvalidValue.self) {
      try FirstBoot.sshKeys(in: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n")
    }
    #expect(error.description.contains(".pub"))
    #expect(!error.description.contains("BEGIN"))
  }

  @Test("The seed image is labelled, holds both files, and is the same twice", .needs("xorriso"))
  func seed() async throws {
    let folder = try TemporaryFolder()
    let firstBoot = try example()
    let first = try await SeedImage.bytes(for: firstBoot)
    let image = folder.file("seed.iso")
    try writeFile(image, first)
    #expect(Array(first[0x8001..<0x8006]) == Array("CD001".utf8))
    #expect(Array(first[0x8028..<0x802E]) == Array("cidata".utf8))
    for (name, expected) in [("user-data", firstBoot.userData), ("meta-data", firstBoot.metaData)] {
      let run = try await run(
        "xorriso",
        ["-osirrox", "on", "-indev", image, "-extract", "/\(name)", folder.file(name)])
      try #require(run.succeeded, "\(run.errorText)")
      #expect(try await text(of: folder.file(name)) == expected)
    }
    try await Task.sleep(for: .seconds(1.1))
    #expect(try await SeedImage.bytes(for: firstBoot) == first)
  }
}
