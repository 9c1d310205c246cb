internal import LosslessXML

extension Rule {
  static let oldKernel = Rule(
    44, .warning, "A release whose own kernel cannot nest",
    reason: """
      A guest that nests needs the kvm-hv module of Linux 4.20 or later, or of a kernel with its \
      nesting backported.
      """,
    source: "Linux 4.20, arch/powerpc/kvm/book3s_hv_nested.c; the table of releases",
    versions: "see virt-nest template list"
  ) { subject in
    guard subject.wantsNesting, let release = subject.release,
      case .needsNewerKernel(let hint) = release.nestedHV, let element = subject.releaseElement
    else { return [] }
    let kernel = release.kernel.map { " \($0)" } ?? ""
    return [
      Hit(
        element, attribute: "id",
        "the own kernel\(kernel) of \(release.displayName) cannot nest",
        do: "\(hint.prefix(1).uppercased())\(hint.dropFirst()).")
    ]
  }
}

extension Subject {
  /// Where the metadata names the release.
  var releaseElement: Element? { domain.first(["metadata", .libosinfo, .libosinfoOS]) }
}

extension Release {
  /// As in `Ubuntu 18.04`.
  var displayName: String {
    "\(ReleaseTable.distribution(distribution)?.displayName ?? distribution) \(id)"
  }
}
