internal import LosslessXML

/// A section or device of a guest, in the words that would change it.
package struct GuestWords: Sendable {
  /// The section or kind of device.
  package let kind: String
  /// What picks it of several; `nil` where it is the only one.
  package let selector: String?
  /// What it says, in the order of the definition; an empty key is the text of a section.
  package let values: [WordChange.Assignment]
  /// All of it as one change: `disk:vda,path=/a.qcow2,bus=virtio`.
  package let text: String
  /// Whether there is nothing in it that no word says.
  package let isComplete: Bool

  /// Every section and device of a definition, in its order.
  static func all(of definition: DomainDefinition) -> [GuestWords] {
    let editor = DomainEditor(definition)
    return WordKind.inWords
      .flatMap { kind -> [(Element, GuestWords)] in
        if kind.path.isEmpty {
          return definition.domain.rootSections.map { ($0, GuestWords(ofRootSection: $0)) }
        }
        let elements = editor.elements(of: kind)
        let selectors = ElementSelectors(elements, kind)
        return elements.map { ($0, GuestWords($0, kind, selectors)) }
      }
      .sorted { $0.0.range.lowerBound < $1.0.range.lowerBound }
      .map(\.1)
  }

  private init(_ element: Element, _ kind: WordKind, _ selectors: ElementSelectors) {
    let reading = WordReading(of: element, kind)
    self.kind = kind.name
    selector = kind.isMany ? selectors.selector(for: element) : nil
    values = kind.short(reading.words.map { .init(key: $0.key, value: $0.value) })
    text = WordReading.text(kind, selector: selector, values)
    isComplete = reading.others.isEmpty
  }

  /// A section whose name means virt-install's option, in the words of that: `memory=4,unit=GiB`.
  private init(ofRootSection element: Element) {
    let reading = WordReading(ofRootSection: element)
    kind = element.localName
    selector = nil
    let words = reading.words.map { word in
      let rest = word.key.dropFirst(element.localName.count)
      return WordChange.Assignment(key: String(rest.drop { $0 == "." }), value: word.value)
    }
    // libvirt takes a number without a unit as KiB, virt-install as MiB.
    let hasUnit = kind != "memory" || words.contains { $0.key == "unit" }
    values =
      words.filter(\.key.isEmpty) + (hasUnit ? [] : [.init(key: "unit", value: "KiB")])
      + words.filter { !$0.key.isEmpty }
    text = kind + values.map { ($0.key.isEmpty ? "" : "," + $0.key) + "=" + $0.value }.joined()
    isComplete = reading.others.isEmpty
  }
}

extension WordKind {
  /// Short keys for a source, by the type of the device.
  private static let shortKeys: [(element: String, type: String, key: String, short: String)] = [
    ("disk", "file", "source.file", "path"), ("disk", "block", "source.dev", "path"),
    ("interface", "network", "source.network", "network"),
    ("interface", "bridge", "source.bridge", "bridge"),
  ]

  /// The keys that a short one stands for.
  func keys(ofShort key: String) -> [String] {
    Self.shortKeys.filter { $0.element == element && $0.short == key }.map(\.key)
  }

  /// Words with one in place of the type and source of a disk or interface.
  fileprivate func short(_ words: [WordChange.Assignment]) -> [WordChange.Assignment] {
    let type = words.first { $0.key == "type" }?.value
    guard let form = Self.shortKeys.first(where: { $0.element == element && $0.type == type }),
      let source = words.firstIndex(where: { $0.key == form.key }),
      element == "interface" || words[source].value.hasPrefix("/")
    else { return words }
    // The path says the type.
    let isSaid =
      element == "interface"
      || (words[source].value.hasPrefix("/dev/") == (form.type == "block"))
    var result = words
    result[source].key = form.short
    let first = result.remove(at: source)
    return [first] + result.filter { $0.key != "type" || !isSaid }
  }
}
