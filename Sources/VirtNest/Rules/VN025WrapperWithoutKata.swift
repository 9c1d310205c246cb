internal import LosslessXML

extension Rule {
  static let wrapperWithoutKata = Rule(
    25, .error, "A wrapper for a guest without kata in its name",
    reason: """
      The wrapper adds the capability to guests with 'kata' in their name, in any case, and to no \
      others.
      """,
    source: "the wrapper of virt-nest wrapper", versions: "all"
  ) { subject in
    guard case .dependsOnWrapper(let path) = subject.nesting.effective, subject.isPSeries,
      Emulator.isOurWrapper(path), let name = subject.guest.name, !GuestName.hasKata(name),
      let element = subject.domain.first(["devices", "emulator"])
    else { return [] }
    return [
      Hit(
        element, "the wrapper looks for 'kata' in the name, and '\(name)' has none: nesting is off",
        do: "Name the guest 'kata-\(name)', or switch nesting on by the definition: "
          + "virt-nest patch -i --mechanism feature.")
    ]
  }
}
