internal import LosslessXML

extension Rule {
  /// A place that says something which no other should say.
  struct Claim {
    let subject: Subject
    let element: Element

    /// `FILE:LINE`.
    fileprivate var place: String { "\(subject.file):\(element.location.line)" }

    /// Whether both are in definitions of the same guest: one thing to say, not three.
    func isSameGuest(as other: Claim) -> Bool {
      subject.definition != other.subject.definition
        && (subject.guest.name == other.subject.guest.name
          || subject.guest.uuid != nil && subject.guest.uuid == other.subject.guest.uuid)
    }
  }

  /// The places where something is said again that an earlier file, or place, says.
  ///
  /// - Parameter hit: what to say about a claim, given the first of its kind and where that stands.
  static func repeated<Key: Hashable>(
    _ subjects: [Subject], keys: (Subject) -> [(Key, Element)],
    hit: (_ claim: Claim, _ first: Claim, _ place: String) -> Hit?
  ) -> [(file: Int, hit: Hit)] {
    var first: [Key: Claim] = [:]
    var places: [Key: String] = [:]
    var hits: [(file: Int, hit: Hit)] = []
    for (index, subject) in subjects.enumerated() {
      for (key, element) in keys(subject) {
        let claim = Claim(subject: subject, element: element)
        guard let earlier = first[key] else {
          first[key] = claim
          continue
        }
        let place = places[key] ?? earlier.place
        places[key] = place
        if let hit = hit(claim, earlier, place) { hits.append((index, hit)) }
      }
    }
    return hits
  }
}
