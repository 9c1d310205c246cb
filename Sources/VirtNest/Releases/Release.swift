internal import LosslessXML

/// A release of a distribution that an L1 guest can run: one row of the table of releases.
package struct Release: Sendable, Equatable {
  /// The id of the release's family, such as `ubuntu`; see ``Distribution/id``.
  package let distribution: String

  /// The release as users type it: `44`, `18.04`, `stream9`, `leap15.6`, `15sp7`.
  package let id: String

  /// Other spellings of ``id`` that users may type, such as `8-stream` for `stream8`.
  package let aliases: [String]

  /// The one-word code name (`bionic`, `bookworm`), if users of the distribution use code names.
  package let codename: String?

  /// Minor releases, oldest first (`9.0`, `9.1`); empty if the family has none or names them itself.
  package let minors: [String]

  /// The URL that identifies the release in libosinfo.
  package let osinfoID: String

  /// The URL before the number of a minor release; nil if libosinfo does not tell them apart.
  package let osinfoPrefixOfMinors: String?

  /// The kernel with which the release was published for ppc64le; nil for a rolling release.
  package let kernel: KernelVersion?

  /// Whether that kernel supports API v1, `cap-nested-hv`.
  package let nestedHV: NestedHVSupport

  /// The day of publication; nil if it is unknown, and for a rolling release.
  package let releaseDate: CalendarDate?

  /// The last day of free support on ppc64le; nil if it is unknown or support has no end.
  package let endOfLife: CalendarDate?

  /// The file name of the cloud image for ppc64le; nil if there is none or it is unknown.
  package let cloudImage: String?

  /// The facts that follow the pattern of earlier releases or a plan, and that no source confirmed.
  package let unconfirmed: Set<Fact>

  /// The packages that contain QEMU for L2 guests; empty if there are none for ppc64le.
  package let qemuPackages: [String]

  /// The packages that contain libvirt for L2 guests; empty if they are unknown.
  package let libvirtPackages: [String]

  /// The least memory, in MiB, of an L1 guest that runs an L2 guest.
  package let minimumMemoryMiB: Int

  /// The memory, in MiB, that the templates give.
  ///
  /// Each L2 guest of Kata Containers needs 2048.
  package let recommendedMemoryMiB: Int

  /// The least disk, in GiB, for the system, QEMU and one image of an L2 guest.
  package let minimumDiskGiB: Int

  /// The disk, in GiB, for a guest that keeps some container images.
  package let recommendedDiskGiB: Int

  /// A column of the table that can be unconfirmed.
  package enum Fact: Sendable { case osinfo, kernel, released, endOfLife, image }

  /// Whether the release's own kernel is new enough for API v2, `cap-nested-papr` (Linux 6.7); nil
  /// if the kernel is not known.
  package var hasKernelForNestedPAPR: Bool? {
    kernel.map { $0 >= .firstWithNestedPAPR }
  }

  /// Whether ``endOfLife`` was a planned day, still in the future, when the table was reviewed.
  package var isEndOfLifeScheduled: Bool {
    endOfLife.map { $0 > ReleaseTable.lastReview } ?? false
  }

  /// The minor release `minor` of this release, with the same facts under its own number.
  func minor(_ minor: String) -> Release {
    Release(
      distribution: distribution, id: minor, aliases: [], codename: codename, minors: [],
      osinfoID: osinfoPrefixOfMinors.map { $0 + minor } ?? osinfoID, osinfoPrefixOfMinors: nil,
      kernel: kernel, nestedHV: nestedHV, releaseDate: nil, endOfLife: endOfLife,
      cloudImage: cloudImage, unconfirmed: unconfirmed, qemuPackages: qemuPackages,
      libvirtPackages: libvirtPackages, minimumMemoryMiB: minimumMemoryMiB,
      recommendedMemoryMiB: recommendedMemoryMiB, minimumDiskGiB: minimumDiskGiB,
      recommendedDiskGiB: recommendedDiskGiB)
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

/// The version of a Linux kernel, as far as nesting depends on it: `4.18`, `6.7`.
package struct KernelVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The first number: 6 in `6.7`.
  package let major: Int

  /// The second number: 7 in `6.7`.
  package let minor: Int

  /// The version `major.minor`.
  package init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// The first kernel whose `kvm-hv` runs in an L1 guest under API v1 (`cap-nested-hv`).
  ///
  /// Source: "KVM: PPC: Book3S HV: Nested guest entry via hypercall", Linux 4.20.
  package static let firstWithNestedHV = KernelVersion(4, 20)

  /// The first kernel whose `kvm-hv` runs in an L1 guest under API v2 (`cap-nested-papr`).
  ///
  /// Source: Documentation/arch/powerpc/kvm-nested.rst, Linux 6.7.
  package static let firstWithNestedPAPR = KernelVersion(6, 7)

  /// `MAJOR.MINOR`.
  package var description: String { "\(major).\(minor)" }

  /// Whether `left` is the older version.
  package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
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
}
