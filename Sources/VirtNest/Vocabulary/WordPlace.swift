internal import LosslessXML

/// A place within an element, as a dotted key names it: `driver.iothread`, `vcpupin0.cpuset`.
///
/// A dotted key is a path of child elements whose last part is an attribute or the text of an element;
/// a number behind a name picks one of several, counted from 0, as in virt-install.
struct WordPlace: Hashable, Sendable {
  /// What the way ends in.
  enum Leaf: Hashable, Sendable {
    case attribute(String)
    case text
    /// The element says all by being there.
    case presence
  }

  var steps: [Step]
  var leaf: Leaf
  /// The values that it takes; none for any.
  var values: [String] = []

  /// Whether both are one place, whatever values it takes.
  func isSame(as other: WordPlace) -> Bool { steps == other.steps && leaf == other.leaf }

  /// Why a key leads to no place.
  private enum Failure: Error {
    /// No child and attribute of the element at the path has this name.
    case unknown(part: String, path: [String])
    /// It leads to the element at the path, which has parts.
    case incomplete(path: [String])
  }

  /// Finds the place of a key in the element at a path.
  ///
  /// - Throws: ``InvalidValue`` with the keys that fit, nearest first.
  init(
    _ key: String, in base: [String], of table: WordTable = .standard
  ) throws(InvalidValue) {
    do throws(Failure) {
      try self.init(finding: key, in: base, table)
    } catch {
      switch error {
      case .unknown(let part, let path): throw Self.unknown(key, part, in: path, table)
      case .incomplete(let path):
        let parts = Self.keys(below: path, table).map { "\(key).\($0)" }
        throw InvalidValue(
          "key", key, "name a part of it: \(parts.prefix(12).joined(separator: ", "))")
      }
    }
  }

  private init(
    finding key: String, in base: [String], _ table: WordTable
  ) throws(Failure) {
    var path = base
    var steps: [Step] = []
    let parts = Self.parts(of: key)
    for part in parts.dropLast() {
      guard let step = Self.step(part, in: path, table) else {
        throw .unknown(part: part, path: path)
      }
      steps.append(step)
      path.append(step.name)
    }
    let last = parts.last ?? ""
    let place = table.place(path) ?? WordTable.Place()
    if let name = Self.match(last, among: Array(place.attributes.keys)) {
      self.init(steps: steps, leaf: .attribute(name), values: place.attributes[name] ?? [])
      return
    }
    guard let step = Self.step(last, in: path, table) else {
      throw .unknown(part: last, path: path)
    }
    steps.append(step)
    let child = table.place(path + [step.name]) ?? WordTable.Place()
    if let values = child.text {
      self.init(steps: steps, leaf: .text, values: values)
    } else if child.isEmpty {
      self.init(steps: steps, leaf: .presence)
    } else if let values = child.attributes["state"] {
      // A switch: `<pmu state='on'/>`.
      self.init(steps: steps, leaf: .attribute("state"), values: values)
    } else {
      throw .incomplete(path: path + [step.name])
    }
  }

  /// Finds the place of a key that is given a value.
  ///
  /// An element that has parts is named by itself to be removed, by no value or `off`, or to be there,
  /// by `on`.
  /// - Throws: ``InvalidValue`` with the keys that fit, nearest first.
  init(_ key: String, for value: String, in base: [String]) throws(InvalidValue) {
    if let known = WordPlace(known: key, for: value, in: base) {
      self = known
    } else {
      try self.init(key, in: base)
    }
  }

  /// Finds the place of a key, given a value where there is one; `nil` where none is found, without the
  /// search for keys that are near.
  init?(known key: String, for value: String? = nil, in base: [String]) {
    let whole =
      value.map { ["", "on", "yes", "off", "no"].contains($0) } == true
      ? Self.element(key, in: base) : nil
    guard let found = (try? WordPlace(finding: key, in: base, .standard)) ?? whole else {
      return nil
    }
    self = found
    // A switch goes as a whole, whatever else it has.
    if value?.isEmpty == true, let whole, leaf == .attribute("state"), steps == whole.steps {
      self = whole
    }
  }

  /// The element that a key leads to, by itself; `nil` for none.
  private static func element(_ key: String, in base: [String]) -> WordPlace? {
    var steps: [Step] = []
    for part in parts(of: key) {
      guard let step = step(part, in: base + steps.map(\.name), .standard) else { return nil }
      steps.append(step)
    }
    return WordPlace(steps: steps, leaf: .presence)
  }

  init(steps: [Step], leaf: Leaf, values: [String] = []) {
    self.steps = steps
    self.leaf = leaf
    self.values = values
  }

