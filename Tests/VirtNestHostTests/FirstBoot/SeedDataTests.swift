import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

/// What a program of Python prints, which has cloud-init's own modules.
private func python(_ program: String, _ arguments: String...) async throws -> String {
  let run = try await run("/usr/bin/python3", ["-c", program] + arguments)
  try #require(run.succeeded, "\(run.errorText)")
  return String(run.outputText.dropLast())
}

@Suite("The network and own data of a first boot") struct SeedDataTests {
  private let macs = ["52:84:92:2e:b9:5b", "52:01:02:03:04:05"].map { MACAddress($0) }

  private func network(_ addresses: String...) throws -> String {
    try NetworkConfiguration(addresses.map { try StaticAddress($0) }, interfaces: macs).text
  }

  @Test("Addresses make a network-config of version 2; an interface without one asks by DHCP")
  func text() throws {
    let text = try network(
      "10.0.0.5/24,gateway=10.0.0.1,dns=10.0.0.2,dns=fd00::1,search=example.org",
      "FD00:0::5/64,gateway=fe80::1")
    #expect(
      text == """
        version: 2
        ethernets:
          nest0:
            match:
              macaddress: "52:84:92:2e:b9:5b"
            addresses:
              - "10.0.0.5/24"
              - "fd00::5/64"
            routes:
              - to: "0.0.0.0/0"
                via: "10.0.0.1"
              - to: "::/0"
                via: "fe80::1"
            nameservers:
              addresses:
                - "10.0.0.2"
                - "fd00::1"
              search:
                - "example.org"
          nest1:
            match:
              macaddress: "52:01:02:03:04:05"
            dhcp4: true

        """)
    #expect(try network("10.1.0.5/16,interface=2").contains("b9:5b\"\n    dhcp4: true\n  nest1:"))
    let named = FirstBoot.Subject(name: "kata-a", interfaces: 1)
    #expect(named.interfaces == Array(macs.prefix(1)))
  }

  @Test("cloud-init writes it for every kind of system", .needs("cloud-init"))
  func rendered() async throws {
    let folder = try TemporaryFolder()
    let text = try network(
      "10.0.0.5/24,gateway=10.0.0.1,dns=10.0.0.2", "fd00::5/64,gateway=fe80::1")
    try writeFile(folder.file("network-config"), text.utf8)
    for (kind, distribution) in [
      ("netplan", "ubuntu"), ("eni", "debian"), ("sysconfig", "rhel"), ("networkd", "debian"),
      ("network-manager", "fedora"),
    ] {
      let run = try await run(
        "cloud-init",
        [
          "devel", "net-convert", "-p", folder.file("network-config"), "-k", "yaml", "-d",
          folder.file(kind), "-D", distribution, "-m", "nest0,52:84:92:2e:b9:5b", "-O", kind,
        ])
      try #require(run.succeeded, "\(kind): \(run.errorText)")
      let files = try await TestSupport.run(
        "find", [folder.file(kind), "-type", "f", "-exec", "cat", "{}", "+"])
      let written = files.outputText.lowercased()
      for word in ["10.0.0.5", "10.0.0.1", "10.0.0.2", "fd00::5", "fe80::1"] {
        #expect(written.contains(word), "\(kind): \(written)")
      }
      #expect(written.contains("52:84:92:2e:b9:5b"), "\(kind): \(written)")
    }
  }

  @Test(
    "What is not an address of an interface is refused with the reason",
    arguments: [
      ("", "it begins with an address"), ("10.0.0.5", "it begins with an address"),
      ("10.0.0/24", "it begins with an address"), ("010.0.0.5/24", "it begins with an address"),
      ("gateway=10.0.0.1", "it begins with an address"), ("10.0.0.5/0", "from 1 to 32"),
      ("10.0.0.5/33", "from 1 to 32"), ("10.0.0.5/+8", "from 1 to 32"), ("fd00::1/129", "to 128"),
      ("10.0.0.5/24/8", "it begins with an address"), ("10.0.0.5/ 24", "from 1 to 32"),
      ("10.0.0.0/24", "the address of the network"), ("10.0.0.255/24", "the broadcast address"),
      ("127.0.0.1/8", "no interface can have"), ("224.0.0.1/4", "no interface can have"),
      ("0.0.0.0/8", "no interface can have"), ("::1/128", "no interface can have"),
      ("ff02::1/64", "no interface can have"),
      ("10.0.0.5/24,gateway=10.0.1.1", "is not in the network"),
      ("10.0.0.5/24,gateway=10.0.0.5", "another machine"),
      ("10.0.0.5/24,gateway=fd00::1", "is not in the network"),
      ("10.0.0.5/24,gateway=x", "is not an IPv4 or IPv6 address"),
      ("10.0.0.5/24,gateway=10.0.0.1,gateway=10.0.0.2", "'gateway' is given twice"),
      ("10.0.0.5/24,dns=", "is not an IPv4 or IPv6 address"),
      ("10.0.0.5/24,mtu=9000", "there is no 'mtu'"),
      ("10.0.0.5/24,10.0.0.6", "is not KEY=VALUE"), ("10.0.0.5/24,search=a b", "name of a domain"),
      ("10.0.0.5/24,search=a\n- evil", "name of a domain"),
      ("10.0.0.5/24,interface=0", "from 1 on"),
    ])
  func refused(text: String, reason: String) throws {
    let error = try #require(throws: InvalidValue.self) { try StaticAddress(text) }
    #expect(error.reason.contains(reason), "\(error)")
  }

  @Test("A network of two addresses has no broadcast address, and a guest only its own interfaces")
  func edges() throws {
    _ = try StaticAddress("10.0.0.0/31")
    _ = try StaticAddress("10.0.0.255/32")
    #expect(throws: InvalidValue.self) { try network("10.0.0.5/24,interface=3") }
    #expect(throws: InvalidValue.self) {
      try NetworkConfiguration([StaticAddress("10.0.0.5/24")], interfaces: [nil])
    }
  }

  /// cloud-init's own merging of the parts, as JSON.
  private func merged(_ own: String) async throws -> String {
    let folder = try TemporaryFolder()
    let firstBoot = try FirstBoot(
      hostname: "kata-a", sshKeys: [PublicKey(ed25519)], packages: ["qemu-kvm"],
      ownUserData: OwnUserData(file: Array(own.utf8)))
    try writeFile(folder.file("user-data"), firstBoot.userData.utf8)
    return try await python(
      """
      import json, sys
      from cloudinit import handlers, helpers, user_data, util
      from cloudinit.handlers.cloud_config import CloudConfigPartHandler
      from cloudinit.handlers.shell_script import ShellScriptPartHandler
      folder = sys.argv[1]
      paths = helpers.Paths({'cloud_dir': folder, 'run_dir': folder})
      data = open(folder + '/user-data', 'rb').read()
      message = user_data.UserDataProcessor(paths).process(data)
      handler = CloudConfigPartHandler(paths, cloud_config_path=None)
      parts = []
      handler.handle_part(None, handlers.CONTENT_START, None, None, None, {})
      for part in message.walk():
          if part.is_multipart(): continue
          payload = util.fully_decoded_payload(part)
          parts.append([part.get_content_type(), payload])
          if part.get_content_type() == 'text/cloud-config':
              handler.handle_part(None, 'text/cloud-config', 'f', payload, None, dict(part))
      print(json.dumps({'parts': parts, 'config': handler.cloud_buf}))
      """, folder.path)
  }

  private func member(_ expression: String, of json: String) async throws -> String {
    try await python("import json, sys; d = json.loads(sys.argv[1]); print(\(expression))", json)
  }

  @Test(
    "cloud-init merges the user's configuration and ours, and the user's values win",
    .needs("cloud-init"))
  func merging() async throws {
    let own = """
      #cloud-config
      hostname: mine
      timezone: Europe/Zürich
      ssh_authorized_keys: [ssh-ed25519 AAAA own]
      packages: [tmux]
      runcmd:
        - [echo, mine]
      """
    let json = try await merged(own)
    #expect(try await member("d['config']['hostname']", of: json) == "mine")
    #expect(try await member("d['config']['timezone']", of: json) == "Europe/Zürich")
    #expect(try await member("d['config']['packages']", of: json) == "['tmux', 'qemu-kvm']")
    #expect(
      try await member("d['config']['ssh_authorized_keys'][1]", of: json) == ed25519)
    #expect(try await member("d['config']['runcmd'][0]", of: json) == "['echo', 'mine']")
    #expect(try await member("len(d['config']['runcmd'])", of: json) == "3")
    #expect(try await member("len(d['config']['write_files'])", of: json) == "3")
  }

  @Test("A script of the user's stays the script that it is, beside ours", .needs("cloud-init"))
  func script() async throws {
    let own = "#!/bin/sh\r\necho '====virt-nest====' ü\n--====virt-nest====--\n\n"
    let json = try await merged(own)
    #expect(try await member("d['parts'][0][0]", of: json) == "text/x-shellscript")
    #expect(
      try await member("ascii(d['parts'][0][1])", of: json)
        == ##""#!/bin/sh\r\necho '====virt-nest====' \xfc\n--====virt-nest====--\n\n""##)
    #expect(try await member("d['config']['hostname']", of: json) == "kata-a")
  }

  @Test(
    "What cloud-init takes for user-data by its first line is taken",
    arguments: [
      "#cloud-config\nhostname: a\n", "\n #cloud-config # mine\na: b\n",
      "#Cloud-Config\r\na: b\r\n",
      "#include http://192.0.2.1/a\n", "#include-once\nhttp://192.0.2.1/a\n", "#!/bin/sh\n",
      "## template: jinja\n#cloud-config\na: b\n", "#cloud-config-archive\n- a\n",
    ])
  func beginnings(_ text: String) throws {
    #expect(try OwnUserData(file: Array(text.utf8)).bytes == Array(text.utf8))
  }

  @Test("What cloud-init would pass over is refused with the reason")
  func notUserData() throws {
    for (bytes, reason) in [
      (Array("hostname: a\n".utf8), "its first line must be #cloud-config"),
      (Array(" #cloud-configx\n".utf8), "its first line must be"), (Array(" \n".utf8), "is empty"),
      ([0xEF, 0xBB, 0xBF] + Array("#cloud-config\n".utf8), "byte order mark"),
      (Array("#cloud-config\n".utf8) + [0xFF], "is not UTF-8"), ([0x1F, 0x8B, 8], "is not UTF-8"),
      (Array("Content-Type: multipart/mixed\n".utf8), "several parts already"),
    ] as [([UInt8], String)] {
      let error = try #require(throws: InvalidValue.self) { try OwnUserData(file: bytes) }
      #expect(error.reason.contains(reason), "\(error)")
    }
  }
}
