/// A release of a distribution, as a system for an L1 guest: one row of the table of releases.
package struct Release: Sendable, Equatable {
  /// The id of the release's family, such as `ubuntu`; see ``Distribution/id``.
  package let distribution: String

  /// The release as users type it: `44`, `18.04`, `stream9`, `leap15.6`, `15sp7`.
  package let id: String

  /// Other spellings of ``id`` that are taken, such as `8-stream` for `stream8`.
  package let aliases: [String]

  /// The one-word code name where the distribution's users go by it (`bionic`, `bookworm`).
  package let codename: String?

  /// The URL by which libosinfo knows the release.
  package let osinfoID: String

  /// The kernel that the release came out with on ppc64le; nil where it keeps changing.
  package let kernel: KernelVersion?

  /// What that kernel means for API v1, `cap-nested-hv`.
  package let nestedHV: NestedHVSupport

  /// The day it came out; nil where it is unknown or there is no such day (a rolling release).
  package let releaseDate: CalendarDate?

  /// The last day of its free support on ppc64le; nil where it is unknown or has no end.
  package let endOfLife: CalendarDate?

  /// The file name of its cloud image for ppc64le; nil where there is none or it is unknown.
  package let cloudImage: String?

  /// The packages that bring QEMU for L2 guests; empty where it has none for ppc64le.
  package let qemuPackages: [String]

  /// The packages that bring libvirt for L2 guests; empty where it is unknown.
  package let libvirtPackages: [String]

  /// The least memory, in MiB, of an L1 guest that is to run an L2 guest.
  package let minimumMemoryMiB: Int

  /// The memory, in MiB, that the templates give: Kata Containers' L2 guests take 2048 each.
  package let recommendedMemoryMiB: Int

  /// The least disk, in GiB, for the system, QEMU and one image of an L2 guest.
  package let minimumDiskGiB: Int

  /// The disk, in GiB, for a guest that keeps some container images.
  package let recommendedDiskGiB: Int

  /// Whether its own kernel is new enough for API v2, `cap-nested-papr` (Linux 6.7); nil where
  /// the kernel is not known.
  package var hasKernelForNestedPAPR: Bool? {
    kernel.map { $0 >= .firstWithNestedPAPR }
  }

  /// Whether ``endOfLife`` was still to come, and so only planned, when the table was reviewed.
  package var isEndOfLifeScheduled: Bool {
    endOfLife.map { $0 > ReleaseTable.lastReview } ?? false
  }

  /// What to tell a user whose release is past its end of life on the day `today`; nil where it
  /// is not, or where no such day is known.
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