  /// The value that an element has there; `nil` for none.
  func value(in element: Element) -> String? {
    guard let element = element.first(steps) else { return nil }
    switch leaf {
    case .attribute(let name): return element[name]
    case .text: return element.text
    case .presence: return "on"
    }
  }

  /// Whether a child of a name is on the way.
  func leads(to name: String) -> Bool { steps.contains { $0.name == name } }

  /// A value as it is written: one of those allowed, where there are such.
  ///
  /// - Throws: ``InvalidValue`` with the allowed values.
  func checked(_ value: String, key: String) throws(InvalidValue) -> String {
    let switches = ["on": "yes", "off": "no", "yes": "on", "no": "off"]
    if case .presence = leaf {
      guard switches[value] != nil else {
        throw InvalidValue(key, value, "it is on or off")
      }
      return value == "on" || value == "yes" ? "on" : "off"
    }
    guard !values.isEmpty, !values.contains(value) else { return value }
    if let other = switches[value], values.contains(other) { return other }
    throw InvalidValue(
      key, value, "the values are \(nearest(to: value, among: values).joined(separator: ", "))")
  }

  // MARK: Names

  /// The parts of a dotted key; a dot within brackets is part of a name.
  private static func parts(of key: String) -> [String] {
    var parts = [String.UnicodeScalarView()]
    var isInBrackets = false
    for scalar in key.unicodeScalars {
      if scalar == "[" || scalar == "]" { isInBrackets = scalar == "[" }
      if scalar == ".", !isInBrackets {
        parts.append(.init())
      } else {
        parts[parts.count - 1].append(scalar)
      }
    }
    return parts.map { String($0) }
  }

  /// A whole name comes before a name with a number behind it (`vram64`).
  private static func step(_ part: String, in path: [String], _ table: WordTable) -> Step? {
    let children = table.place(path)?.children ?? []
    if part.hasSuffix("]"), let bracket = part.firstIndex(of: "["),
      let equals = part.firstIndex(of: "="), bracket < equals
    {
      let attribute = String(part[part.index(after: bracket)..<equals])
      guard let name = match(String(part[..<bracket]), among: children),
        table.place(path + [name])?.attributes[attribute] != nil
      else { return nil }
      let value = String(part[part.index(after: equals)...].dropLast())
      return Step(name, key: Step.Key(attribute: attribute, value: value))
    }
    if let name = match(part, among: children) { return Step(name) }
    let digits = part.reversed().prefix { ("0"..."9").contains($0) }.reversed()
    let stem = String(part.dropLast(digits.count))
    guard !digits.isEmpty, digits.count < 6, let name = match(stem, among: children),
      let index = Int(String(digits))
    else { return nil }
    return Step(name, index: index)
  }

  private static func match(_ text: String, among names: [String]) -> String? {
    if names.contains(text) { return text }
    let lowered = text.lowercased()
    return names.first { $0.lowercased() == lowered }
  }

  private static func unknown(
    _ key: String, _ part: String, in path: [String], _ table: WordTable
  ) -> InvalidValue {
    let kind = WordKind.declared.first { $0.path == path }
    let known =
      keys(below: path, table) + (kind.map { $0.aliases.keys.sorted() + $0.derivedKeys } ?? [])
    let near = nearest(to: part, among: Array(Set(known))).prefix(12).joined(separator: ", ")
    let element = path.last ?? "domain"
    return InvalidValue("key", key, "<\(element)> has \(near)" + (known.count > 12 ? ", …" : ""))
  }

  /// The names that a key may go on with in an element.
  static func keys(below path: [String], _ table: WordTable = .standard) -> [String] {
    guard let place = table.place(path) else { return [] }
    return place.attributes.keys.sorted() + place.children
  }
}

/// Texts ordered by how many edits lead from them to another.
func nearest(to text: String, among candidates: [String]) -> [String] {
  candidates.map { ($0, editDistance(text.lowercased(), $0.lowercased())) }
    .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
}

/// How many letters are to be changed, added, left out or exchanged with the next.
package func editDistance(_ left: String, _ right: String) -> Int {
  let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8))
  var rows = [Array(0...right.count)]
  for (i, byte) in left.enumerated() {
    var row = [i + 1]
    for (j, other) in right.enumerated() {
      var least = min(rows[i][j] + (byte == other ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, byte == right[j - 1], left[i - 1] == other {
        least = min(least, rows[i - 1][j - 1] + 1)
      }
      row.append(least)
    }
    rows.append(row)
  }
  return rows[left.count][right.count]
}
