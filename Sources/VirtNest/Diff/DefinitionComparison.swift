internal import LosslessXML

/// What a definition would change in the one that libvirt has, in meaning.
///
/// Both are printed in libvirt's format, without comments and passwords. What libvirt filled in by
/// itself is no difference, nor is another way to write a value; a device that the new definition no
/// longer has is one. What libvirt fills in was measured: 415 definitions, defined and printed again
/// (libvirt 9.0.0, its QEMU driver for ppc64).
package struct DefinitionComparison {
  /// libvirt's definition, printed.
  package let old: [UInt8]
  /// The same with what the new definition changes.
  package let new: [UInt8]

  /// Whether libvirt's definition says all that the new one says, and no more than libvirt fills in.
  package var isEmpty: Bool { old == new }

  /// Compares a definition with the one that libvirt has.
  ///
  /// - Parameter isWhole: whether the definition is libvirt's own with changes, so that what it leaves
  ///   out is a difference.
  package init(_ definition: DomainDefinition, with other: DomainDefinition, isWhole: Bool = false)
  {
    old = Self.printed(other)
    guard !isWhole else {
      new = Self.printed(definition)
      return
    }
    let merge = DefinitionMerge(
      hasGraphics: definition.domain.first(["devices", "graphics"]) != nil)
    new = merge.merged(other.domain, definition.domain, at: []).bytes(indentation: "")
  }

  /// A definition in libvirt's format.
  package static func printed(_ definition: DomainDefinition) -> [UInt8] {
    PrintedElement(definition.domain).bytes(indentation: "")
  }
}

/// An element as it is printed.
struct PrintedElement {
  var name: String
  var attributes: [(name: String, value: String)] = []
  var text = ""
  var children: [PrintedElement] = []

  init(name: String) { self.name = name }

  /// The element as it stands.
  init(_ element: Element) {
    name = element.qualifiedName
    attributes = element.attributes.map { attribute in
      let name = element.name(of: attribute)
      return (
        name, Self.isSecret(name, element) ? "(hidden)" : element.document.text(in: attribute.value)
      )
    }
    children = element.children.map { PrintedElement($0) }
    text = children.isEmpty ? element.text : ""
  }

  /// Passwords are not shown.
  static func isSecret(_ name: String, _ element: Element) -> Bool {
    name == "passwd" && element.localName == "graphics"
  }

  func bytes(indentation: String) -> [UInt8] {
    var tag = indentation + "<" + name
    for (name, value) in attributes {
      let quote = value.contains("'") ? "\"" : "'"
      tag += " \(name)=\(quote)\(value)\(quote)"
    }
    if !children.isEmpty {
      return Array((tag + ">\n").utf8)
        + children.flatMap { $0.bytes(indentation: indentation + "  ") }
        + Array("\(indentation)</\(name)>\n".utf8)
    }
    if text.allSatisfy(\.isWhitespace) { return Array((tag + "/>\n").utf8) }
    let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;")
    return Array("\(tag)>\(escaped)</\(name)>\n".utf8)
  }
}

/// Puts what a definition says into libvirt's.
struct DefinitionMerge {
  let hasGraphics: Bool

  /// libvirt's element with what the new one says.
  func merged(_ old: Element, _ new: Element, at path: [String]) -> PrintedElement {
    if Self.isSameSize(old, new) {
      var printed = PrintedElement(old)
      printed.attributes = attributes(old, new, at: path, exceptUnit: true)
      return printed
    }
    var printed = PrintedElement(name: old.qualifiedName)
    printed.attributes = attributes(old, new, at: path, exceptUnit: false)
    printed.children = children(old, new, at: path)
    if printed.children.isEmpty {
      printed.text = Self.isSame(old.text, new.text, at: path) ? old.text : new.text
    }
    return printed
  }

