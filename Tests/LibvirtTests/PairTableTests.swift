import Foundation
import TestSupport
import Testing

@testable import VirtNest

@Suite(
  "What does not fit together is what libvirt and QEMU refuse",
  .needs("virsh", "qemu-system-ppc64", "xmllint"))
struct PairTableTests {
  private static let schema = "/usr/share/libvirt/schemas/domain.rng"

  /// A guest with the example of a row, and with the image that it names.
  private static func guest(_ limit: PSeriesLimit, _ number: Int, _ folder: TemporaryFolder)
    -> [UInt8]
  {
    let parts = (limit.example ?? "").components(separatedBy: " | ")
    let devices = parts[0].replacing("/IMAGE", with: folder.file("image.raw"))
    let sections = parts.dropFirst().joined()
    let os =
      sections.contains("<os") ? "" : "<os><type arch='ppc64le' machine='pseries'>hvm</type></os>"
    let noUSB = devices.contains("type='usb'") ? "" : "<controller type='usb' model='none'/>"
    return Array(
      """
      <domain type='qemu'>
        <name>pair-\(number)</name>
        <memory unit='MiB'>2048</memory>
        <vcpu>1</vcpu>\(sections)\(os)
        <devices>\(noUSB)\(devices)<memballoon model='none'/></devices>
      </domain>
      """.utf8)
  }

  private static func errors(_ bytes: [UInt8]) -> [String] {
    let file = CheckedFile("g.xml", bytes, today: ReleaseTable.lastReview)
    return CheckedFile.diagnostics(of: [file]).filter { $0.severity == .error }
      .map { "\($0.code)" }
  }

  @Test("each row is refused in the words that stand there, check finds it, and its mend helps")
  func rows() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try writeFile(folder.file("image.raw"), [UInt8](repeating: 0, count: 1 << 20))
    let rows = PSeriesLimit.pairs
    let guests = rows.indices.map { Self.guest(rows[$0], $0, folder) }
    var mend = GuestChanges()
    mend.mendsForPSeries = true
    var mended: [(row: PSeriesLimit, bytes: [UInt8])] = []
    for (row, (bytes, outcome)) in zip(rows, zip(guests, try await Outcome.all(of: guests))) {
      let title = Comment(rawValue: "\(row.example ?? ""): \(outcome)")
      if row.stage == .ignored {
        try writeFile(folder.file("g.xml"), bytes)
        let valid = try await run(
          "xmllint", ["--noout", "--relaxng", Self.schema, folder.file("g.xml")])
        #expect(!valid.succeeded, title)
      } else {
        #expect(Self.errors(bytes).contains("VN071"), title)
        guard case .refused(let reason) = outcome else {
          Issue.record(title)
          continue
        }
        var rest = reason[...]
        for part in row.words.split(separator: "…") {
          let found = rest.range(of: part)
          #expect(found != nil, "\(row.words): \(reason)")
          rest = found.map { rest[$0.upperBound...] } ?? rest
        }
      }
      guard !row.mends.isEmpty else { continue }
      let patch = try DomainDefinition(bytes).patch(mend)
      #expect(!patch.isEmpty, title)
      // QEMU would wait for the other end of its socket.
      if !(row.example ?? "").contains("vhostuser") { mended.append((row, patch.bytes)) }
    }
    // What is about the host (a device, a folder) may keep a mended one from starting.
    for (one, outcome) in zip(mended, try await Outcome.all(of: mended.map(\.bytes))) {
      #expect(!Self.errors(one.bytes).contains("VN071"), "\(one.row.example ?? "")")
      guard case .refused(let reason) = outcome else { continue }
      #expect(
        one.row.words.split(separator: "…").contains { !reason.contains($0) },
        "mended: \(one.row.example ?? ""): \(reason)")
    }
  }
}
