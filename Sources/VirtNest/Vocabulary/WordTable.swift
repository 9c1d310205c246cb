/// The places of a domain definition: elements, attributes and texts below `<domain>`, with the values
/// that they take and in the order in which libvirt prints them.
///
/// It is made from libvirt's schema by `make-words`, and kept as `words.txt`, so that the same command
/// gives the same bytes whatever libvirt is installed.
struct WordTable: Sendable {
  /// What an element may have.
  struct Place: Sendable {
    /// Its attributes, and the values of each where they are few; none for any.
    var attributes: [String: [String]] = [:]
    /// The values of its text; `nil` where it has no text, none for any.
    var text: [String]?
    /// Its children, in libvirt's order.
    var children: [String] = []
    /// The names of its attributes, in libvirt's order.
    var attributeOrder: [String] = []

    /// Whether the element says all by being there.
    var isEmpty: Bool { attributes.isEmpty && text == nil && children.isEmpty }
  }

  /// The table of this release.
  static let standard = WordTable(String(decoding: PackageResources.words_txt, as: UTF8.self))

  private let places: [String: Place]

  init(_ text: String) {
    var places: [String: Place] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let tab = line.firstIndex(of: "\t") else { continue }
      var place = Place()
      for word in line[line.index(after: tab)...].split(separator: " ") {
        let parts = word.split(separator: "=", maxSplits: 1)
        let values =
          parts.count > 1
          ? parts[1].split(separator: "|", omittingEmptySubsequences: false).map(String.init) : []
        switch word.first {
        case "@":
          place.attributes[String(parts[0].dropFirst())] = values
          place.attributeOrder.append(String(parts[0].dropFirst()))
        case "#": place.text = values
        default: place.children.append(String(word))
        }
      }
      places[String(line[..<tab])] = place
    }
    self.places = places
  }

  /// What the element at a path below `<domain>` may have; `nil` for one that the table lacks.
  func place(_ path: [String]) -> Place? { places[path.joined(separator: "/")] }

  /// The place of a child among its siblings; `nil` where it is not known.
  func rank(of child: String, in path: [String]) -> Int? {
    place(path)?.children.firstIndex(of: child)
  }

  /// Every path, for tests that walk the table.
  var paths: [[String]] {
    places.keys.sorted().map { $0.split(separator: "/").map(String.init) }
  }
}
