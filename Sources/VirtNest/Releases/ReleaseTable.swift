internal import LosslessXML

/// The table of distributions and releases, with all that virt-nest knows about them.
///
/// Templates, checks and first boot read it. A fact for which no source was found is nil, with a
/// comment; one that only follows a pattern or a plan is in ``Release/unconfirmed``. Sources, unless
/// a row names another: osinfo-db of 2025-06-06 (ids), distro-info-data of 2026-10-12 (Debian,
/// Ubuntu), endoflife.date with the distributions' own schedules behind it, the release
/// announcements (kernels), the download servers (images),
/// https://github.com/linuxppc/wiki/wiki/Distros (KVM on Power), and kernel-source's
/// config/ppc64le/default (kvm-hv in SUSE's kernels).
package enum ReleaseTable {
  /// The day on which the rows were last compared with their sources.
  package static let lastReview = day("2026-11-26")

  /// The families, in the order in which lists show them.
  package static let distributions = [
    Distribution("fedora", "Fedora", defaultRelease: "44"),
    Distribution(
      "ubuntu", "Ubuntu", namePattern: "{codename}-kata-{index:02}", defaultRelease: "24.04"),
    Distribution("centos", "CentOS", aliases: ["centos-stream"], defaultRelease: "stream9"),
    Distribution("debian", "Debian", defaultRelease: "13"),
    Distribution("almalinux", "AlmaLinux", aliases: ["alma"], defaultRelease: "9"),
    Distribution("rocky", "Rocky Linux", aliases: ["rockylinux"], defaultRelease: "9"),
    Distribution("rhel", "Red Hat Enterprise Linux", aliases: ["redhat"], defaultRelease: "9"),
    Distribution("opensuse", "openSUSE", defaultRelease: "leap16.0"),
    Distribution(
      "sles", "SUSE Linux Enterprise Server", osinfoShortID: "sle", aliases: ["sle"],
      defaultRelease: "15sp7"),
  ]

  /// Every release, by family in the order of ``distributions``, oldest first.
  package static let releases: [Release] =
    fedora + ubuntu + centos + debian + almalinux + rocky + rhel + opensuse + sles

  // Support of a release ends four weeks after the second release that follows it. The schedule
  // gives the ends of 43 and 44, and fedora-release 45-14 the end of 45. Its kernel is that of
  // Fedora's list of packages; the day of publication and the image were not seen.
  private static let fedora: [Release] = [
    fedora("30", .init(5, 0), "2019-04-30", "2020-05-26", image: "30-1.2.ppc64le"),
    fedora("31", .init(5, 3), "2019-10-29", "2020-11-24", image: "31-1.9.ppc64le"),
    fedora("32", .init(5, 6), "2020-04-28", "2021-05-25", image: "32-1.6.ppc64le"),
    fedora("33", .init(5, 8), "2020-10-27", "2021-11-30", image: "33-1.2.ppc64le"),
    fedora("34", .init(5, 11), "2021-04-27", "2022-06-07", image: "34-1.2.ppc64le"),
    fedora("35", .init(5, 14), "2021-11-02", "2022-12-13", image: "35-1.2.ppc64le"),
    fedora("36", .init(5, 17), "2022-05-10", "2023-05-16", image: "36-1.5.ppc64le"),
    fedora("37", .init(6, 0), "2022-11-15", "2023-12-05", image: "37-1.7.ppc64le"),
    fedora("38", .init(6, 2), "2023-04-18", "2024-05-21", image: "38-1.6.ppc64le"),
    fedora("39", .init(6, 5), "2023-11-07", "2024-11-26", image: "39-1.5.ppc64le"),
    fedora("40", .init(6, 8), "2024-04-23", "2025-05-13", image: "Generic.ppc64le-40-1.14"),
    fedora("41", .init(6, 11), "2024-10-29", "2025-12-15", image: "Generic-41-1.4.ppc64le"),
    fedora("42", .init(6, 14), "2025-04-15", "2026-05-27", image: "Generic-42-1.1.ppc64le"),
    fedora(
      "43", .init(6, 17), "2025-10-28", "2026-12-09", image: "Generic-43-1.6.ppc64le",
      unconfirmed: [.osinfo]),
    fedora(
      "44", .init(6, 19), "2026-04-28", "2027-06-02", image: "Generic-44-1.7.ppc64le",
      unconfirmed: [.osinfo]),
    fedora("45", .init(7, 2), nil, "2027-12-08", unconfirmed: [.osinfo, .kernel]),
  ]

  // Standard support ends on this day; Ubuntu Pro continues. From 22.04 on, Ubuntu builds ppc64el
  // for POWER9 and later, which nesting needs anyway.
  private static let ubuntu: [Release] = [
    ubuntu(
      "18.04", "bionic", .init(4, 15), "2018-04-26", "2023-05-31",
      nestedHV: .needsNewerKernel(hint: "install linux-generic-hwe-18.04 (Linux 5.4)")),
    ubuntu("20.04", "focal", .init(5, 4), "2020-04-23", "2025-05-29"),
    ubuntu("22.04", "jammy", .init(5, 15), "2022-04-21", "2027-06-01"),
    ubuntu("24.04", "noble", .init(6, 8), "2024-04-25", "2029-05-31"),
    ubuntu("25.04", "plucky", .init(6, 14), "2025-04-17", "2026-01-15"),
    ubuntu("25.10", "questing", .init(6, 17), "2025-10-09", "2026-07-09"),
    ubuntu("26.04", "resolute", .init(7, 0), "2026-04-23", "2031-05-29", unconfirmed: [.osinfo]),
    ubuntu(  // Kernel: 7.2 or 7.3; no source seen.
      "26.10", "stonking", nil, "2026-10-15", "2027-07-15", unconfirmed: [.osinfo, .image]),
  ]

  private static let centos: [Release] = [
    row(
      "centos", "8", minors: minors(8, 0...5), osinfo: "http://centos.org/centos/8",
      kernel: .init(4, 18), nestedHV: .backported, released: "2019-09-24",
      endOfLife: "2021-12-31", image: "CentOS-8-GenericCloud-8.2.2004-20200611.2.ppc64le.qcow2",
      packages: .enterpriseLinux),
    row(  // Image: unknown.
      "centos", "stream8", aliases: ["8-stream"], osinfo: "http://centos.org/centos-stream/8",
      kernel: .init(4, 18), nestedHV: .backported, released: "2019-09-24",
      endOfLife: "2024-05-31", packages: .enterpriseLinux),
    row(
      "centos", "stream9", aliases: ["9-stream", "9"],
      osinfo: "http://centos.org/centos-stream/9", kernel: .init(5, 14),
      nestedHV: droppedByRedHat, released: "2021-12-03", endOfLife: "2027-05-31",
      image: "CentOS-Stream-GenericCloud-9-latest.ppc64le.qcow2"),
    row(  // End: 2030, no day published. Image: unknown.
      "centos", "stream10", aliases: ["10-stream", "10"],
      osinfo: "http://centos.org/centos-stream/10", kernel: .init(6, 12),
      nestedHV: droppedByRedHat, released: "2024-12-12"),
  ]

  // Support for ppc64el ends on this day. Long-term support includes ppc64el only for 12 so far.
  // https://wiki.debian.org/LTS
  private static let debian: [Release] = [
    debian(
      "10", "buster", .init(4, 19), "2019-07-06", "2022-09-10",
      nestedHV: .needsNewerKernel(
        hint: "install linux-image-powerpc64le of buster-backports (Linux 5.10)")),
    debian("11", "bullseye", .init(5, 10), "2021-08-14", "2024-08-14"),
    debian("12", "bookworm", .init(6, 1), "2023-06-10", "2028-06-30"),
    debian("13", "trixie", .init(6, 12), "2025-08-09", "2028-08-09"),
  ]

  // AlmaLinux enables KVM on Power where Red Hat does not: 9.6 (technology preview), 10.
  // https://github.com/AlmaLinux/ALESCo/pull/3
  private static let almalinux: [Release] = [
    row(
      "almalinux", "8", minors: minors(8, 3...10), osinfo: "http://almalinux.org/almalinux/8",
      kernel: .init(4, 18), nestedHV: .backported, released: "2021-03-30",
      endOfLife: "2029-03-01", image: "AlmaLinux-8-GenericCloud-latest.ppc64le.qcow2",
      packages: .enterpriseLinux),
    row(
      "almalinux", "9", minors: minors(9, 0...8), osinfo: "http://almalinux.org/almalinux/9",
      kernel: .init(5, 14), nestedHV: .yes, released: "2022-05-26",
      endOfLife: "2032-05-31", image: "AlmaLinux-9-GenericCloud-latest.ppc64le.qcow2",
      packages: .enterpriseLinux),
    row(
      "almalinux", "10", minors: minors(10, 0...2),
      osinfo: "http://almalinux.org/almalinux/10", kernel: .init(6, 12), nestedHV: .yes,
      released: "2025-05-27", endOfLife: "2035-05-31",
      image: "AlmaLinux-10-GenericCloud-latest.ppc64le.qcow2", packages: .enterpriseLinux),
  ]

  // Rocky Linux 8 was never built for ppc64le.
  private static let rocky: [Release] = [
    row(
      "rocky", "9", minors: minors(9, 0...8), osinfo: "http://rockylinux.org/rocky/9",
      kernel: .init(5, 14), nestedHV: droppedByRedHat, released: "2022-07-14",
      endOfLife: "2032-05-31", image: "Rocky-9-GenericCloud-Base.latest.ppc64le.qcow2"),
    row(  // Image: unknown.
      "rocky", "10", minors: minors(10, 0...2), osinfo: "http://rockylinux.org/rocky/10",
      kernel: .init(6, 12), nestedHV: droppedByRedHat, released: "2025-06-11",
      endOfLife: "2035-05-31"),
  ]

  // libosinfo lists minor releases; N-unknown stands for any of them. Downloads of the images need a
  // login, and their names contain the minor release: rhel-9.4-ppc64le-kvm.qcow2.
  private static let rhel: [Release] = [
    row(
      "rhel", "8", minors: minors(8, 0...10), osinfo: "http://redhat.com/rhel/8-unknown",
      osinfoOfMinors: "http://redhat.com/rhel/",
      kernel: .init(4, 18), nestedHV: .backported, released: "2019-05-07",
      endOfLife: "2029-05-31", packages: .enterpriseLinux),
    row(
      "rhel", "9", minors: minors(9, 0...8), osinfo: "http://redhat.com/rhel/9-unknown",
      osinfoOfMinors: "http://redhat.com/rhel/",
      kernel: .init(5, 14), nestedHV: droppedByRedHat, released: "2022-05-17",
      endOfLife: "2032-05-31"),
    row(
      "rhel", "10", minors: minors(10, 0...2), osinfo: "http://redhat.com/rhel/10-unknown",
      osinfoOfMinors: "http://redhat.com/rhel/",
      kernel: .init(6, 12), nestedHV: droppedByRedHat, released: "2025-05-20",
      endOfLife: "2035-05-31"),
  ]

  // Images for ppc64le: unknown, for openSUSE and SLES alike. Leap 16.0 needs POWER9 or later.
  private static let opensuse: [Release] = [
    leap("15.0", .init(4, 12), "2018-05-25", "2019-12-03", nestedHV: olderSUSEKernel),
    leap("15.1", .init(4, 12), "2019-05-22", "2021-01-31", nestedHV: olderSUSEKernel),
    leap("15.2", .init(5, 3), "2020-07-02", "2022-01-04"),
    leap("15.3", .init(5, 3), "2021-06-02", "2022-12-31"),
    leap("15.4", .init(5, 14), "2022-06-08", "2023-12-07"),
    leap("15.5", .init(5, 14), "2023-06-07", "2024-12-31"),
    leap("15.6", .init(6, 4), "2024-06-12", "2026-04-30"),
    leap("16.0", .init(6, 12), "2025-10-01", "2027-10-31", unconfirmed: [.osinfo]),
    row(  // Rolling: no date, no kernel of its own, no end.
      "opensuse", "tumbleweed", osinfo: "http://opensuse.org/opensuse/tumbleweed", kernel: nil,
      nestedHV: .yes, packages: .suse),
  ]

  // General support ends on this day; LTSS continues. Support of SP6 ends "six months after SP7",
  // here at the end of that month, as for every other service pack.
  private static let sles: [Release] = [
    sles(0, .init(4, 12), "2018-07-16", "2019-12-31", nestedHV: olderSUSEKernel),
    sles(1, .init(4, 12), "2019-06-24", "2021-01-31", nestedHV: olderSUSEKernel),
    sles(2, .init(5, 3), "2020-07-21", "2021-12-31"),
    sles(3, .init(5, 3), "2021-06-21", "2022-12-31"),
    sles(4, .init(5, 14), "2022-06-21", "2023-12-31"),
    sles(5, .init(5, 14), "2023-06-20", "2024-12-31"),
    sles(6, .init(6, 4), "2024-06-26", "2025-12-31"),
    sles(7, .init(6, 4), "2025-06-17", "2031-07-31", unconfirmed: [.osinfo]),
    // No service packs any more. Kernel and kvm-hv are those of Leap 16.0, which is built from it.
    row(
      "sles", "16.0", aliases: ["16"], osinfo: "http://suse.com/sle/16.0", kernel: .init(6, 12),
      nestedHV: unsupportedBySUSE, released: "2025-11-04", endOfLife: "2027-11-30",
      packages: .suse, unconfirmed: [.osinfo, .endOfLife]),
  ]

  // kernel-ark merge request 1039 keeps kvm-hv enabled for Red Hat's own tests; AlmaLinux's RFC 0003
  // describes a kernel of its own for it. Red Hat builds QEMU for other architectures only.
  private static let droppedByRedHat = NestedHVSupport.moduleUnsupportedByVendor(
    note: "Red Hat dropped KVM on Power in 9.0; check that 'modinfo kvm-hv' finds the module and "
      + "install a QEMU for ppc64le from elsewhere, or use AlmaLinux, which has both")

  private static let olderSUSEKernel = NestedHVSupport.needsNewerKernel(
    hint: "use a later release, because this one has Linux 4.12")

  // MARK: Lookup

  /// The family with this id or alias, in upper or lower case (`fedora`, `Ubuntu`, `alma`); nil if
  /// the table has no such family.
  package static func distribution(_ id: String) -> Distribution? {
    distributions.first { ([$0.id] + $0.aliases).map(squashed).contains(squashed(id)) }
  }

  /// The releases of the family with this id or alias, oldest first; empty for an unknown family.
  package static func releases(of distribution: String) -> [Release] {
    guard let family = self.distribution(distribution) else { return [] }
    return releases.filter { $0.distribution == family.id }
  }

  /// The release that `text` names by id, code name or alias: `18.04`, `Bionic`, `8-stream`.
  ///
  /// Case, hyphens, spaces and underscores are ignored. A minor release (`9.4`) keeps its number.
  /// Nil if the family has no such release.
  package static func release(distribution: String, matching text: String) -> Release? {
    let name = squashed(text)
    return releases(of: distribution).lazy.compactMap { release in
      let names = [release.id] + release.aliases + [release.codename].compactMap(\.self)
      if names.map(squashed).contains(name) { return release }
      return release.minors.first { squashed($0) == name }.map { release.minor($0) }
    }.first
  }

  /// The release of a family that is used if the user names none; nil for an unknown family.
  package static func defaultRelease(of distribution: String) -> Release? {
    self.distribution(distribution).flatMap {
      release(distribution: $0.id, matching: $0.defaultRelease)
    }
  }

  /// The release with this libosinfo id, which a definition's metadata contains; nil if the table
  /// has no such release.
  package static func release(osinfoID: String) -> Release? {
    for release in releases {
      if release.osinfoID == osinfoID { return release }
      guard let prefix = release.osinfoPrefixOfMinors, osinfoID.hasPrefix(prefix) else { continue }
      let minor = String(osinfoID.dropFirst(prefix.count))
      if release.minors.contains(minor) { return release.minor(minor) }
    }
    return nil
  }

  /// The names that ``release(distribution:matching:)`` accepts, for a message:
  /// `18.04 (bionic)`, oldest first; empty for an unknown family.
  package static func knownReleases(of distribution: String) -> [String] {
    releases(of: distribution).map { release in
      release.codename.map { "\(release.id) (\($0))" } ?? release.id
    }
  }

  private static func squashed(_ text: String) -> String {
    text.lowercased().filter { !"-_ ".contains($0) }
  }
}
