internal import LosslessXML

extension Rule {
  static let sameUUID = Rule(
    54, .warning, "The same uuid in two of the files",
    reason: """
      On one host a uuid is one guest's: under another name libvirt refuses the second ("domain 'x' \
      is already defined with uuid …"), under the same it replaces the first.
      """,
    source: "libvirt, src/conf/virdomainobjlist.c, virDomainObjListAddLocked", versions: "all",
    search: .together { subjects in
      repeated(subjects) { subject -> [(DomainUUID, Element)] in
        guard let uuid = subject.guest.uuid, let element = subject.domain.child("uuid") else {
          return []
        }
        return [(uuid, element)]
      } hit: { element, first in
        Hit(
          element, "the same uuid is in \(first)",
          do: "Give one of them another: virt-nest patch -i --new-identity.")
      }
    })
}
