import Testing
import VirtNest

struct ReleaseTableTests {
  static let releases = ReleaseTable.releases

  @Test("No two families share an id or alias, no two releases of a family an id, name or alias")
  func unique() {
    let families = ReleaseTable.distributions.flatMap { [$0.id] + $0.aliases }
    #expect(Set(families).count == families.count)
    for family in ReleaseTable.distributions {
      let names = ReleaseTable.releases(of: family.id).flatMap {
        [$0.id] + $0.aliases + $0.minors + ($0.codename.map { [$0] } ?? [])
      }
      #expect(Set(names).count == names.count, "\(family.id): \(names)")
    }
    #expect(Set(Self.releases.map(\.osinfoID)).count == Self.releases.count)
    let images = Self.releases.compactMap(\.cloudImage)
    #expect(Set(images).count == images.count)
  }

  @Test("Every release belongs to a family, and every family has its default release")
  func families() throws {
    for release in Self.releases {
      let family = try #require(ReleaseTable.distribution(release.distribution))
      #expect(family.id == release.distribution)
    }
    for family in ReleaseTable.distributions {
      let release = try #require(ReleaseTable.defaultRelease(of: family.id), "\(family.id)")
      #expect(release.id == family.defaultRelease)
    }
  }

  @Test("A default release had its end of life ahead of it when the table was reviewed")
  func defaultsAreAlive() throws {
    for family in ReleaseTable.distributions {
      let release = try #require(ReleaseTable.defaultRelease(of: family.id))
      #expect(release.endOfLifeNote(today: ReleaseTable.lastReview) == nil)
    }
  }

  @Test("A release came out before its end, and before the table was reviewed", arguments: releases)
  func dates(release: Release) {
    if let released = release.releaseDate {
      #expect(released <= ReleaseTable.lastReview)
      if let end = release.endOfLife { #expect(released < end) }
    }
  }

  @Test("What a row says of nesting agrees with its kernel", arguments: releases)
  func kernels(release: Release) {
    guard let kernel = release.kernel else {
      #expect(release.hasKernelForNestedPAPR == nil)
      return
    }
    #expect(release.hasKernelForNestedPAPR == (kernel >= Version(6, 7)))
    switch release.nestedHV {
    case .yes, .moduleUnsupportedByVendor: #expect(kernel >= Version(4, 20))
    case .backported, .needsNewerKernel: #expect(kernel < Version(4, 20))
    }
  }

  @Test("Images are for Power, and memory comes in blocks", arguments: releases)
  func images(release: Release) {
    if let image = release.cloudImage {
      #expect(image.contains("ppc64le") || image.contains("ppc64el"))
      #expect(image.hasSuffix(".qcow2") || image.hasSuffix(".img"))
      #expect(!image.contains("/"))
    }
    #expect(release.recommendedMemoryMiB.isMultiple(of: 256))
  }

  @Test("Name patterns say kata, and use only what each release of the family has")
  func namePatterns() {
    for family in ReleaseTable.distributions {
      #expect(family.namePattern.wholeMatch(of: #/[^\/\n]*kata[^\/\n]*/#) != nil)
      #expect(family.namePattern.hasSuffix("{index:02}"))
      let usesCodename = family.namePattern.contains("{codename}")
      #expect(usesCodename != family.namePattern.contains("{release}"))
      if usesCodename {
        #expect(ReleaseTable.releases(of: family.id).allSatisfy { $0.codename != nil })
      }
    }
  }

  @Test(
    "A release is found by id, code name and alias, however it is spelt",
    arguments: [
      ("fedora", "31", "31"), ("Fedora", "44", "44"), ("ubuntu", "18.04", "18.04"),
      ("ubuntu", "bionic", "18.04"), ("ubuntu", "Resolute", "26.04"), ("centos", "8", "8"),
      ("centos", "8.1", "8.1"), ("centos", "stream8", "stream8"), ("centos", "8-stream", "stream8"),
      ("centos", "Stream-9", "stream9"), ("centos-stream", "9", "stream9"),
      ("debian", "BOOKWORM", "12"), ("alma", "9.6", "9.6"), ("rhel", "8.10", "8.10"),
      ("rhel", "9", "9"),
      ("opensuse", "15.6", "leap15.6"), ("opensuse", "Leap 15.6", "leap15.6"),
      ("opensuse", "tumbleweed", "tumbleweed"), ("sles", "15-SP7", "15sp7"),
      ("sle", "15.7", "15sp7"), ("sles", "15", "15"), ("sles", "16", "16.0"),
      ("SLES", "16.0", "16.0"),
    ])
  func found(family: String, text: String, id: String) {
    #expect(ReleaseTable.release(distribution: family, matching: text)?.id == id)
  }

  @Test("A minor release keeps its number, and its libosinfo id leads back to it")
  func minors() throws {
    let release = try #require(ReleaseTable.release(distribution: "rhel", matching: "9.4"))
    #expect(release.osinfoID == "http://redhat.com/rhel/9.4")
    #expect(ReleaseTable.release(osinfoID: release.osinfoID) == release)
    #expect(ReleaseTable.release(osinfoID: "http://redhat.com/rhel/9.40") == nil)
    // libosinfo does not tell AlmaLinux's minor releases apart.
    let alma = try #require(ReleaseTable.release(distribution: "almalinux", matching: "9.6"))
    #expect(alma.osinfoID == "http://almalinux.org/almalinux/9")
  }

  @Test(
    "What is not in the table is not found",
    arguments: [
      ("fedora", "29"), ("fedora", ""), ("ubuntu", "18.4"), ("slackware", "15"), ("", ""),
    ]
  )
  func notFound(family: String, text: String) {
    #expect(ReleaseTable.release(distribution: family, matching: text) == nil)
  }

  @Test("The known releases are listed for a message, with their code names, oldest first")
  func known() {
    #expect(
      ReleaseTable.knownReleases(of: "debian") == [
        "10 (buster)", "11 (bullseye)", "12 (bookworm)", "13 (trixie)",
      ])
    #expect(ReleaseTable.knownReleases(of: "slackware").isEmpty)
  }

  @Test("A release is found by what a definition's metadata says of it")
  func byOSInfo() {
    #expect(ReleaseTable.release(osinfoID: "http://fedoraproject.org/fedora/31")?.id == "31")
    #expect(ReleaseTable.release(osinfoID: "http://fedoraproject.org/fedora/1") == nil)
  }

  @Test("A release past its end of life is noted from the day after, in words that fit")
  func notes() throws {
    let fedora31 = try #require(ReleaseTable.release(distribution: "fedora", matching: "31"))
    let lastDay = try #require(CalendarDate("2020-11-24"))
    let dayAfter = try #require(CalendarDate("2020-11-25"))
    #expect(fedora31.endOfLifeNote(today: lastDay) == nil)
    #expect(
      fedora31.endOfLifeNote(today: dayAfter)
        == "Fedora 31 reached its end of life on 2020-11-24 and gets no more updates")

    let noble = try #require(ReleaseTable.release(distribution: "ubuntu", matching: "noble"))
    #expect(noble.isEndOfLifeScheduled)
    let later = try #require(CalendarDate("2040-01-01"))
    #expect(
      noble.endOfLifeNote(today: later)
        == "Ubuntu 24.04 was to reach its end of life on 2029-05-31, as planned when this was "
        + "last reviewed (\(ReleaseTable.lastReview))")

    let rolling = try #require(
      ReleaseTable.release(distribution: "opensuse", matching: "tumbleweed"))
    #expect(rolling.endOfLifeNote(today: later) == nil)
  }
}
