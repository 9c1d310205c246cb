internal import LosslessXML

/// A release of a distribution that an L1 guest can run: one row of the table of releases.
package struct Release: Sendable, Equatable {
  /// The id of the release's family, such as `ubuntu`; see ``Distribution/id``.
  package let distribution: String

  /// The release as users type it: `44`, `18.04`, `stream9`, `leap15.6`, `15sp7`.
  package private(set) var id: String

  /// Other spellings of ``id`` that users may type, such as `8-stream` for `stream8`.
  package private(set) var aliases: [String]

  /// The one-word code name (`bionic`, `bookworm`), if users of the distribution use code names.
  package let codename: String?

  /// Minor releases, oldest first (`9.0`, `9.1`); empty if the family has none or names them itself.
  package private(set) var minors: [String]

  /// The URL that identifies the release in libosinfo.
  package private(set) var osinfoID: String

  /// The URL before the number of a minor release; nil if libosinfo does not tell them apart.
  package private(set) var osinfoPrefixOfMinors: String?

  /// The kernel with which the release was published for ppc64le; nil for a rolling release.
  package let kernel: Version?

  /// Whether that kernel supports API v1, `cap-nested-hv`.
  package let nestedHV: NestedHVSupport

  /// The day of publication; nil if it is unknown, and for a rolling or a minor release.
  package private(set) var releaseDate: CalendarDate?

  /// The last day of free support on ppc64le; nil if it is unknown or support has no end.
  package let endOfLife: CalendarDate?

  /// The file name of the cloud image for ppc64le; nil if there is none or it is unknown.
  package let cloudImage: String?

  /// The facts that follow the pattern of earlier releases or a plan, and that no source confirmed.
  package let unconfirmed: Set<Fact>

  /// The packages for L2 guests.
  package let packages: Packages

  /// The memory, in MiB, that the templates give.
  ///
  /// Each L2 guest of Kata Containers needs 2048.
  package var recommendedMemoryMiB: Int { 8192 }

  /// The disk, in GiB, for a guest that keeps some container images.
  package var recommendedDiskGiB: Int { 40 }

  /// Names of the packages that contain QEMU and libvirt for L2 guests.
  package struct Packages: Sendable, Equatable {
    package let qemu: [String]
    package let libvirt: [String]

    /// A distribution without QEMU for ppc64le.
    static let none = Packages(qemu: [], libvirt: [])
    static let fedora = Packages(
      qemu: ["qemu-kvm"],
      libvirt: ["libvirt-daemon-kvm", "libvirt-daemon-config-network", "libvirt-client"])
    static let enterpriseLinux = fedora
    static let debian = Packages(
      qemu: ["qemu-system-ppc"], libvirt: ["libvirt-daemon-system", "libvirt-clients"])
    static let suse = Packages(
      qemu: ["qemu-ppc"],
      libvirt: ["libvirt-daemon-qemu", "libvirt-daemon-config-network", "libvirt-client"])
  }

  /// A column of the table that can be unconfirmed.
  package enum Fact: Sendable { case osinfo, kernel, released, endOfLife, image }

  /// Whether the release's own kernel is new enough for API v2, `cap-nested-papr` (Linux 6.7); nil
  /// if the kernel is not known.
  package var hasKernelForNestedPAPR: Bool? {
    // Documentation/arch/powerpc/kvm-nested.rst
    kernel.map { $0 >= Version(6, 7) }
  }

  /// Whether ``endOfLife`` was a planned day, still in the future, when the table was reviewed.
  package var isEndOfLifeScheduled: Bool {
    endOfLife.map { $0 > ReleaseTable.lastReview } ?? false
  }

  /// The minor release `minor` of this release, with the same facts under its own number.
  func minor(_ minor: String) -> Release {
    var release = self
    release.id = minor
    release.aliases = []
    release.minors = []
    release.osinfoID = osinfoPrefixOfMinors.map { $0 + minor } ?? osinfoID
    release.osinfoPrefixOfMinors = nil
    release.releaseDate = nil
    return release
  }

  /// A message for users where the release's id for libosinfo, which definitions have, is unconfirmed.
  package var unconfirmedNote: String? {
    guard unconfirmed.contains(.osinfo) else { return nil }
    return "\(osinfoID) follows the pattern of earlier releases: no libosinfo confirmed it by "
      + "\(ReleaseTable.lastReview)"
  }

  /// A message for users whose release is past its end of life on the day `today`; nil if it is
  /// not, or if its end of life is not known.
  package func endOfLifeNote(today: CalendarDate) -> String? {
    guard let endOfLife, endOfLife < today else { return nil }
    let name = ReleaseTable.distribution(distribution)?.displayName ?? distribution
    guard isEndOfLifeScheduled else {
      return "\(name) \(id) reached its end of life on \(endOfLife) and gets no more updates"
    }
    return "\(name) \(id) was to reach its end of life on \(endOfLife), as planned when "
      + "this was last reviewed (\(ReleaseTable.lastReview))"
  }
}

