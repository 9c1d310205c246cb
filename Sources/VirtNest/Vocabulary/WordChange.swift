/// A change in words: `disk:vda,cache=none`, `hostdev,0035:03:00.0`, `cputune,vcpupin0.vcpu=0`.
public struct WordChange: Hashable, Sendable {
  /// What is done.
  public enum Verb: String, Hashable, Sendable {
    case add
    case edit
    case remove
  }

  /// A key and its value; an empty value removes what the key names.
  public struct Assignment: Hashable, Sendable {
    /// The key as it was given; empty for a first part without `=`.
    public var key: String
    /// The value; empty removes what the key names.
    public var value: String
  }

  /// What is done.
  public var verb: Verb
  /// The section or kind of device, by any of its names.
  public var kind: String
  /// Which of several; `nil` where it is not given.
  public var selector: String?
  /// What it should have, in the order given.
  public var assignments: [Assignment]
  /// The text that was given, for messages.
  public let text: String

  /// Reads `WHAT[:SELECTOR][,KEY=VALUE]…`.
  ///
  /// The text splits at its first `:` or `,`, whichever comes first. A `:` begins a selector, which
  /// ends at the next single comma. A doubled comma is a comma. A part without `=` behind a key that
  /// holds lists or text belongs to that key's value. Quotes around a whole value are dropped.
  /// - Throws: ``InvalidValue`` for an unknown section or device, and a part that is not KEY=VALUE.
  public init(_ verb: Verb, _ text: String) throws(InvalidValue) {
    self.verb = verb
    self.text = text
    var parts = Self.parts(text)
    let head = parts.removeFirst()
    if let colon = head.firstIndex(of: ":"), !head[..<colon].contains("=") {
      kind = String(head[..<colon])
      selector = String(head[head.index(after: colon)...])
    } else if let equals = head.firstIndex(of: "=") {
      // `iothreads=4` sets the text of a section.
      kind = String(head[..<equals])
      parts.insert("=" + head[head.index(after: equals)...], at: 0)
    } else {
      kind = head
    }
    let known = try WordKind.named(kind)
    assignments = []
    for (index, part) in parts.enumerated() {
      if let equals = part.firstIndex(of: "=") {
        let value = String(part[part.index(after: equals)...])
        assignments.append(
          Assignment(key: String(part[..<equals]), value: Self.withoutQuotes(value)))
      } else if let last = assignments.indices.last,
        WordKind.listKeys.contains(Self.lastPart(of: assignments[last].key))
      {
        assignments[last].value += "," + part
      } else if known.element == "cpu", let sign = part.first, "+-".contains(sign) {
        let key = sign == "+" ? "force" : "disable"
        assignments.append(Assignment(key: key, value: String(part.dropFirst())))
      } else if known.element == "os", Self.bootDevices.contains(part) {
        assignments.append(Assignment(key: "", value: part))
      } else if known.element == "filesystem", index == 1, assignments.first?.key == "" {
        assignments.append(Assignment(key: "target", value: part))
      } else if index == 0 {
        assignments.append(Assignment(key: "", value: Self.withoutQuotes(part)))
      } else {
        throw InvalidValue(verb.rawValue, text, "'\(part)' is not KEY=VALUE")
      }
    }
    try checkKeys(of: known)
  }

  /// A change of a kind, with parts as they stand behind `WHAT[:SELECTOR],`.
  ///
  /// - Throws: ``InvalidValue`` as ``init(_:_:)`` does.
  public init(
    _ verb: Verb, _ kind: String, selector: String? = nil, parts: String
  ) throws(InvalidValue) {
    let head = kind + (selector.map { ":" + $0 } ?? "")
    try self.init(verb, parts.isEmpty ? head : head + "," + parts)
  }

  /// Puts a text into every value in place of a word in braces.
  mutating func fill(_ braces: String, with text: String) {
    for index in assignments.indices where assignments[index].value.contains(braces) {
      assignments[index].value.replace(braces, with: text)
    }
  }

  /// Looks at keys and values as far as that needs no definition.
  private func checkKeys(of kind: WordKind) throws(InvalidValue) {
    _ = try DomainEditor.values(of: self, kind)
    let value = { (key: String) in
      assignments.last { $0.key == key || $0.key.isEmpty && kind.first == key }?.value
    }
    for key in ["network", "bridge", "source", "type"] where kind.element == "interface" {
      guard value(key) == "" else { continue }
      throw InvalidValue("network", text, "\(key)= has no value")
    }
    if kind.element == "interface", let text = value("mac") ?? value("mac.address"), text != "" {
      guard let mac = MACAddress(text), !mac.isMulticast else {
        throw InvalidValue(
          "network", self.text, "'\(text)' is not a unicast address such as 52:54:00:12:34:56")
      }
    }
    guard kind.element == "disk" else { return }
    if let size = value("size") {
      throw InvalidValue(
        "disk", text,
        "a definition does not make images; make it first: qemu-img create -f qcow2 "
          + "\(value("path") ?? "PATH") \(size)G")
    }
    if let path = value("path"), !path.isEmpty, !path.hasPrefix("/"), !path.contains("://") {
      throw InvalidValue("disk", text, "libvirt takes absolute paths only, as in /var/lib/…")
    }
  }

  /// The parts between single commas; a doubled comma is one.
  static func parts(_ text: String) -> [String] {
    var parts = [""]
    var rest = text[...]
    while let character = rest.popFirst() {
      if character != "," {
        parts[parts.count - 1].append(character)
      } else if rest.first == "," {
        rest.removeFirst()
        parts[parts.count - 1].append(",")
      } else {
        parts.append("")
      }
    }
    return parts
  }

  private static func lastPart(of key: String) -> String {
    let last = key.split(separator: ".").last.map(String.init) ?? key
    return String(last.reversed().drop { ("0"..."9").contains($0) }.reversed())
  }

  private static func withoutQuotes(_ value: String) -> String {
    guard value.count > 1, let first = value.first, first == "'" || first == "\"",
      value.last == first
    else { return value }
    return String(value.dropFirst().dropLast())
  }
}
