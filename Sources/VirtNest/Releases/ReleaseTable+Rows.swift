internal import LosslessXML

/// Functions that make the rows of the table from what the releases of a family have in common.
extension ReleaseTable {
  /// A row of the table.
  static func row(
    _ distribution: String, _ id: String, aliases: [String] = [], codename: String? = nil,
    minors: [String] = [], osinfo: String, osinfoOfMinors: String? = nil, kernel: Version?,
    nestedHV: NestedHVSupport, released: String? = nil, endOfLife: String? = nil,
    image: String? = nil, packages: Release.Packages = .none, unconfirmed: Set<Release.Fact> = []
  ) -> Release {
    Release(
      distribution: distribution, id: id, aliases: aliases, codename: codename, minors: minors,
      osinfoID: osinfo, osinfoPrefixOfMinors: osinfoOfMinors, kernel: kernel, nestedHV: nestedHV,
      releaseDate: released.map(day), endOfLife: endOfLife.map(day), cloudImage: image,
      unconfirmed: unconfirmed, packages: packages)
  }

  /// - Parameter image: what the name of the image has between what all have.
  static func fedora(
    _ id: String, _ kernel: Version, _ released: String?, _ endOfLife: String,
    image: String? = nil, unconfirmed: Set<Release.Fact> = []
  ) -> Release {
    row(
      "fedora", id, osinfo: "http://fedoraproject.org/fedora/\(id)", kernel: kernel,
      nestedHV: .yes, released: released, endOfLife: endOfLife,
      image: image.map { "Fedora-Cloud-Base-\($0).qcow2" }, packages: .fedora,
      unconfirmed: unconfirmed)
  }

  static func ubuntu(
    _ id: String, _ codename: String, _ kernel: Version?, _ released: String,
    _ endOfLife: String, nestedHV: NestedHVSupport = .yes, unconfirmed: Set<Release.Fact> = []
  ) -> Release {
    row(
      "ubuntu", id, codename: codename, osinfo: "http://ubuntu.com/ubuntu/\(id)", kernel: kernel,
      nestedHV: nestedHV, released: released, endOfLife: endOfLife,
      image: "\(codename)-server-cloudimg-ppc64el.img", packages: .debian,
      unconfirmed: unconfirmed)
  }

  static func debian(
    _ id: String, _ codename: String, _ kernel: Version, _ released: String,
    _ endOfLife: String, nestedHV: NestedHVSupport = .yes
  ) -> Release {
    row(
      "debian", id, codename: codename, osinfo: "http://debian.org/debian/\(id)", kernel: kernel,
      nestedHV: nestedHV, released: released, endOfLife: endOfLife,
      image: "debian-\(id)-generic-ppc64el.qcow2", packages: .debian)
  }

  static func leap(
    _ version: String, _ kernel: Version, _ released: String, _ endOfLife: String,
    nestedHV: NestedHVSupport = .yes, unconfirmed: Set<Release.Fact> = []
  ) -> Release {
    row(
      "opensuse", "leap\(version)", aliases: [version],
      osinfo: "http://opensuse.org/opensuse/\(version)", kernel: kernel, nestedHV: nestedHV,
      released: released, endOfLife: endOfLife, packages: .suse, unconfirmed: unconfirmed)
  }

  static let unsupportedBySUSE = NestedHVSupport.moduleUnsupportedByVendor(
    note: "the kernel has kvm-hv; SUSE does not support KVM on Power")

  static func sles(
    _ servicePack: Int, _ kernel: Version, _ released: String, _ endOfLife: String,
    nestedHV: NestedHVSupport = unsupportedBySUSE, unconfirmed: Set<Release.Fact> = []
  ) -> Release {
    row(
      "sles", servicePack == 0 ? "15" : "15sp\(servicePack)",
      aliases: servicePack == 0 ? ["15.0", "15sp0"] : ["15.\(servicePack)"],
      osinfo: "http://suse.com/sle/15\(servicePack == 0 ? "" : ".\(servicePack)")",
      kernel: kernel, nestedHV: nestedHV, released: released, endOfLife: endOfLife,
      packages: .suse, unconfirmed: unconfirmed)
  }

  /// The minor releases of the release `major`: `8.0`, `8.1` and so on.
  static func minors(_ major: Int, _ range: ClosedRange<Int>) -> [String] {
    range.map { "\(major).\($0)" }
  }

  static func day(_ text: String) -> CalendarDate {
    guard let date = CalendarDate(text) else {
      preconditionFailure("the table of releases has no such day: \(text)")
    }
    return date
  }
}
