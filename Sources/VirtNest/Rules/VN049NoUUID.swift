internal import LosslessXML

extension Rule {
  static let noUUID = Rule(
    49, .note, "No uuid is said",
    reason: """
      libvirt makes one up at each definition. Defining the same file again is then refused: \
      "domain 'x' already exists with uuid …".
      """,
    source: "libvirt, src/conf/virdomainobjlist.c; \(measured)", versions: "all"
  ) { subject in
    // A template gives its guests theirs.
    let isTemplate =
      subject.domain.child("metadata")?.child("template", in: DomainNamespace.template) != nil
    guard subject.domain.child("uuid") == nil, !isTemplate else { return [] }
    return [
      Hit(
        subject.domain, "without a uuid the file can be defined only once",
        do: "virt-nest patch -i --new-identity derives one from the name; or take the one that "
          + "virsh domuuid prints.")
    ]
  }
}
