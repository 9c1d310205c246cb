internal import LosslessXML

extension Rule {
  static let sameName = Rule(
    55, .warning, "The same name in two of the files",
    reason: """
      On one host a name is one guest's: with another uuid libvirt refuses the second ("domain 'x' \
      already exists with uuid …"), with the same it replaces the first.
      """,
    source: "libvirt, src/conf/virdomainobjlist.c, virDomainObjListAddLocked; \(measured)",
    versions: "all",
    search: .together { subjects in
      repeated(subjects) { subject -> [(String, Element)] in
        guard let name = subject.guest.name, let element = subject.domain.child("name") else {
          return []
        }
        return [(name, element)]
      } hit: { claim, first, place in
        let isSame =
          claim.subject.guest.uuid != nil && claim.subject.guest.uuid == first.subject.guest.uuid
        return Hit(
          claim.element,
          isSame
            ? "this is the same guest as in \(place), by name and uuid"
            : "the same name is in \(place)",
          do: "On different hosts leave it; on one, give one of them another: "
            + "virt-nest patch -i --name NAME --new-identity.")
      }
    })
}
