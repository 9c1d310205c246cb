internal import LosslessXML

extension Rule {
  static let kataWithoutNesting = Rule(
    28, .note, "A name with kata, and no nesting",
    reason: """
      Guests are named so for Kata Containers, which need nesting. Only a wrapper that stands in \
      place of the distribution's QEMU would switch it on, and nothing here tells.
      """,
    source: "the source document's wrapper, which looks for kata in the name", versions: "all"
  ) { subject in
    guard subject.isPSeries, !subject.asksForNesting, subject.nesting.contributions.isEmpty,
      let name = subject.guest.name, GuestName.hasKata(name),
      let element = subject.domain.child("name")
    else { return [] }
    return [
      Hit(
        element, "'\(name)' reads like a guest that nests, and nothing here switches nesting on",
        do: "virt-nest patch -i --nested, or --no-nested --explicit to say that it is off.")
    ]
  }
}
