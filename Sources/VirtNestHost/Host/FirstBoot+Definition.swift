internal import LosslessXML
package import VirtNest

extension FirstBoot {
  /// Whom a definition is of: the guest's name, and libosinfo's id of the system in it.
  package static func subject(of definition: DomainDefinition) -> (name: String, osinfoID: String?)
  {
    let namespace = DomainNamespace.libosinfo
    let system = definition.domain.child("metadata")?.child("libosinfo", in: namespace)?
      .child("os", in: namespace)
    return (definition.domain.child("name")?.text ?? "", system?["id"])
  }
}
