package import LosslessXML

/// A part of a definition that belongs to one guest, beside its name.
///
/// `create FILE`, `--new-identity`, `template new`, the checks of templates and the rule about several
/// files all ask for these parts, so that they agree about what two guests cannot share.
package struct IdentityPart: Sendable {
  /// What becomes of the part in a copy of the guest.
  package enum Renewal: Sendable {
    /// It is derived from the name: the uuid and the MAC addresses.
    case derived
    /// It follows the uuid.
    case followsUUID
    /// libvirt chooses a new value when these steps remove the old one.
    case chosenByLibvirt([Step])
    /// Only the user knows another value; the word by which it is given.
    case kept(Suggestion)
  }

  /// A step that removes the old value.
  package enum Step: Sendable {
    case remove(Element)
    case removeAttribute(String, Element)
    case setAttribute(String, Element, to: String)
    case clearText(Element)
  }

  /// The element that holds it.
  package let element: Element
  /// What it is, as in "the image /srv/a.qcow2".
  package let what: String
  /// What two guests of one host cannot have at once; `nil` if libvirt and QEMU accept it twice.
  package let key: String?
  /// What becomes of it in a copy.
  package let renewal: Renewal
}

extension DomainDefinition {
  /// The parts that belong to this guest, in the order of the document.
  package var identityParts: [IdentityPart] {
    var parts = IdentityParts(domain)
    parts.collect()
    return parts.found
  }
}
