internal import LosslessXML

extension Rule {
  static let unsupported = Rule(
    45, .note, "A release whose vendor does not support KVM on Power",
    reason: "The module is there and is said to work; who runs it gets no help from the vendor.",
    source: "the vendors' documents, as the table of releases has them",
    versions: "see virt-nest template list"
  ) { subject in
    guard subject.wantsNesting, let release = subject.release,
      case .moduleUnsupportedByVendor(let note) = release.nestedHV,
      let element = subject.releaseElement
    else { return [] }
    return [
      Hit(
        element, attribute: "id", "\(release.displayName): \(note)",
        do: "Take another distribution where support matters.")
    ]
  }
}
