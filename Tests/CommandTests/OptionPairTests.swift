import Foundation
import TestSupport
import Testing

@Suite("Options that are given together")
struct OptionPairTests {
  static let common: [[String]] = [
    ["--nested"], ["--no-nested"], ["--mechanism", "commandline"], ["--mechanism", "wrapper"],
    ["--nested-api", "papr"], ["--convert", "commandline"], ["--memory", "3G"],
    ["--memory", "3GB"], ["--memory", "1.5G"],
    ["--vcpus", "4,maxvcpus=8"], ["--vcpus", "6,sockets=1,cores=3,threads=2"],
    ["--cpu", "POWER8"], ["--cpu", "host-passthrough"], ["--machine", "pseries-6.2"],
    ["--virt-type", "qemu"], ["--emulator", "/opt/a,b/qemu"], ["--boot", "cdrom,hd"],
    ["--console", "log.file=/a,,b.log"], ["--hugepages", "--hugepage-size", "2M"],
    ["--no-hugepages"], ["--feature", "ibs=broken"], ["--feature", "large-decr=off"],
    ["--emulated"], ["--name", "kata,a"], ["--name", "plain=x"],
    ["--add", "disk,path=/b.qcow2,boot.order=1"], ["--add", "graphics,vnc"],
    ["--add", "hostdev,0035:03:00.0"], ["--edit", "disk:1,path=/c.qcow2,bus=scsi"],
    ["--edit", "memorybacking,locked=on"], ["--remove", "disk:all"], ["--remove", "interface:all"],
    ["--qemu-commandline", "-serial mon:stdio"], ["--qemu-commandline", "clearxml=yes"],
  ]
  static let create: [[String]] =
    common + [
      ["--disk", "/a.qcow2"], ["--disk", "/a.iso,device=cdrom"], ["--disk", "none"],
      ["--network", "bridge=br0"], ["--network", "none"], ["--seed", "/a.iso"],
      ["--graphics", "vnc"], ["--memballoon", "none"], ["--controller", "usb,model=qemu-xhci"],
      ["--cputune", "shares=5"], ["--rng", "none"],
      ["--release", "31"], ["--index", "7"], ["--set", "memory=5G"], ["--identity", "site"],
    ]
  static let patch: [[String]] =
    common + [
      ["--mend-for", "pseries"], ["--new-identity"],
      ["--uuid", "6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11"],
      ["--set-xpath", "/domain/title=a"], ["--delete-xpath", "/domain/cpu"],
      ["--insert-xpath", "/domain/devices=<watchdog model='i6300esb'/>"], ["--check"], ["--diff"],
    ]

  /// Runs a command with every two of its options, several at a time.
  private func tryPairs(
    of options: [[String]], _ arguments: [String], input: [UInt8] = []
  ) async throws -> (accepted: Int, refused: Int) {
    let pairs = options.indices.flatMap { first in
      options.indices.dropFirst(first + 1).map { options[first] + options[$0] }
    }
    var counts = (accepted: 0, refused: 0)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      var rest = pairs[...]
      for pair in rest.prefix(8) {
        group.addTask { try await Self.isAccepted(arguments + pair, input) }
      }
      rest = rest.dropFirst(8)
      while let accepted = try await group.next() {
        if accepted { counts.accepted += 1 } else { counts.refused += 1 }
        guard let pair = rest.popFirst() else { continue }
        group.addTask { try await Self.isAccepted(arguments + pair, input) }
      }
    }
    return counts
  }

  /// Whether a command succeeds; one that does not says why and prints nothing else.
  private static func isAccepted(_ arguments: [String], _ input: [UInt8]) async throws -> Bool {
    let run = try await VirtNestBinary.run(arguments, input: input)
    let said = Comment(rawValue: "\(arguments): \(run.errorText)")
    #expect([.exited(0), .exited(1), .exited(2), .exited(64)].contains(run.status), said)
    #expect(!run.errorText.lowercased().contains("report this file"), said)
    if run.status != .exited(0), run.status != .exited(1) {
      #expect(run.output.isEmpty && !run.errorText.isEmpty, said)
    }
    return run.succeeded
  }

  @Test("create takes or refuses every two of them, and has no defect to report")
  func creating() async throws {
    let counts = try await tryPairs(of: Self.create, ["create", "fedora", "-q"])
    print("pairs of create: \(counts.accepted) accepted, \(counts.refused) refused")
    #expect(counts.accepted > counts.refused)
  }

  @Test("patch takes or refuses every two of them, and has no defect to report")
  func patching() async throws {
    let guest = try await VirtNestBinary.run(["create", "fedora", "-q"])
    let counts = try await tryPairs(of: Self.patch, ["patch", "-", "-q"], input: guest.output)
    print("pairs of patch: \(counts.accepted) accepted, \(counts.refused) refused")
    #expect(counts.accepted > counts.refused)
  }
}
