import TestSupport
import Testing
import VirtNest

/// The table against the osinfo-db that is installed, for the releases that it knows.
struct OSInfoDatabaseTests {
  struct Entry {
    let releaseDate: CalendarDate?
    let endOfLife: CalendarDate?
  }

  /// Debian 12's, the oldest that is tested with.
  static let reviewedVersion = "20221203"

  /// Where the table means another day than osinfo-db, and why.
  static let deliberate = [
    "http://ubuntu.com/ubuntu/18.04": "osinfo-db has five years to the day; it was 2023-05-31"
  ]

  @Test(
    "osinfo-db agrees on the dates of the releases that it knows",
    .enabled("osinfo-query (Debian's libosinfo-bin, Fedora's libosinfo) is not installed") {
      await isInstalledOrRequired("osinfo-query")
    })
  func agrees() async throws {
    let database = try await Self.database()
    // Another osinfo-db than the one that the table was compared with may know better, which is a
    // matter for the next review of the table, not a fault of the program.
    let severity: Issue.Severity =
      try Self.databaseVersion() == Self.reviewedVersion ? .error : .warning
    var compared = 0
    for release in ReleaseTable.releases {
      guard let entry = database[release.osinfoID] else { continue }
      compared += 1
      let name = "\(release.distribution) \(release.id)"
      if let theirs = entry.endOfLife, release.endOfLife != theirs,
        Self.deliberate[release.osinfoID] == nil
      {
        Issue.record(
          "\(name): end of life \(String(describing: release.endOfLife)), osinfo-db \(theirs)",
          severity: severity)
      }
      if let theirs = entry.releaseDate, release.releaseDate != theirs {
        Issue.record(
          "\(name): released \(String(describing: release.releaseDate)), osinfo-db \(theirs)",
          severity: severity)
      }
    }
    #expect(compared >= 32, "osinfo-db has only \(compared) of the table: are the ids right?")
  }

  /// The entries by osinfo id, from columns in the order that osinfo-query has for them.
  static func database() async throws -> [String: Entry] {
    let result = try await run("osinfo-query", ["os", "--fields=release-date,eol-date,id"])
    #expect(result.succeeded, "\(result.errorText)")
    var entries: [String: Entry] = [:]
    for line in result.outputText.split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map {
        String($0.filter { $0 != " " })
      }
      guard fields.count == 3 else { continue }
      entries[fields[2]] = Entry(
        releaseDate: CalendarDate(fields[0]), endOfLife: CalendarDate(fields[1]))
    }
    return entries
  }

  static func databaseVersion() throws -> String {
    String(decoding: try readFile("/usr/share/osinfo/VERSION"), as: UTF8.self)
      .filter { !$0.isWhitespace }
  }
}
