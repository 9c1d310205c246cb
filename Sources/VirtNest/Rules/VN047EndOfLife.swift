internal import LosslessXML

extension Rule {
  static let endOfLife = Rule(
    47, .note, "A release past its end of life",
    reason: "It gets no more updates, security fixes among them.",
    source: "the distributions' schedules, as the table of releases has them",
    versions: "see virt-nest template list"
  ) { subject in
    guard subject.isPSeries, let note = subject.release?.endOfLifeNote(today: subject.today),
      let element = subject.releaseElement
    else { return [] }
    return [Hit(element, attribute: "id", note, do: "Take a newer release for new guests.")]
  }
}
