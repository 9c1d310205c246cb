internal import LosslessXML

/// Rules about the release that the metadata names.
extension Rule {
  static let releaseRules = [oldKernel, unsupported, oldKernelForPAPR, endOfLife]

  private static func system(_ id: String) -> String { "<l:os id='\(id)'/>" }
  private static let fedora = system("http://fedoraproject.org/fedora/44")

  static let oldKernel = Rule(
    "VN044", .warning, "A release whose own kernel cannot nest",
    reason: """
      A guest that nests needs the kvm-hv module of Linux 4.20 or later, or of a kernel to which \
      nesting was backported.
      """,
    source: "Linux 4.20, arch/powerpc/kvm/book3s_hv_nested.c; the table of releases",
    versions: "see the table of releases",
    example: RuleExample(
      .system, wrong: system("http://ubuntu.com/ubuntu/18.04"),
      right: system("http://ubuntu.com/ubuntu/24.04"))
  ) { checked, found in
    guard checked.wantsNesting, let release = checked.release,
      case .needsNewerKernel(let hint) = release.nestedHV, let element = checked.releaseElement
    else { return }
    found.add(
      element, attribute: "id", "the \(release.kernelName) cannot nest",
      advice: "\(String(hint.prefix(1).uppercased() + hint.dropFirst())).")
  }

  static let unsupported = Rule(
    "VN045", .note, "A release whose vendor does not support KVM on Power",
    reason: "The module is there and works, but the vendor gives no support for it.",
    source: "the vendors' documents, as the table of releases has them",
    versions: "see the table of releases",
    example: RuleExample(.system, wrong: system("http://suse.com/sle/15.5"), right: fedora)
  ) { checked, found in
    guard checked.wantsNesting, let release = checked.release,
      case .moduleUnsupportedByVendor(let note) = release.nestedHV,
      let element = checked.releaseElement
    else { return }
    found.add(
      element, attribute: "id", "\(release.displayName): \(note)",
      advice: "Choose another distribution if you need support.")
  }

  static let oldKernelForPAPR = Rule(
    "VN046", .warning, "A release whose own kernel is too old for nested-papr",
    reason: "API v2, cap-nested-papr, needs Linux 6.7 in the guest.",
    source: "Linux, Documentation/arch/powerpc/kvm-nested.rst", versions: "Linux 6.7 and later",
    example: RuleExample(
      .system, wrong: system("http://debian.org/debian/12"),
      right: fedora,
      others: [
        .features: "",
        .end: RuleExample(arguments: "-machine", "cap-nested-papr=on", right: []).wrong,
      ])
  ) { checked, found in
    guard checked.nesting.asked == .on(.papr), let release = checked.release,
      release.hasKernelForNestedPAPR == false, let element = checked.releaseElement
    else { return }
    found.add(
      element, attribute: "id", "the \(release.kernelName) is too old for cap-nested-papr",
      advice: "Install Linux 6.7 or later in the guest, or choose a newer release.")
  }

  static let endOfLife = Rule(
    "VN047", .note, "A release past its end of life",
    reason: "It gets no more updates, and so no security fixes.",
    source: "the distributions' schedules, as the table of releases has them",
    versions: "see the table of releases",
    example: RuleExample(
      .system, wrong: system("http://fedoraproject.org/fedora/31"), right: fedora)
  ) { checked, found in
    guard checked.isPSeries, let note = checked.release?.endOfLifeNote(today: checked.today),
      let element = checked.releaseElement
    else { return }
    found.add(element, attribute: "id", note, advice: "Choose a newer release for new guests.")
  }
}

extension CheckedGuest {
  /// Where the metadata names the release.
  fileprivate var releaseElement: Element? {
    domain.first(["metadata", .libosinfo, .libosinfoOS])
  }
}

extension Release {
  /// As in `kernel 4.15 of Ubuntu 18.04`.
  fileprivate var kernelName: String {
    "kernel" + (kernel.map { " \($0.majorMinor)" } ?? "") + " of \(displayName)"
  }

  /// As in `Ubuntu 18.04`.
  fileprivate var displayName: String {
    "\(ReleaseTable.distribution(distribution)?.displayName ?? distribution) \(id)"
  }
}
