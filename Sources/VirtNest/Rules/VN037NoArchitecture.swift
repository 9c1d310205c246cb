internal import LosslessXML

extension Rule {
  static let noArchitecture = Rule(
    37, .warning, "A pseries machine without an architecture",
    reason: """
      libvirt then takes the host's, and on an x86 host looks for a QEMU for x86: "No emulator \
      found for arch 'x86_64'".
      """,
    source: "libvirt, docs/formatdomain.rst (os/type); \(measured)", versions: "all"
  ) { subject in
    guard subject.isPSeries, subject.guest.architecture == nil else { return [] }
    return [
      Hit(
        subject.machineElement, "no architecture is said, and libvirt takes the host's",
        do: "Write arch='ppc64le'.")
    ]
  }
}