/// Whether a release's own kernel can run L2 guests under API v1 (`cap-nested-hv`).
///
/// An L1 guest needs the `kvm-hv` module of Linux 4.20, or of an older kernel to which the vendor
/// has backported nesting.
package enum NestedHVSupport: Sendable, Equatable {
  /// The release's kernel is 4.20 or later and has the module.
  case yes

  /// The release's kernel is older than 4.20, and its vendor has backported nesting.
  case backported

  /// The release's own kernel is too old; `hint` names the package that contains a newer one.
  case needsNewerKernel(hint: String)

  /// The kernel is new enough, but the vendor does not support KVM on Power in this release; `note`
  /// tells users what to expect if they try it anyway.
  case moduleUnsupportedByVendor(note: String)

  /// One or two words for a table.
  package var summary: String {
    switch self {
    case .yes: "yes"
    case .backported: "backported"
    case .needsNewerKernel: "newer kernel"
    case .moduleUnsupportedByVendor: "unsupported"
    }
  }
}

/// A family of releases: Fedora, Ubuntu, CentOS and so on.
package struct Distribution: Sendable, Equatable {
  /// The name that the command and the templates use, such as `opensuse`.
  package let id: String

  /// The name for messages, such as `openSUSE`.
  package let displayName: String

  /// The prefix of libosinfo's short ids for the family, such as `sle` in `sle15sp7`.
  package let osinfoShortID: String

  /// Other spellings of ``id`` that users may type.
  package let aliases: [String]

  /// The default of the template parameter `name`; `{release}`, `{codename}` and `{index}` stand
  /// for values.
  package let namePattern: String

  /// The ``Release/id`` of the release that is used if the user names none.
  package let defaultRelease: String

  init(
    _ id: String, _ displayName: String, osinfoShortID: String? = nil, aliases: [String] = [],
    namePattern: String? = nil, defaultRelease: String
  ) {
    self.id = id
    self.displayName = displayName
    self.osinfoShortID = osinfoShortID ?? id
    self.aliases = aliases
    self.namePattern = namePattern ?? "kata-\(id)-{release}-vm-{index:02}"
    self.defaultRelease = defaultRelease
  }
}

/// A day of the Gregorian calendar, without a time or a time zone.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The year, 1 to 9999.
  public let year: Int

  /// The month, 1 to 12.
  public let month: Int

  /// The day of the month, from 1.
  public let day: Int

  /// Makes a day; nil if the calendar does not have it (30 February, month 13).
  ///
  /// The year must be 1 to 9999, so that the printed form is always `YYYY-MM-DD`.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    guard (1...Self.days(inMonth: month, of: year)).contains(day) else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// Reads `YYYY-MM-DD`, the form that osinfo-db and distro-info-data use; nil for anything else.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2] else { return nil }
    var numbers: [Int] = []
    for part in parts {
      guard part.allSatisfy(\.isDigit) else { return nil }
      numbers.append(part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
    }
    self.init(year: numbers[0], month: numbers[1], day: numbers[2])
  }

  /// `YYYY-MM-DD`.
  public var description: String {
    "\(year.digits(4))-\(month.digits(2))-\(day.digits(2))"
  }

  /// Whether `left` is the earlier day.
  public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2:
      return year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        ? 29 : 28
    case 4, 6, 9, 11:
      return 30
    default:
      return 31
    }
  }
}
