internal import LosslessXML

extension Rule {
  static let sameUUID = Rule(
    54, .warning, "The same uuid under two names",
    reason: """
      On one host a uuid is one guest's: under another name libvirt refuses the second ("domain 'x' \
      is already defined with uuid …").
      """,
    source: "libvirt, src/conf/virdomainobjlist.c, virDomainObjListAddLocked", versions: "all",
    search: .together { subjects in
      repeated(subjects) { subject -> [(DomainUUID, Element)] in
        guard let uuid = subject.guest.uuid, let element = subject.domain.child("uuid") else {
          return []
        }
        return [(uuid, element)]
      } hit: { claim, first, place in
        // Under the same name it is VN055's.
        guard claim.subject.guest.name != first.subject.guest.name else { return nil }
        return Hit(
          claim.element, "the same uuid is in \(place), under another name",
          do: "Give one of them another: virt-nest patch -i --new-identity.")
      }
    })
}
