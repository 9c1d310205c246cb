import Foundation
import TestSupport
import Testing

@Suite("wrapper")
struct WrapperCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let usages = [
    Usage("--match", "", reason: "it is empty; use * to match every guest"),
    Usage("--match", "a\nb", reason: "a control character, which no guest name contains"),
    Usage("--emulator", "qemu", reason: "it must be the absolute path of a file"),
    Usage("--emulator", "/usr/bin/", reason: "it must be the absolute path of a file"),
    Usage("--emulator", "/a\tb", reason: "it contains a control character"),
    Usage("--path", "/x", reason: "--path and --replace go with --install-script or --uninstall"),
    Usage("--replace", reason: "--path and --replace go with --install-script or --uninstall"),
    Usage("--install-script", "--uninstall", reason: "exclude each other"),
    Usage("--install-script", "--replace", "--path", "/x", reason: "leave out --path"),
    Usage("--uninstall", "--replace", "--path", "/x", reason: "leave out --path"),
    Usage("--install-script", "--path", "x", reason: "it must be the absolute path of a file"),
    Usage("--uninstall", "--path", "/x/", reason: "it must be the absolute path of a file"),
    Usage("--install-script", "--path", "/a\u{7F}", reason: "it contains a control character"),
    Usage(
      "--install-script", "--path", "/usr/bin/qemu-system-ppc64",
      reason: "use --replace to put the wrapper there"),
    Usage(
      "--install-script", "--emulator", "/opt/q", "--path", "/opt/q",
      reason: "this is the emulator's path"),
    Usage("a.xml", reason: "Unexpected argument 'a.xml'"),
    Usage("--match", reason: "Missing value for '--match <pattern>'"),
  ]

  @Test("What makes no sense is refused with the reason", arguments: usages)
  func refused(_ usage: Usage) async throws {
    try await usage.expectRefusal(of: "wrapper")
  }

  /// What the command prints; it says nothing else.
  private func script(_ arguments: String...) async throws -> String {
    let run = try await VirtNestBinary.run(["wrapper"] + arguments)
    #expect(run.status == .exited(0) && run.errorText == "", "\(run.errorText)")
    return run.outputText
  }

  private func sh(_ script: String, _ words: [String] = []) async throws -> Run {
    try await run(
      "sh", ["-s", "--"] + words, environment: ["DESTDIR": folder.path], input: Array(script.utf8))
  }

  private func writeProgram(_ text: String, at name: String) throws {
    let path = folder.file(name)
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  private func files() throws -> [String] {
    let all = FileManager.default.subpaths(atPath: folder.path) ?? []
    return try all.filter {
      try FileManager.default.attributesOfItem(atPath: folder.file($0))[.type] as? FileAttributeType
        != .typeDirectory
    }.sorted()
  }

  @Test("By itself it prints a wrapper for names with kata and the distribution's QEMU")
  func defaults() async throws {
    let text = try await script()
    #expect(text.hasPrefix("#!/bin/sh\n# virt-nest: emulator wrapper\n"))
    #expect(text.hasSuffix("\nexec '/usr/bin/qemu-system-ppc64' \"$@\"\n"))
    #expect(text.contains("'[kK][aA][tT][aA]'"))
    #expect(try await script() == text)
  }

  @Test("--match says for which guests, --emulator what is run")
  func matchAndEmulator() async throws {
    try writeProgram("#!/bin/sh\necho \"$@\"\n", at: "it's QEMU")
    let text = try await script("--match", "db*x", "--emulator", folder.file("it's QEMU"))
    for (name, option) in [
      ("my-DB-1x", "-machine cap-nested-hv=on "), ("kata", ""),
      (
        "dbx,debug-threads=on",
        "-machine cap-nested-hv=on "
      ),
    ] {
      let run = try await sh(text, ["-name", name, "-M", "pseries"])
      #expect(run.outputText == "\(option)-name \(name) -M pseries\n", "\(run.errorText)")
    }
  }

  @Test("--install-script puts it at --path, --uninstall takes it away")
  func installed() async throws {
    try writeProgram("#!/bin/sh\n", at: "opt/qemu")
    let options = ["--emulator", "/opt/qemu", "--match", "db", "--path", "/opt/a b/nested"]
    try FileManager.default.createDirectory(
      atPath: folder.file("opt/a b"), withIntermediateDirectories: true)
    let install = try await VirtNestBinary.run(["wrapper", "--install-script"] + options).outputText
    let done = try await sh(install)
    #expect(done.status == .exited(0) && done.outputText == "", "\(done.errorText)")
    #expect(done.errorText.contains("<emulator>/opt/a b/nested</emulator>"))
    #expect(try files() == ["opt/a b/nested", "opt/qemu"])
    #expect(
      try readFile(folder.file("opt/a b/nested"))
        == Array(try await script("--emulator", "/opt/qemu", "--match", "db").utf8))

    let uninstall = try await VirtNestBinary.run(["wrapper", "--uninstall"] + options).outputText
    #expect(uninstall != install)
    for _ in 1...2 {
      let gone = try await sh(uninstall)
      #expect(gone.status == .exited(0), "\(gone.errorText)")
      #expect(try files() == ["opt/qemu"])
    }
  }

  @Test("Without --path it is where --mechanism wrapper has it")
  func defaultPath() async throws {
    try writeProgram("#!/bin/sh\n", at: "usr/bin/qemu-system-ppc64")
    let done = try await sh(try await script("--install-script"))
    #expect(done.status == .exited(0), "\(done.errorText)")
    #expect(try files() == ["usr/bin/qemu-system-ppc64", "usr/bin/qemu-system-ppc64-nested"])
    let guest = try await VirtNestBinary.run(["create", "fedora", "--mechanism", "wrapper", "-q"])
    #expect(
      guest.outputText.contains("<emulator>/usr/bin/qemu-system-ppc64-nested</emulator>"),
      "\(guest.errorText)")
  }

  @Test("--replace puts it where QEMU is, and --uninstall --replace QEMU back")
  func replaced() async throws {
    try writeProgram("#!/bin/sh\necho QEMU\n", at: "usr/bin/qemu-system-ppc64")
    let done = try await sh(try await script("--install-script", "--replace"))
    #expect(done.status == .exited(0), "\(done.errorText)")
    #expect(try files().contains("usr/bin/qemu-system-ppc64.distrib"))
    #expect(
      String(decoding: try readFile(folder.file("usr/bin/qemu-system-ppc64")), as: UTF8.self)
        .hasSuffix("exec '/usr/bin/qemu-system-ppc64.distrib' \"$@\"\n"))
    let gone = try await sh(try await script("--uninstall", "--replace"))
    #expect(gone.status == .exited(0), "\(gone.errorText)")
    #expect(try files() == ["usr/bin/qemu-system-ppc64"])
    #expect(
      try readFile(folder.file("usr/bin/qemu-system-ppc64")) == Array("#!/bin/sh\necho QEMU\n".utf8)
    )
  }

  @Test("Where standard output takes nothing it is an error")
  func fullDisk() async throws {
    let run = try await run(
      "sh", ["-c", "exec \"$0\" wrapper --install-script >/dev/full", VirtNestBinary.path])
    expectTrouble(run, "cannot write to standard output: No space left on device")
  }
}
