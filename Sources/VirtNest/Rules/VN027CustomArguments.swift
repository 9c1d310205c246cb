internal import LosslessXML

extension Rule {
  static let customArguments = Rule(
    27, .note, "Nesting by the command line where an element would do",
    reason: """
      libvirt marks a guest with passed-through arguments as tainted (custom-argv), and support may \
      turn it away. <nested-hv> does the same without.
      """,
    source: "libvirt, docs/drvqemu.rst; src/conf/domain_conf.c, virDomainTaint; \(measured)",
    versions: "libvirt 4.10.0 and later have <nested-hv>"
  ) { subject in
    subject.nesting.contributions.filter {
      $0.mechanism == .commandline && $0.api == .hv && $0.value == .on
    }.map { contribution in
      Hit(
        contribution.element, attribute: "value",
        "passed-through arguments taint the guest, and libvirt has <nested-hv> for this one",
        do: "virt-nest patch -i --mechanism feature, unless libvirt is older than 4.10.")
    }
  }
}
