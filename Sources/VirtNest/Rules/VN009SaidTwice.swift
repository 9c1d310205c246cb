internal import LosslessXML

extension Rule {
  static let saidTwice = Rule(
    9, .note, "Nesting switched on in two places",
    reason: """
      The second changes nothing today. Somebody who takes one out finds that nesting stays on.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.spelledWithUnderscore.isEmpty else { return [] }
    return NestedAPI.allCases.flatMap { api in
      let places = subject.nesting.contributions.filter { $0.api == api && $0.value == .on }
      return places.dropFirst().map { contribution in
        Hit(
          contribution.element,
          "\(api.machineProperty) is switched on here and in line \(places[0].location.line)",
          do: "Keep one: virt-nest patch -i --mechanism feature, or commandline.")
      }
    }
  }
}