  /// Whether both hold one size, in whatever unit; libvirt counts in KiB and rounds up, and the size
  /// of a memory device to blocks of 256 MiB.
  private static func isSameSize(_ old: Element, _ new: Element) -> Bool {
    // With NUMA cells libvirt takes their sum.
    if ["memory", "currentMemory"].contains(old.localName), old.parent?.parent == nil,
      new.parent?.child("cpu")?.child("numa")?.child("cell") != nil
    {
      return true
    }
    guard old["unit"] != nil || new["unit"] != nil,
      let left = size(of: old), let right = size(of: new)
    else { return false }
    let step: UInt64 = old.parent?.parent?.localName == "memory" ? 256 << 20 : 1024
    return left >= right ? left - right < step : false
  }

  static func size(of element: Element) -> UInt64? {
    let unit = element["unit"].map { MemorySize.Unit($0) } ?? .kibibytes
    if UInt64(libvirt: element.text.trimmingSpaces) == 0 { return 0 }
    return unit.flatMap { try? MemorySize(element.text, defaultUnit: $0).bytes }
  }

  // MARK: Attributes

  private func attributes(
    _ old: Element, _ new: Element, at path: [String], exceptUnit: Bool
  ) -> [(name: String, value: String)] {
    var printed: [(name: String, value: String)] = []
    var seen: Set<String> = []
    let names = { (element: Element) in
      element.attributes.map { (element.name(of: $0), $0) }
    }
    let isDeclaration = { (name: String) in name == "xmlns" || name.hasPrefix("xmlns:") }
    let wanted = Dictionary(names(new), uniquingKeysWith: { first, _ in first })
    for (name, attribute) in names(old) {
      seen.insert(name)
      let written = old.document.text(in: attribute.value)
      if isDeclaration(name) {
        printed.append((name, written))
        continue
      }
      guard let other = wanted[name] else {
        let isFilled = Self.isFilled(attribute: name, of: old, at: path)
        if isFilled {
          printed.append((name, PrintedElement.isSecret(name, old) ? "(hidden)" : written))
        }
        continue
      }
      let isSame =
        exceptUnit && name == "unit"
        || Self.isSame(old.value(of: attribute), new.value(of: other), at: path + ["@" + name])
      if PrintedElement.isSecret(name, old) {
        printed.append((name, isSame ? "(hidden)" : "(hidden, different)"))
      } else {
        printed.append((name, isSame ? written : new.document.text(in: other.value)))
      }
    }
    for (name, attribute) in names(new) where !seen.contains(name) && !isDeclaration(name) {
      if Self.isDropped(attribute: name, new.value(of: attribute), of: new, at: path) { continue }
      let text = new.document.text(in: attribute.value)
      printed.append((name, PrintedElement.isSecret(name, new) ? "(hidden, different)" : text))
    }
    return printed
  }

  /// Whether two values mean the same to libvirt.
  private static func isSame(_ old: String, _ new: String, at path: [String]) -> Bool {
    let (left, right) = (old.trimmingSpaces, new.trimmingSpaces)
    if left.utf8.elementsEqual(right.utf8) { return true }
    switch path.joined(separator: "/") {
    // libvirt writes the machine type that an alias stands for.
    case "os/type/@machine": return left.hasPrefix(right + "-") && !right.contains("-")
    // One QEMU runs both.
    case "os/type/@arch": return Set([left, right]) == ["ppc64", "ppc64le"]
    case "uuid": return DomainUUID(left) != nil && DomainUUID(left) == DomainUUID(right)
    case "devices/interface/mac/@address":
      return MACAddress(left) != nil && MACAddress(left) == MACAddress(right)
    case "devices/interface/model/@type": return left == right.lowercased()
    default:
      guard let a = UInt64(libvirt: left), let b = UInt64(libvirt: right) else { return false }
      return a == b
    }
  }

  // MARK: Children

