internal import LosslessXML

extension Rule {
  static let switchedOn = Rule(
    8, .warning, "Nesting switched off, and on again behind it",
    reason: """
      QEMU merges every -machine, and the last value of a property counts, without a word: what \
      reads as off runs with nesting.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)",
    versions: "all"
  ) { subject in
    guard case .on(let api) = subject.nesting.effective, subject.spelledWithUnderscore.isEmpty,
      let last = subject.nesting.contributions.last(where: { $0.value == .on && $0.api == api })
    else { return [] }
    return subject.nesting.overruled.filter { $0.value == .off }.map { contribution in
      Hit(
        contribution.element,
        "nesting is switched off here, and on again by \(last.text) in line "
          + "\(last.location.line): it is on",
        do: "Keep one of the two: virt-nest patch -i --nested, or --no-nested.")
    }
  }
}
