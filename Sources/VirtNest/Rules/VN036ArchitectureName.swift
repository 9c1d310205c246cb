internal import LosslessXML

extension Rule {
  static let architectureName = Rule(
    36, .error, "An architecture by another system's name",
    reason: """
      libvirt's names are ppc64le and ppc64. Debian and Ubuntu call theirs ppc64el, LLVM \
      powerpc64le; libvirt says "Unknown architecture".
      """,
    source: "libvirt, src/util/virarch.c; \(measured)", versions: "all"
  ) { subject in
    guard let name = subject.guest.architecture, let right = others[name] else { return [] }
    return [
      Hit(
        subject.machineElement, attribute: "arch", "libvirt knows no architecture '\(name)'",
        do: "Write arch='\(right)'.")
    ]
  }

  private static let others = [
    "ppc64el": "ppc64le", "powerpc64le": "ppc64le", "powerpc64el": "ppc64le",
    "powerpc64": "ppc64", "ppc64be": "ppc64",
  ]
}
