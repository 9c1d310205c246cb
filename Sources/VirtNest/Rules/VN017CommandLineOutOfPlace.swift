internal import LosslessXML

extension Rule {
  static let commandLineOutOfPlace = Rule(
    17, .error, "A command line out of its place",
    reason: "libvirt looks for <qemu:commandline> among the children of <domain> alone.",
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefNamespaceParse; \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    subject.elements(withLocalName: "commandline").filter { element in
      element.isNamed("commandline", in: DomainNamespace.qemu) && element.parent != subject.domain
    }.map { element in
      Hit(
        element,
        "libvirt ignores <\(element.qualifiedName)> in <\(element.parent?.qualifiedName ?? "")>",
        do: "Move it to the end of <domain>.")
    }
  }
}
