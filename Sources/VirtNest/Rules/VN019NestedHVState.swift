internal import LosslessXML

extension Rule {
  static let nestedHVState = Rule(
    19, .error, "<nested-hv> without state='on' or 'off'",
    reason: """
      libvirt says "Missing required attribute 'state' in element 'nested-hv'", or "Invalid value \
      for attribute 'state'": QEMU's true and yes are not its words.
      """,
    source: "libvirt, src/util/virxml.c, virXMLPropTristateSwitch; \(measured)",
    versions: "all with <nested-hv>, from 4.10.0"
  ) { subject in
    subject.nesting.contributions.compactMap { contribution in
      guard contribution.mechanism == .feature, case .invalid(let text) = contribution.value
      else { return nil }
      let element = contribution.element
      return Hit(
        element, attribute: "state",
        element["state"] == nil
          ? "<nested-hv> has no state" : "<nested-hv> has the state '\(text)'",
        do: "Write state='on' or state='off'.")
    }
  }
}
