import Foundation
import TestSupport
import Testing

@Suite("first-boot")
struct FirstBootCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func firstBoot(_ arguments: String..., input: [UInt8] = []) async throws -> Run {
    // Most tests are not about logging in.
    let ways = ["--ssh-key", "--password-file", "--user-data", "--script", "--no-login"]
    let more = arguments.contains { ways.contains($0) } ? [] : ["--no-login"]
    return try await VirtNestBinary.run(
      ["first-boot"] + more + arguments, input: input, in: folder.path)
  }

  private func write(_ text: String, to name: String) throws {
    try writeFile(folder.file(name), text.utf8)
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try readFile(folder.file(name)), as: UTF8.self)
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private let key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILe3YsLFSe3enKUaFDTVjXgjmmD1JphXqUawt72P0on8"

  static let usages = [
    Usage(reason: "Missing expected argument '<guest>'"),
    Usage("a", "b", reason: "Unexpected argument 'b'"),
    Usage("a", "--script", "-o", "x", reason: "leave out --output, or redirect"),
    Usage("a", "--release", "44", reason: "--release needs --distribution"),
    Usage("a", "--package", "x", "--no-packages", reason: "exclude each other"),
    Usage("a", "--distribution", "beos", reason: "there are fedora, ubuntu, centos"),
    Usage("a", "--distribution", "fedora", "--release", "9", reason: "Fedora has no release 9"),
    Usage("a", "--hostname", "", reason: "is not a valid host name"),
    Usage("a", "--hostname", "a_b", reason: "it may contain letters, digits, '-' and '.'"),
    Usage("a", "--hostname=-a", reason: "it may contain letters, digits, '-' and '.'"),
    Usage("a", "--package", "", reason: "is not a valid package"),
    Usage("a", "--package", "x;reboot", reason: "is not a valid package"),
    Usage("a", "--package=--purge", reason: "is not a valid package"),
    Usage("a", "--no-login", "--ssh-key", "x", reason: "--no-login excludes --ssh-key"),
    Usage("a", "--address", "10.0.0.0/24", reason: "this is the address of the network"),
    Usage(
      "a", "--address", "10.0.0.5/24", "--network-config", "x",
      reason: "--network-config and --address exclude each other"),
    Usage("a", "--script", "--password-file", "x", reason: "leave out --script"),
    Usage(
      "a", "--generate-password", reason: "--generate-password needs --password-file FILE"),
    Usage("a", "--user-data", "-", "--network-config", "-", reason: "can be read only once"),
    Usage("-", "--ssh-key", "-", reason: "standard input can be read only once"),
    Usage("a", "--ssh-key", "-", "--ssh-key", "-", reason: "standard input can be read only once"),
  ]

  @Test("What makes no sense is refused with the reason", arguments: usages)
  func refused(_ usage: Usage) async throws {
    try await usage.expectRefusal(of: "first-boot", in: folder.path)
    #expect(try names() == [])
  }

  @Test("Of a name it prints user-data with the host name, and says that it knows no packages")
  func name() async throws {
    let run = try await firstBoot("Kata 01_x")
    #expect(run.status == .exited(0))
    #expect(run.outputText.hasPrefix("#cloud-config\nhostname: \"kata-01-x\"\nwrite_files:\n"))
    #expect(run.errorText.hasPrefix("note: no packages for L2 guests: "), "\(run.errorText)")
    let silent = try await firstBoot("Kata 01_x", "--no-packages")
    #expect(silent.output == run.output && silent.errorText == "")
    let named = try await firstBoot("kata", "--no-packages", "--hostname", "L1.example.org")
    #expect(named.outputText.hasPrefix("#cloud-config\nhostname: \"L1.example.org\"\n"))
  }

  @Test("A name of which no host name can be made is an error that says what to do")
  func noHostname() async throws {
    for name in ["日本", "---", ""] {
      expectTrouble(
        try await firstBoot("--no-packages", "--", name),
        "no host name can be made from '\(name)': say --hostname NAME")
    }
    #expect(
      try await firstBoot("日本", "--no-packages", "--hostname", "a").outputText
        .contains("hostname: \"a\"\n"))
  }

  @Test("Of a definition it has the name and the system's packages, from a file and from a pipe")
  func definition() async throws {
    let created = try await VirtNestBinary.run(["create", "ubuntu", "-q"])
    try writeFile(folder.file("guest.xml"), created.output)
    let run = try await firstBoot("guest.xml")
    #expect(run.status == .exited(0) && run.errorText == "", "\(run.errorText)")
    #expect(run.outputText.contains("packages:\n  - \"qemu-system-ppc\"\n"), "\(run.outputText)")
    #expect(run.outputText.contains("hostname: \"noble-kata-00\"\n"), "\(run.outputText)")
    #expect(try await firstBoot("-", input: created.output).output == run.output)
    #expect(try await firstBoot("./guest.xml").output == run.output)

    let fedora = try await firstBoot("guest.xml", "--distribution", "fedora", "--release", "43")
    #expect(fedora.outputText.contains("packages:\n  - \"qemu-kvm\"\n"), "\(fedora.outputText)")
    for text in [run.outputText, fedora.outputText] {
      // verify asks in the guest by it.
      #expect(text.contains("\n  - \"qemu-guest-agent\"\nwrite_files:"), "\(text)")
    }
    let own = try await firstBoot("guest.xml", "--package", "a", "--package", "b+c")
    #expect(own.outputText.contains("\npackages:\n  - \"a\"\n  - \"b+c\"\nwrite_files:"))
    let none = try await firstBoot("guest.xml", "--no-packages")
    #expect(!none.outputText.contains("package"))
  }

  @Test("A definition that cannot be read is an error with its place")
  func noDefinition() async throws {
    try write("<network/>", to: "net.xml")
    for (guest, reason) in [
      ("none.xml", "none.xml: error: cannot read: No such file or directory"),
      ("net.xml", "net.xml:1:1: error: the root is <network>"),
      (folder.path, "is a folder"), ("-", "<stdin>:1:1: error: there is no XML in it"),
    ] {
      expectTrouble(try await firstBoot(guest, "-o", "seed.iso"), reason)
      #expect(try names() == ["net.xml"])
    }
  }

  @Test("Keys of several files go in, in order; comments and empty lines do not")
  func keys() async throws {
    try write("# mine\n\n\(key) one\r\n", to: "a.pub")
    try write("\(key) two\n\(key) three", to: "b.pub")
    let run = try await firstBoot(
      "a", "--no-packages", "--ssh-key", "a.pub", "--ssh-key", "b.pub", "--ssh-key", "-",
      input: Array("\(key) four\n".utf8))
    #expect(run.status == .exited(0), "\(run.errorText)")
    let lines = ["one", "two", "three", "four"].map { "  - \"\(key) \($0)\"\n" }.joined()
    #expect(run.outputText.contains("\nssh_authorized_keys:\n\(lines)write_files:"))
    let script = try await firstBoot("a", "--no-packages", "--script", "--ssh-key", "a.pub")
    #expect(script.outputText.contains("keys='\(key) one'\n"))
  }

  @Test("A file that has no public keys is an error, and a private key is not shown")
  func noKeys() async throws {
    try write("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END\n", to: "private")
    try write("\n# nothing\n", to: "empty")
    try write("\(key) fine\nrubbish\n", to: "rubbish")
    for (file, reason) in [
      ("private", "use the file that ends in .pub"), ("empty", "the file contains no key"),
      ("rubbish", "'rubbish' is not a valid ssh key"), ("none", "cannot read: No such file"),
      (".", "is a folder"),
    ] {
      let run = try await firstBoot("a", "--ssh-key", file, "-o", "seed.iso")
      expectTrouble(run, reason)
      #expect(run.errorText.hasPrefix("\(file): error: "))
      #expect(!run.errorText.contains("c2VjcmV0"))
    }
    #expect(try names() == ["empty", "private", "rubbish"])
  }

  @Test("A guest that nobody could log in to is refused, unless that is meant")
  func nobody() async throws {
    let run = try await VirtNestBinary.run(
      ["first-boot", "a", "--no-packages", "-o", "seed.iso"], in: folder.path)
    expectTrouble(run, "nobody could log in to the guest; give --ssh-key")
    #expect(try names() == [])
    try write("#!/bin/sh\n", to: "own")
    try write("geheim\n", to: "password")
    for options in [["--no-login"], ["--user-data", "own"], ["--password-file", "password"]] {
      let run = try await VirtNestBinary.run(
        ["first-boot", "a", "--no-packages"] + options, in: folder.path)
      #expect(run.status == .exited(0), "\(run.errorText)")
      #expect(!run.outputText.contains("geheim") && !run.errorText.contains("geheim"))
    }
    try write("$6$geheim", to: "password")
    let wrong = try await firstBoot("a", "--password-file", "password")
    expectTrouble(wrong, "password: error: '…' is not a valid password")
    #expect(!wrong.errorText.contains("geheim"))
  }

  @Test("The seed has the network: by the name's derived addresses, the definition's, or a file's")
  func network() async throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("seed"), withIntermediateDirectories: false)
    let created = try await VirtNestBinary.run(["create", "fedora", "-q", "--name", "kata-x"])
    try writeFile(folder.file("guest.xml"), created.output)
    let mac = try #require(created.outputText.firstMatch(of: /mac address='([^']*)'/)?.1)
    let options = ["--no-packages", "--address", "10.0.0.5/24,gateway=10.0.0.1", "-o", "seed"]
    for guest in ["kata-x", "guest.xml"] {
      let run = try await VirtNestBinary.run(
        ["first-boot", guest, "--no-login"] + options, in: folder.path)
      #expect(run.status == .exited(0), "\(run.errorText)")
      #expect(try text("seed/network-config").contains("macaddress: \"\(mac)\""))
    }
    let missing = try await firstBoot(
      "guest.xml", "--no-packages", "--address", "10.0.0.5/24,interface=2", "-o", "seed")
    expectTrouble(missing, "the guest has no interface 2")
    try write("version: 1\r\nconfig: disabled", to: "net")
    let own = try await firstBoot(
      "kata-x", "--no-packages", "--network-config", "net", "-o", "seed", "--force")
    #expect(own.status == .exited(0), "\(own.errorText)")
    #expect(try text("seed/network-config") == "version: 1\r\nconfig: disabled")
  }

  @Test("--script prints sh that does the same")
  func script() async throws {
    let run = try await firstBoot(
      "it's", "--script", "--distribution", "debian", "--hostname", "l1")
    #expect(run.status == .exited(0) && run.errorText == "")
    #expect(run.outputText.hasPrefix("#!/bin/sh\n"))
    let done = try await TestSupport.run(
      "sh", ["-s"], environment: ["DESTDIR": folder.path], input: run.output)
    #expect(done.status == .exited(0), "\(done.errorText)")
    #expect(try text("etc/hostname") == "l1\n")
    #expect(try text("etc/modules-load.d/kvm-hv.conf") == "kvm-hv\n")
  }

  @Test("Into a folder go user-data and meta-data, which are replaced with --force alone")
  func files() async throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("seed"), withIntermediateDirectories: false)
    let data = ["seed/user-data", "seed/meta-data"]
    for _ in 1...2 {
      let run = try await firstBoot("a", "--no-packages", "-o", "seed")
      #expect(run.status == .exited(0) && run.outputText == "" && run.errorText == "")
    }
    #expect(try await text(data[0]) == firstBoot("a", "--no-packages").outputText)
    #expect(try text(data[1]) == "instance-id: \"virt-nest-a\"\nlocal-hostname: \"a\"\n")

    // Whichever of the two is in the way, neither is written.
    for (name, other) in [(data[0], data[1]), (data[1], data[0])] {
      try write("mine\n", to: name)
      try FileManager.default.removeItem(atPath: folder.file(other))
      expectTrouble(
        try await firstBoot("b", "--no-packages", "-o", "seed/"),
        "\(name): error: exists with different content; use --force to replace it")
      #expect(try text(name) == "mine\n")
      #expect(!FileManager.default.fileExists(atPath: folder.file(other)))
    }
    let forced = try await firstBoot("b", "--no-packages", "-o", "seed", "--force")
    #expect(forced.status == .exited(0), "\(forced.errorText)")
    #expect(try text(data[0]).contains("hostname: \"b\"") && text(data[1]).contains("virt-nest-b"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("seed")).count == 2)
  }

  @Test(
    "The image is written once, replaced with --force alone, and printed for -", .needs("xorriso"))
  func image() async throws {
    let make = { (name: String, options: [String]) in
      try await VirtNestBinary.run(
        ["first-boot", name, "--no-login", "--no-packages", "-o", "seed.iso"] + options,
        in: folder.path)
    }
    for _ in 1...2 {
      let run = try await make("a", [])
      #expect(run.status == .exited(0) && run.outputText == "" && run.errorText == "")
    }
    let first = try readFile(folder.file("seed.iso"))
    let refused = try await make("b", [])
    expectTrouble(
      refused, "seed.iso: error: exists with different content; use --force to replace it")
    #expect(try readFile(folder.file("seed.iso")) == first)
    #expect(try await make("b", ["--force"]).status == .exited(0))
    #expect(try readFile(folder.file("seed.iso")) != first)
    #expect(try await firstBoot("a", "--no-packages", "-o", "-").output == first)
    #expect(try names() == ["seed.iso"])
  }

  @Test("A password is made with the first seed, and the same the next time", .needs("xorriso"))
  func generatedPassword() async throws {
    func make(_ options: String...) async throws -> Run {
      try await VirtNestBinary.run(
        [
          "first-boot", "kata-a", "--no-packages", "-o", "seed.iso",
          "--password-file", "{name}.password", "--generate-password",
        ] + options, in: folder.path)
    }
    expectTrouble(try await make("--ssh-key", "none"), "none: error: cannot read: No such file")
    #expect(try names() == [])
    let first = try await make()
    #expect(
      first.errorText == "virt-nest: made a password for kata-a, kept in kata-a.password\n")
    let (seed, password) = (try readFile(folder.file("seed.iso")), try text("kata-a.password"))
    #expect(password.count == 21)
    let second = try await make()
    #expect(second.status == .exited(0) && second.errorText == "")
    #expect(try readFile(folder.file("seed.iso")) == seed)
    #expect(try text("kata-a.password") == password)
  }

  @Test("Where the image cannot be put, nothing is left", .needs("xorriso"))
  func noPlace() async throws {
    for (path, reason) in [
      ("none/", "none/: error: there is no such folder; make it first"),
      ("none/seed.iso", "none/seed.iso: error: cannot open the folder for the file: No such file"),
      ("/dev/null", "/dev/null: error: is not a regular file"),
      ("/proc/seed.iso", "/proc/seed.iso: error: cannot make a temporary file in its folder"),
    ] {
      expectTrouble(try await firstBoot("a", "--no-packages", "-o", path), reason)
    }
    #expect(try names() == [])
  }

  @Test("Without a tool for images, or a place to work, it says what to do and writes nothing")
  func noTool() async throws {
    for (environment, reason) in [
      (["PATH": folder.path], "install xorriso, or write user-data and meta-data as files"),
      (["TMPDIR": folder.file("none")], "cannot make a folder in \(folder.file("none"))"),
    ] {
      let run = try await VirtNestBinary.run(
        ["first-boot", "a", "--no-login", "--no-packages", "-o", "seed.iso"],
        environment: environment,
        in: folder.path)
      expectTrouble(run, reason)
    }
    #expect(try names() == [])
    let printed = try await VirtNestBinary.run(
      ["first-boot", "a", "--no-login", "--no-packages"], environment: ["PATH": folder.path])
    #expect(printed.status == .exited(0))
  }
}
