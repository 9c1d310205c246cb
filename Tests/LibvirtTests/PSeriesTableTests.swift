import Foundation
import TestSupport
import Testing
import VirtNest

@Suite(
  "What a pseries guest cannot have is what libvirt and QEMU refuse",
  .needs("virsh", "qemu-system-ppc64", "python3", "xmllint"))
struct PSeriesTableTests {
  /// What libvirt or QEMU says of the host, or of what a case lacks: such a case shows nothing.
  private static let aboutTheHost = [
    "No such file or directory", "failed to find romfile", "vhost-vsock", "is not available.",
    "No such device", "ccid-card-emulated", "must use the 'ccid' address type", "vhost-user-gpu",
    "/dev/null: is n", "unknown host CPU", "on x86_64 host", "virtio-gpu-gl", "path is required",
    "block size must be", "issing required attribute", "missing '", "missing values", "malformed",
    "Unable to find any firmware", "is only supported with a server", "with server option",
    "must be 0", "No master USB controller", "model='pci-bridge' was found", "index must be larger",
    "the cause is unknown", "address must be aligned", "Try appending -machine cap-htm",
    "Host SMBIOS information", "No Transactional Memory support in TCG", "Did not find USB device",
    "module ui-", "Address already in use",
  ]

  private struct Case {
    var selector: String
    var bytes: [UInt8]
  }

  /// The cases of the program that made the table: every one where all is wanted, or a sample.
  private func cases(in folder: TemporaryFolder) async throws -> [Case] {
    let all = ProcessInfo.processInfo.environment["VIRT_NEST_PROOF"] == "all"
    let program = URL(filePath: #filePath).appending(
      path: "../../../Sources/VirtNest/Rules/make-pseries"
    ).standardized.path
    let arguments = [program, "--write", folder.path] + (all ? [] : ["160"])
    let made = try await TestSupport.run("python3", arguments)
    try #require(made.succeeded, "\(made.errorText)")
    let list = String(decoding: try readFile(folder.file("cases.txt")), as: UTF8.self)
    return try list.split(separator: "\n").map { line in
      let parts = line.split(separator: "\t").map(String.init)
      return Case(selector: parts[1], bytes: try readFile(folder.file(parts[0])))
    }
  }

  private static func limits(of bytes: [UInt8]) throws -> [Diagnostic] {
    let file = CheckedFile("g.xml", bytes, today: ReleaseTable.lastReview)
    return CheckedFile.diagnostics(of: [file]).filter { $0.severity == .error }
  }

  @Test("check finds what is refused and nothing else, and what is mended starts")
  func table() async throws {
    let folder = try TemporaryFolder()
    let cases = try await cases(in: folder)
    var mend = GuestChanges()
    mend.mendsForPSeries = true
    var mended: [Case] = []
    let outcomes = try await Outcome.all(of: cases.map(\.bytes))
    var (starts, refused, unknown) = (0, 0, 0)
    for (one, outcome) in zip(cases, outcomes) {
      let found = try Self.limits(of: one.bytes)
      let title = Comment(rawValue: "\(one.selector): \(outcome), check: \(found.map(\.message))")
      guard case .refused(let reason) = outcome else {
        starts += 1
        #expect(found.isEmpty, title)
        continue
      }
      if Self.aboutTheHost.contains(where: reason.contains) {
        unknown += 1
        continue
      }
      refused += 1
      #expect(!found.isEmpty, title)
      let patch: Patch
      do {
        patch = try DomainDefinition(one.bytes).patch(mend)
      } catch {
        Issue.record("mending \(one.selector): \(error)")
        continue
      }
      guard !patch.isEmpty else { continue }
      #expect(patch.diagnostics.count { $0.code.description == "mend" } > 0, title)
      #expect(try patch.result.patch(mend).isEmpty, "mended twice: \(one.selector)")
      mended.append(Case(selector: one.selector, bytes: patch.bytes))
    }
    print("pseries: \(starts) start, \(refused) are refused, \(unknown) show nothing of pseries")
    for (one, outcome) in zip(mended, try await Outcome.all(of: mended.map(\.bytes))) {
      guard case .refused(let reason) = outcome else { continue }
      let isAboutTheHost = Self.aboutTheHost.contains(where: reason.contains)
      #expect(
        isAboutTheHost,
        "mended \(one.selector): \(reason)\n\(String(decoding: one.bytes, as: UTF8.self))")
    }
  }
}
