internal import LosslessXML

extension Rule {
  static let commandLineWithoutNamespace = Rule(
    16, .error, "A command line in no namespace",
    reason: """
      libvirt looks for <commandline> and <arg> in the namespace \(DomainNamespace.qemu) alone, by \
      a prefix or as the default. Others are ignored without a word.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefNamespaceParse; \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    guard ["kvm", "qemu"].contains(subject.guest.domainType ?? "") else { return [] }
    let inside = subject.arguments.commandLines.flatMap(\.children).filter {
      $0.namespace == nil && ($0.localName == "arg" || $0.localName == "env")
    }
    return (subject.domain.children("commandline") + inside).map { element in
      Hit(
        element, "libvirt ignores <\(element.qualifiedName)> without QEMU's namespace",
        do: "Write <qemu:\(element.localName)>, with xmlns:qemu='\(DomainNamespace.qemu)' on "
          + "<domain>.")
    }
  }
}
