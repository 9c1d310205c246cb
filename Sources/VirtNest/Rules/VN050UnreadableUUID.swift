internal import LosslessXML

extension Rule {
  static let unreadableUUID = Rule(
    50, .error, "A uuid that libvirt cannot read",
    reason: "libvirt says \"malformed uuid element\".",
    source: "libvirt, src/util/viruuid.c, virUUIDParse", versions: "all"
  ) { subject in
    guard let element = subject.domain.child("uuid"), subject.guest.uuid == nil else { return [] }
    return [
      Hit(
        element, "'\(element.text.trimmingSpaces)' is no uuid",
        do: "Write 32 hexadecimal digits, as uuidgen prints them.")
    ]
  }
}
