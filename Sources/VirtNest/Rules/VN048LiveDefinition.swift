internal import LosslessXML

extension Rule {
  static let liveDefinition = Rule(
    48, .note, "The definition of a running guest",
    reason: """
      A dump of a running guest has what holds until it stops: its id, aliases and security labels. \
      libvirt ignores them when it is defined, and a file in git changes with every start.
      """,
    source: "libvirt, docs/manpages/virsh.rst (dumpxml --inactive); \(measured)", versions: "all"
  ) { subject in
    let message = "this is the definition of a running guest"
    let advice = "Keep what virsh dumpxml --inactive prints."
    if subject.domain.attribute(named: "id") != nil {
      return [Hit(subject.domain, attribute: "id", message, do: advice)]
    }
    let alias = subject.domain.child("devices")?.children.lazy.compactMap { $0.child("alias") }
      .first { alias in alias["name"].map { !$0.hasPrefix("ua-") } ?? false }
    let label = subject.domain.children("seclabel").first {
      $0["type"] == "dynamic" && $0.child("imagelabel") != nil
    }
    return (alias ?? label).map { [Hit($0, message, do: advice)] } ?? []
  }
}
