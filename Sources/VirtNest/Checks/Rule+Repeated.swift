internal import LosslessXML

extension Rule {
  /// The places where something is said again that an earlier file, or place, says.
  static func repeated<Key: Hashable>(
    _ subjects: [Subject], keys: (Subject) -> [(Key, Element)],
    hit: (_ element: Element, _ first: String) -> Hit
  ) -> [(file: Int, hit: Hit)] {
    var first: [Key: String] = [:]
    var hits: [(file: Int, hit: Hit)] = []
    for (index, subject) in subjects.enumerated() {
      for (key, element) in keys(subject) {
        if let place = first[key] {
          hits.append((index, hit(element, place)))
        } else {
          first[key] = "\(subject.file):\(element.location.line)"
        }
      }
    }
    return hits
  }
}
