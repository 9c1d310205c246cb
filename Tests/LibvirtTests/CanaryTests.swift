import Foundation
import TestSupport
import Testing

@testable import VirtNest

@Suite(
  "A foreign definition touches nothing of the host",
  .needs("virsh", "qemu-system-ppc64", "strace"))
struct CanaryTests {
  private let definitions: TemporaryFolder
  private let canaries: TemporaryFolder

  init() throws {
    definitions = try TemporaryFolder()
    canaries = try TemporaryFolder()
  }

  /// Files that exist, a program that says that it ran, and names of sockets and devices.
  private func makeCanaries() throws -> [String] {
    let program = canaries.file("program")
    try writeFile(program, Array("#!/bin/sh\ntouch '\(canaries.file("ran"))'\n".utf8))
    chmod(program, 0o755)
    for name in ["file.qcow2", "library.so", "log"] {
      try writeFile(canaries.file(name), Array("keep me".utf8))
    }
    return [
      canaries.file("file.qcow2"), program, canaries.file("library.so"), canaries.file("log"),
      canaries.file("socket"), canaries.file("new"),
    ]
  }

  /// A definition for each section and device, and one for QEMU's options.
  private func write(_ named: [String]) async throws -> [String] {
    let table = WordTable.standard
    let places = table.paths.compactMap { path in
      table.place(path).map { place in
        CanaryDefinitions.Place(
          path: path,
          attributes: place.attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
          text: place.text)
      }
    }
    var files: [String] = []
    func add(_ text: String) throws {
      let file = definitions.file("\(files.count).xml")
      try writeFile(file, Array(text.utf8))
      files.append(file)
    }
    let tops = table.paths.filter { path in
      path.count == (path.first == "devices" ? 2 : 1) && path != ["devices"]
    }
    // Each takes seconds under strace: a sixth of them, and all in make check-all.
    let isWhole = ProcessInfo.processInfo.environment["VIRT_NEST_PROOF"] == "all"
    for (index, path) in tops.enumerated() where isWhole || index % 6 == 0 {
      let element = CanaryDefinitions.element(
        path, places: places, canaries: named, seed: files.count)
      try add(CanaryDefinitions.definition(path, element))
    }
    let help = try await run(
      "sh", ["-c", "qemu-system-ppc64 -help | grep -oE '^-[a-zA-Z0-9][a-zA-Z0-9_-]*' | sort -u"])
    let options = help.outputText.split(separator: "\n").map(String.init)
    try #require(options.count > 80)
    for canary in named {
      let arguments = CanaryDefinitions.arguments(options, canary: canary)
      try add(CanaryDefinitions.definition([], "", after: arguments))
    }
    return files
  }

  private func expectUntouched(_ trace: String) throws {
    let lines = String(decoding: try readFile(trace), as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 1000)
    let touched = lines.filter { $0.contains(canaries.path) }
    #expect(touched.isEmpty, "\(touched.prefix(10).joined(separator: "\n"))")
    let names = try FileManager.default.contentsOfDirectory(atPath: canaries.path).sorted()
    #expect(names == ["file.qcow2", "library.so", "log", "program"])
    for name in ["file.qcow2", "library.so", "log"] {
      #expect(try readFile(canaries.file(name)).elementsEqual("keep me".utf8), "\(name)")
    }
  }

  @Test("verify --emulated opens, runs and connects to nothing that it names")
  func verify() async throws {
    let files = try await write(try makeCanaries())
    let trace = definitions.file("trace")
    let verified = try await run(
      "strace",
      [
        "-f", "--seccomp-bpf", "-e", "trace=%file,%network", "-s", "300", "-o", trace,
        VirtNestBinary.path, "verify",
      ]
        + ["--emulated"] + files)
    let started = verified.outputText.split(separator: "\n").count {
      $0.contains("QEMU started under TCG")
    }
    print("canaries: \(started) of \(files.count) copies started")
    let refusals = verified.outputText.split(separator: "\n").filter {
      $0.contains("does not start")
    }
    // Those with every argument at once have a -cpu and an -accel that QEMU does not know.
    #expect(
      started * 10 >= files.count * 4,
      "\(refusals.joined(separator: "\n"))\(verified.errorText)")
    try expectUntouched(trace)
  }

  @Test("qemu-command opens, runs and connects to nothing that it names")
  func command() async throws {
    let files = try await write(try makeCanaries())
    let trace = definitions.file("trace")
    let words = files.map { "'\(VirtNestBinary.path)' qemu-command -q '\($0)'" }
    let printed = try await run(
      "strace",
      ["-f", "--seccomp-bpf", "-e", "trace=%file,%network", "-s", "300", "-o", trace, "sh", "-c"]
        + [words.joined(separator: "\n")])
    let commands = printed.outputText.split(separator: "\n").count { $0.hasPrefix("/usr/bin/qemu") }
    print("canaries: \(commands) of \(files.count) commands printed")
    #expect(commands * 10 >= files.count * 4, "\(printed.errorText)")
    try expectUntouched(trace)
  }
}
