internal import LosslessXML

extension Rule {
  static let nestedHVOutOfPlace = Rule(
    18, .error, "<nested-hv> out of its place",
    reason: """
      libvirt looks for it in <features> of <domain> alone. Elsewhere the guest is defined and \
      started without the capability.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainFeaturesDefParse; \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    subject.elements(withLocalName: "nested-hv").filter { element in
      guard let parent = element.parent else { return false }
      return !(parent.isNamed("features") && parent.parent == subject.domain)
    }.map { element in
      Hit(
        element, "libvirt ignores <nested-hv> in <\(element.parent?.qualifiedName ?? "")>",
        do: "Move it into <features> of <domain>: remove it here, then virt-nest patch -i --nested."
      )
    }
  }
}
