import Glibc
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

let ed25519 =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILe3YsLFSe3enKUaFDTVjXgjmmD1JphXqUawt72P0on8"
let ecdsa =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBI/7+l5p"
  + "R33c2q1wZ6UFbGJn0/0iuqqZ+DJs2JgAgXf8RS7TE4DVa1DfL6yniavSefIybb6wO2Czca7+cD+Slh4="
private let key = ed25519 + " x: it's \"a\" {key} \\ # ü me@host"

private func example() throws -> FirstBoot {
  try FirstBoot(
    hostname: "kata-ubuntu-24-04-vm-00", sshKeys: [PublicKey(key), PublicKey(ecdsa + " two")],
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
          == "ssh-rsa AAAA old\n\(key)\n\(ecdsa) two\n")
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

  /// What the script makes of libvirt's network, in a mount namespace of its own.
  ///
  /// - Parameters:
  ///   - addresses: what `ip` prints of the guest's interfaces.
  ///   - virsh: the body of the `virsh` that the script finds.
  private func defaultNetwork(addresses: String, virsh: String) async throws -> (Run, String) {
    let folder = try TemporaryFolder()
    let network = """
      <network><name>default</name><bridge name='virbr0'/>
        <ip address='192.168.122.1' netmask='255.255.255.0'>
          <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>
      """
    try await writeExecutable(network, to: folder.file("etc/qemu/networks/default.xml"))
    try await writeExecutable("#!/bin/sh\nprintf '\(addresses)'", to: folder.file("bin/ip"))
    try await writeExecutable("#!/bin/sh\n\(virsh)", to: folder.file("bin/virsh"))
    let script = try await yaml(example().userData, "d['write_files'][2]['content']")
    let run = try await run(
      "unshare",
      [
        "--mount", "sh", "-c",
        "mount --bind \(folder.path)/etc /etc/libvirt && PATH=\(folder.path)/bin:$PATH exec sh -s",
      ], input: Array(script.utf8))
    return (run, try await text(of: folder.file("etc/qemu/networks/default.xml")))
  }

  @Test(
    "The L1's own network gets addresses that no interface of the L1 is in",
    .needs("unshare", "cloud-init"), .enabled(if: getuid() == 0, "needs root"))
  func defaultNetwork() async throws {
    let inUse =
      #"1: lo inet 127.0.0.1/8 scope host lo\n2: eth0    inet 192.168.122.77/24 brd 192.168.122.255\n"#
      + #"3: eth1    inet 192.168.123.9/24\n4: virbr0    inet 192.168.124.1/24\n"#
    let (run, file) = try await defaultNetwork(addresses: inUse, virsh: "exit 1")
    #expect(run.succeeded && run.errorText == "", "\(run.errorText)")
    #expect(run.outputText.contains("has the addresses 192.168.124.0/24"))
    #expect(file.contains("address='192.168.124.1'") && file.contains("end='192.168.124.254'"))
    #expect(!file.contains("192.168.122."))
    let other = #"2: eth0    inet 10.0.0.7/24\n4: virbr0    inet 192.168.122.1/24\n"#
    let (unchanged, kept) = try await defaultNetwork(addresses: other, virsh: "exit 1")
    #expect(unchanged.succeeded && unchanged.output == [] && kept.contains("'192.168.122.1'"))
    // Where a libvirt runs, it is given the network, and starts it anew.
    let (asked, untouched) = try await defaultNetwork(
      addresses: inUse, virsh: #"echo "$*" | sed 's#/tmp/.*#FILE#' >&2"#)
    #expect(untouched.contains("'192.168.122.1'"))
    #expect(asked.succeeded && !asked.outputText.isEmpty, "\(asked.errorText)")
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
    "What is not a host name or package is refused",
    arguments: [
      ("", "a"), ("a b", "a"), ("-a", "a"), ("a..b", "a"), ("a\nb", "a"),
      (String(repeating: "a", count: 64), "a"), ("a", "-o"), ("a", "a b"), ("a", "$(x)"),
      ("a", ""),
    ])
  func refused(hostname: String, package: String) {
    #expect(throws: InvalidValue.self) { try FirstBoot(hostname: hostname, packages: [package]) }
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
