internal import LosslessXML

extension Rule {
  static let refusedName = Rule(
    52, .error, "A name that libvirt refuses",
    reason: """
      Names of files and folders are made of it: libvirt takes no '/', no line end and no empty \
      name, and its QEMU driver trips over '.' and '..'.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainDefParseCaps; \(measured)", versions: "all"
  ) { subject in
    let element = subject.domain.child("name")
    let name = subject.guest.name ?? ""
    // Other control characters are taken, however unwise they are.
    guard
      name.isEmpty || name.contains("/") || name.contains(where: \.isNewline) || name == "."
        || name == ".."
    else { return [] }
    do throws(InvalidValue) {
      try GuestName.check(name)
      return []
    } catch {
      let message = element == nil ? "the guest has no name" : error.reason
      return [
        Hit(
          element ?? subject.domain, message, do: "Give it a name: virt-nest patch -i --name NAME.")
      ]
    }
  }
}
