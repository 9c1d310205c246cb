internal import LosslessXML

extension Rule {
  static let foreignCommandLine = Rule(
    15, .error, "A command line in another namespace than QEMU's",
    reason: """
      libvirt looks for <commandline> in the namespace \(DomainNamespace.qemu) alone. Where \
      xmlns:qemu is missing or names something else, the guest is defined and started without its \
      arguments, and the next dump has lost them.
      """,
    source: "libvirt, src/qemu/qemu_conf.c, virQEMUDriverDomainXMLConfInit; \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    guard ["kvm", "qemu"].contains(subject.guest.domainType ?? "") else { return [] }
    return subject.domain.children.compactMap { element in
      let isUnbound = element.namespace == nil && element.qualifiedName.hasSuffix(":commandline")
      let isForeign =
        element.hasLocalName("commandline") && element.namespace != nil
        && element.namespace != DomainNamespace.qemu
      guard isUnbound || isForeign else { return nil }
      let prefix = element.qualifiedName.split(separator: ":").first.map(String.init) ?? "qemu"
      return Hit(
        element,
        isUnbound
          ? "the prefix '\(prefix)' is not declared, and libvirt ignores <\(element.qualifiedName)>"
          : "libvirt ignores <\(element.qualifiedName)> in the namespace "
            + "'\(element.namespace ?? "")'",
        do: "Declare it on <domain>: xmlns:qemu='\(DomainNamespace.qemu)'.")
    }
  }
}
