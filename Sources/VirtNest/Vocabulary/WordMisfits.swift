internal import LosslessXML

/// What fits beside the old value only goes along with it.
extension DomainEditor {
  /// Removes what does not fit any more beside what is asked for, as queues of a disk that leaves virtio.
  func voidMisfits(_ edit: inout WordEdit, of element: Element) {
    let type = domain.first(["os", "type"])
    guard
      type?["machine"].map({ MachineType($0).isPSeries })
        ?? (type?["arch"]?.hasPrefix("ppc64") ?? false)
    else { return }
    let path = edit.kind.path.map { Step($0) }
    let rows = (PSeriesLimit.all + PSeriesLimit.pairs).filter { limit in
      limit.path == path && !limit.mends.isEmpty && !limit.holds(element.values)
    }
    var goesOn = true
    while goesOn {
      goesOn = false
      for limit in rows where limit.holds({ edit.values(at: $0, of: element) }) {
        let places = limit.mends.compactMap { edit.misfit($0) }
        guard places.count == limit.mends.count else { continue }
        for place in places { edit.take(place) }
        goesOn = true
      }
    }
  }
}

extension WordEdit {
  /// The values that a place of a device will have.
  fileprivate func values(at place: String, of element: Element) -> [String] {
    guard !place.hasPrefix("/") else { return element.values(at: place) }
    let place = WordPlace(inTable: place)
    let isMeant = { (value: WordValue) in
      value.place.steps == place.steps
        && (value.place.leaf == place.leaf || place.leaf == .text && value.place.leaf == .presence)
    }
    if let value = values.last(where: isMeant) { return value.value.map { [$0] } ?? [] }
    let names = place.steps.map(\.name)
    let isGone = values.contains { value in
      guard value.value == nil, !value.place.steps.isEmpty else { return false }
      if case .attribute = value.place.leaf { return false }
      return place.steps.starts(with: value.place.steps)
    }
    if isGone || names.first.map({ removed.contains($0) || stripped.contains($0) }) == true
      || names.count > 1 && removedBelow[names[0]]?.contains(names[1]) == true
    {
      return []
    }
    return element.values(at: place.inTable)
  }

  /// The place that a mend takes out; `nil` where it does something else, or the place is asked for.
  fileprivate func misfit(_ mend: PSeriesLimit.Mend) -> WordPlace? {
    let place: WordPlace
    switch mend {
    case .unset(let text): place = WordPlace(inTable: text)
    case .remove(let text?) where !text.hasPrefix("/"):
      place = WordPlace(steps: WordPlace(inTable: text + "/#").steps, leaf: .presence)
    default: return nil
    }
    let isAsked = values.contains { value in
      guard value.isAsked, value.value != nil else { return false }
      return place.leaf == .presence
        ? value.place.steps.starts(with: place.steps)
        : value.place.isSame(as: place)
    }
    return isAsked ? nil : place
  }

  /// Takes a place out.
  fileprivate mutating func take(_ place: WordPlace) {
    values.removeAll { $0.place.steps.starts(with: place.steps) && place.leaf == .presence }
    values.append(WordValue(place: place, value: nil, isAsked: false))
  }
}

extension WordPlace {
  /// A place of a table of limits: `target/@bus`, `wwn/#`.
  init(inTable text: String) {
    let (steps, name) = Element.split(text)
    self.init(
      steps: steps.map { Step($0.name) },
      leaf: name == "#" ? .text : .attribute(String(name.dropFirst())))
  }

  fileprivate var inTable: String {
    let name = if case .attribute(let name) = leaf { "@" + name } else { "#" }
    return (steps.map(\.name) + [name]).joined(separator: "/")
  }
}