  private func children(
    _ old: Element, _ new: Element, at path: [String]
  ) -> [PrintedElement] {
    var rest = Array(new.children)
    var printed: [PrintedElement] = []
    let partners = Self.partners(of: Array(old.children), in: &rest)
    var lastOfName: [String: Int] = [:]
    for (child, partner) in zip(old.children, partners) {
      let place = path + [child.localName]
      if let partner {
        printed.append(merged(child, partner, at: place))
      } else if place == ["devices"] {
        // Without any device libvirt makes those that every guest has.
        var devices = PrintedElement(name: child.qualifiedName)
        devices.children = child.children.filter {
          isFilled($0, at: place + [$0.localName], in: new)
        }.map { PrintedElement($0) }
        printed.append(devices)
      } else if isFilled(child, at: place, in: new) {
        printed.append(Self.filled(child, at: place, of: old, new))
      } else {
        continue
      }
      lastOfName[child.localName] = printed.count
    }
    rest.removeAll { Self.isDropped($0, at: path) }
    // A new child stands behind the others of its name, or at the end.
    for child in rest.reversed() {
      printed.insert(PrintedElement(child), at: lastOfName[child.localName] ?? printed.count)
    }
    return printed
  }

  /// What libvirt fills in for an element that the new definition does not have.
  private static func filled(
    _ child: Element, at path: [String], of old: Element, _ new: Element
  ) -> PrintedElement {
    var printed = PrintedElement(child)
    if path == ["currentMemory"], let before = old.child("memory"),
      let memory = new.child("memory"), !isSameSize(before, memory)
    {
      printed.text = memory.text
      printed.attributes = memory["unit"].map { [("unit", $0)] } ?? []
    }
    return printed
  }

  /// The new element for each old one, which is taken from the list.
  private static func partners(of old: [Element], in new: inout [Element]) -> [Element?] {
    var partners = [Element?](repeating: nil, count: old.count)
    var open = [Bool](repeating: true, count: new.count)
    let name = { (element: Element) in "\(element.namespace ?? "") \(element.localName)" }
    var byKey: [String: [Int]] = [:]
    for (index, element) in new.enumerated().reversed() {
      if let key = key(of: element) { byKey["\(name(element)) \(key)", default: []].append(index) }
    }
    for (index, element) in old.enumerated() {
      guard let key = key(of: element), let found = byKey["\(name(element)) \(key)"]?.popLast()
      else { continue }
      partners[index] = new[found]
      open[found] = false
    }
    // Those without a key, in order.
    var byName: [String: [Int]] = [:]
    for (index, element) in new.enumerated().reversed() where open[index] {
      byName[name(element), default: []].append(index)
    }
    for (index, element) in old.enumerated() where partners[index] == nil {
      guard let found = byName[name(element)]?.last,
        key(of: element) == nil || key(of: new[found]) == nil
      else { continue }
      byName[name(element)]?.removeLast()
      partners[index] = new[found]
      open[found] = false
    }
    new = zip(new, open).filter(\.1).map(\.0)
    return partners
  }

  /// What tells an element from others of its name.
  private static func key(of element: Element) -> String? {
    switch element.localName {
    case "disk": return element.child("target")?["dev"]
    case "interface": return element.child("mac")?["address"]?.lowercased()
    case "controller": return "\(element["type"] ?? "") \(element["index"] ?? "0")"
    case "filesystem": return element.child("target")?["dir"]
    case "channel": return element.child("target")?["name"]
    case "graphics", "input", "video", "redirdev", "hub": return element["type"]
    case "vcpupin", "vcpu": return element["vcpu"] ?? element["id"]
    case "iothreadpin", "iothread": return element["iothread"] ?? element["id"]
    case "cell", "entry", "feature", "timer", "cachetune", "memnode":
      return element["id"] ?? element["name"] ?? element["cellid"]
    case "vcpusched", "iothreadsched": return element["vcpus"] ?? element["iothreads"]
    default: return nil
    }
  }
}
