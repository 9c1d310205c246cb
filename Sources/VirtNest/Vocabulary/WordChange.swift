internal import LosslessXML

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
  /// Whether a device is added beside one that is the same.
  var addsEqual = false
  /// Whether a disk's format stays where the name of a new image does not say it.
  var keepsFormat = false

  /// Reads `WHAT[:SELECTOR][,KEY=VALUE]…`.
  ///
  /// The text splits at its first `:` or `,`, whichever comes first. A `:` begins a selector, which
  /// ends at the next single comma. A doubled comma is a comma. A part without `=` behind a key that
  /// holds lists or text belongs to that key's value. Quotes around a whole value are dropped.
  /// - Throws: ``InvalidValue`` for an unknown section or device, and a part that is not KEY=VALUE.
  public init(_ verb: Verb, _ text: String) throws(InvalidValue) {
    self.verb = verb
    self.text = text
    var parts = OptionList.parts(of: text)
    let head = parts.removeFirst()
    if let (name, selector) = head.parted(at: ":"), !name.contains("=") {
      kind = name
      self.selector = selector
    } else if let (name, value) = head.parted(at: "=") {
      // `iothreads=4` sets the text of a section.
      kind = name
      parts.insert("=" + value, at: 0)
    } else {
      kind = head
    }
    let known = try WordKind.named(kind)
    assignments = []
    for (index, part) in parts.enumerated() {
      if let (key, value) = part.parted(at: "=") {
        assignments.append(Assignment(key: key, value: Self.withoutQuotes(value)))
      } else if let last = assignments.indices.last,
        WordKind.listKeys.contains(
          Self.lastPart(
            of: assignments[last].key.isEmpty ? known.first ?? "" : assignments[last].key)
        )
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

  /// Reads arguments of QEMU's that libvirt passes through, as virt-install writes them.
  ///
  /// They are a command line for a shell, with or without `args=` before it, or `env=NAME=VALUE`, or
  /// `clearxml=yes`. A comma is an ordinary character.
  /// - Throws: ``InvalidValue`` for a quote that is not closed, and a variable without a value.
  public init(passthrough text: String) throws(InvalidValue) {
    verb = .add
    kind = "qemu-commandline"
    self.text = text
    let key = ["args", "env", "clearxml"].first { text.hasPrefix($0 + "=") }
    let value = key.map { String(text.dropFirst($0.count + 1)) } ?? text
    assignments = [
      Assignment(key: key ?? "args", value: key == "args" ? Self.withoutQuotes(value) : value)
    ]
    _ = try Passthrough(self)
  }

  /// Looks at keys and values as far as that needs no definition.
  private func checkKeys(of kind: WordKind) throws(InvalidValue) {
    if kind.element == "qemu:commandline" {
      _ = try Passthrough(self)
      return
    }
    _ = try WordEdit(self, kind)
    if kind.element == "cpu" { _ = try CPU(askedBy: self) }
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
    for key in ["kernel", "initrd", "dtb", "nvram", "acpi.table"] where kind.element == "os" {
      guard let path = value(key), !path.isEmpty, !path.hasPrefix("/") else { continue }
      throw InvalidValue("boot", text, "libvirt takes absolute paths only, not '\(path)'")
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
