internal import LosslessXML

extension Rule {
  static let switchedOff = Rule(
    7, .error, "Nesting switched on, and off again behind it",
    reason: """
      QEMU merges every -machine, and the last value of a property counts, without a word. \
      libvirt's own comes first, what <qemu:commandline> passes through behind it.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.nesting.effective == .off, subject.spelledWithUnderscore.isEmpty,
      let last = subject.nesting.contributions.last(where: { $0.value == .off })
    else { return [] }
    return subject.nesting.overruled.map { contribution in
      Hit(
        contribution.element,
        "nesting is switched on here, and off again by \(last.text) in line \(last.location.line): "
          + "it is off",
        do: "Keep one of the two: virt-nest patch -i --nested, or --no-nested.")
    }
  }
}
