import Foundation
import Templates
import TestSupport
import Testing
import VirtNest
import VirtNestHost

@Suite("Guests run as the command was asked to make them", .needs("virsh", "qemu-system-ppc64"))
struct StartedGuestTests {
  /// A way to have nesting, and what QEMU should say of it.
  struct Way: Sendable, CustomTestStringConvertible {
    var options: [String]
    var isOn: Bool
    var testDescription: String { options.joined(separator: " ") }
  }

  /// Guests that start within any test machine: no image, no network of libvirt's.
  private static let small = ["--emulated", "--disk", "none", "--network", "user", "-q"]

  /// The ways that libvirt takes.
  private static func ways(wrapper: String) -> [Way] {
    [
      Way(options: ["--nested"], isOn: true),
      Way(options: ["--mechanism", "feature"], isOn: true),
      Way(options: ["--mechanism", "commandline"], isOn: true),
      Way(options: ["--mechanism", "wrapper", "--wrapper", wrapper], isOn: true),
      Way(options: ["--no-nested"], isOn: false),
      Way(options: ["--no-nested", "--explicit"], isOn: false),
    ]
  }

  @Test("created, by every mechanism and from every template")
  func created() async throws {
    let folder = try TemporaryFolder()
    var calls: [(arguments: [String], isOn: Bool)] = []
    for way in Self.ways(wrapper: try wrapper(in: folder)) {
      calls.append((["fedora"] + way.options, way.isOn))
    }
    for machine in ["pseries-3.1", "pseries-6.2"] {
      calls.append((["fedora", "--machine", machine], true))
      calls.append((["fedora", "--machine", machine, "--mechanism", "commandline"], true))
    }
    calls += ["--feature large-decr=off", "--feature htm=off --feature cfpc=broken"].map {
      (["fedora", "--mechanism", "commandline"] + $0.split(separator: " ").map(String.init), true)
    }
    for template in BuiltInTemplates.names { calls.append(([template], template != "l2")) }
    var definitions: [[UInt8]] = []
    for (index, call) in calls.enumerated() {
      let arguments = ["create"] + call.arguments + ["--name", "kata-\(index)"] + Self.small
      let made = try await VirtNestBinary.run(arguments)
      try #require(made.succeeded, "\(made.command) \(made.errorText)")
      definitions.append(made.output)
    }
    try await expect(definitions, calls.map(\.isOn)) { "create \(calls[$0].arguments)" }
  }

  @Test("moved from every way to every other")
  func moved() async throws {
    let folder = try TemporaryFolder()
    let wrapper = try wrapper(in: folder)
    let ways = Self.ways(wrapper: wrapper).dropFirst()
    var definitions: [[UInt8]] = []
    var moves: [(from: Way, to: Way)] = []
    for from in ways {
      for to in ways {
        let name = "kata-\(moves.count)"
        moves.append((from, to))
        let made = try await VirtNestBinary.run(
          ["create", "fedora", "--name", name] + from.options + Self.small)
        try #require(made.succeeded, "\(made.command) \(made.errorText)")
        let patched = try await VirtNestBinary.run(
          ["patch", "-", "-q"] + to.options
            + (to.options.contains("--wrapper") ? [] : ["--wrapper", wrapper]),
          input: made.output)
        try #require(patched.succeeded, "\(patched.command) \(patched.errorText)")
        definitions.append(patched.output)
      }
    }
    try await expect(definitions, moves.map(\.to.isOn)) {
      "\(moves[$0].from.options), then \(moves[$0].to.options)"
    }
  }

  @Test("with the second interface, which QEMU has since 9.0")
  func papr() async throws {
    let known = try await run("qemu-system-ppc64", ["-machine", "pseries,help"])
    let hasPAPR = known.outputText.contains("cap-nested-papr")
    let made = try await VirtNestBinary.run(
      ["create", "fedora", "--name", "kata-papr", "--nested-api", "papr"] + Self.small)
    try #require(made.succeeded, "\(made.errorText)")
    let outcomes = try await Outcome.all(of: [made.output])
    guard !hasPAPR else { return #expect(outcomes == [.on(.papr)]) }
    // What an older QEMU answers, and no other refusal.
    #expect(outcomes.first?.description.contains("cap-nested-papr' not found") == true)
  }

  @Test("by a machine type with a property, which libvirt refuses")
  func machine() async throws {
    let made = try await VirtNestBinary.run(
      ["create", "fedora", "--name", "kata-machine", "--mechanism", "machine"] + Self.small)
    try #require(made.succeeded, "\(made.errorText)")
    let outcomes = try await Outcome.all(of: [made.output])
    #expect(outcomes.first?.description.contains("does not support machine type") == true)
  }

  /// Compares what QEMU says with what was asked, and with what is said of the definition.
  private func expect(
    _ definitions: [[UInt8]], _ wanted: [Bool], _ what: (Int) -> String
  ) async throws {
    let outcomes = try await Outcome.all(of: definitions)
    for (index, outcome) in outcomes.enumerated() {
      #expect(outcome == (wanted[index] ? .on(.hv) : .off), "\(what(index))")
      let claim = NestingFacts(of: try DomainDefinition(definitions[index])).effective
      if case .dependsOnWrapper = claim { continue }
      #expect(outcome.isClaimed(by: claim), "\(what(index)): \(claim)")
    }
  }

  private func wrapper(in folder: TemporaryFolder) throws -> String {
    let path = folder.file("qemu-system-ppc64-nested")
    try writeFile(path, try EmulatorWrapper().script().utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }
}
