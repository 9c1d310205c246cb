internal import LosslessXML
internal import Synchronization

/// The places of a domain definition: elements, attributes and texts below `<domain>`, with the values
/// that they take and in the order in which libvirt prints them.
///
/// It is made from libvirt's schema by `make-words`, and kept as `words.txt`, so that the same command
/// gives the same bytes whatever libvirt is installed.
final class WordTable: Sendable {
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
  static let standard = WordTable(PackageResources.words_txt)

  /// The lines by their paths; what is behind a path is read when somebody asks for it.
  private let lines: [String: ArraySlice<UInt8>]
  private let read = Mutex<[String: Place]>([:])

  init(_ bytes: [UInt8]) {
    var lines: [String: ArraySlice<UInt8>] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
      guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { continue }
      lines[String(decoding: line[..<tab], as: UTF8.self)] = line[(tab + 1)...]
    }
    self.lines = lines
  }

  private static func place(_ line: ArraySlice<UInt8>) -> Place {
    var place = Place()
    for word in line.split(separator: UInt8(ascii: " ")) {
      let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1)
      let name = String(decoding: parts[0], as: UTF8.self)
      let values =
        parts.count > 1
        ? parts[1].split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
          .map { String(decoding: $0, as: UTF8.self) } : []
      switch name.utf8.first {
      case UInt8(ascii: "@"):
        place.attributes[String(name.dropFirst())] = values
        place.attributeOrder.append(String(name.dropFirst()))
      case UInt8(ascii: "#"): place.text = values
      default: place.children.append(String(decoding: word, as: UTF8.self))
      }
    }
    return place
  }

  /// What the element at a path below `<domain>` may have; `nil` for one that the table lacks.
  func place(_ path: [String]) -> Place? {
    let key = path.joined(separator: "/")
    return read.withLock { read in
      if let place = read[key] { return place }
      guard let line = lines[key] else { return nil }
      let place = Self.place(line)
      read[key] = place
      return place
    }
  }

  /// The place of a child among its siblings; `nil` where it is not known.
  func rank(of child: String, in path: [String]) -> Int? {
    place(path)?.children.firstIndex(of: child)
  }

  /// Every path, for tests that walk the table.
  var paths: [[String]] {
    lines.keys.sorted().map { $0.split(separator: "/").map(String.init) }
  }
}
