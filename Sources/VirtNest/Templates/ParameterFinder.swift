internal import LosslessXML

/// Proposes parameters for a definition: the values that usually differ between guests.
struct ParameterFinder {
  typealias Place = (target: ParameterPlace.Target, value: String)

  /// A proposed parameter.
  struct Found {
    var name: String
    var type: String
    var help: String
    var defaultText: String?
    var pattern: String?
    /// The places and the values that are written there.
    var places: [Place]
    /// The same place as an XPath expression, where a word names it.
    var expression: String?

    /// The parameter as an element of the block.
    var element: NewElement {
      var element = NewElement(
        "nest:parameter",
        ["name": name, "type": type, "default": defaultText, "pattern": pattern])
      element.children.append(NewElement("nest:help", text: help))
      for place in places {
        let attribute = if case .word = place.target { "word" } else { "select" }
        element.children.append(
          NewElement(
            "nest:set", [attribute: place.target.description, "value": place.value]))
      }
      return element
    }
  }

  private let definition: DomainDefinition
  let domain: Element
  let guest: Guest
  let release: Release?
  /// Elements whose values a template does not keep.
  let renewed: Set<Element>

  init(_ definition: DomainDefinition, _ guest: Guest, _ release: Release?) {
    self.definition = definition
    domain = definition.domain
    self.guest = guest
    self.release = release
    renewed = Set(
      definition.identityParts.compactMap { part in
        if case .kept = part.renewal { nil } else { part.element }
      })
  }

  /// The proposed parameters, in the order in which libvirt prints their places.
  func parameters() -> [Found] {
    var found: [Found] = []
    if let name { found.append(name) }
    if release != nil, guest.osinfoID != nil { found.append(system) }
    if let memory { found.append(memory) }
    if let vcpus { found.append(vcpus) }
    found += disks
    found += networks
    let taken = Set(
      found.flatMap {
        $0.places.map(\.target) + [$0.expression.map { .xpath($0) }].compactMap(\.self)
      })
    found += otherPaths.filter { path in !path.places.contains { taken.contains($0.target) } }
    return Self.unique(found)
  }

  private static func unique(_ parameters: [Found]) -> [Found] {
    var names: Set<String> = Set(Template.reservedNames)
    return parameters.map { parameter in
      var unique = parameter
      // The target of a disk may be any text.
      let name = String(
        parameter.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" })
      unique.name = name
      var number = 2
      while !names.insert(unique.name).inserted {
        unique.name = "\(name)-\(number)"
        number += 1
      }
      unique.places = unique.places.map { place in
        (place.target, place.value.replacing("{\(parameter.name)}", with: "{\(unique.name)}"))
      }
      return unique
    }
  }

  // MARK: Identity

  private var name: Found? {
    guard let name = guest.name, domain.children("name").count == 1 else { return nil }
    return Found(
      name: "name", type: "string", help: "Name of the guest.",
      defaultText: counted.map { number in
        Self.literal(String(name[..<number.lowerBound]))
          + "{index:0\(name[number].count)}" + Self.literal(String(name[number.upperBound...]))
      },
      pattern: "[^/\\n]+",
      places: [(.xpath("/domain/name"), "{name}")] + namesInMetadata.map { ($0, "{name}") })
  }

  /// Where others have written the name.
  private var namesInMetadata: [ParameterPlace.Target] {
    definition.identityParts.compactMap { part in
      guard case .follows(.name, let attribute) = part.renewal,
        let place = part.element.selectingXPath
      else { return nil }
      return .xpath(place + (attribute.map { "/@" + $0 } ?? ""))
    }
  }

  /// The number in the name that counts the guests: the last one that is not the release.
  private var counted: Range<String.Index>? {
    guard let name = guest.name,
      let last = name.ranges(of: #/[0-9.]*[0-9]/#).last(where: { name[$0] != release?.id ?? "" }),
      let number = name[last].ranges(of: #/[0-9]+/#).last, name[number].count < 10
    else { return nil }
    return number
  }

  /// The number in the definition's own name; `nil` for 0 and for none.
  var firstIndex: Int? {
    counted.flatMap { range in guest.name.flatMap { Int($0[range]) } }.flatMap {
      $0 > 0 ? $0 : nil
    }
  }

  private var system: Found {
    Found(
      name: "os", type: "string",
      help: "The libosinfo id of the guest's operating system. It depends on the release.",
      defaultText: "{osinfo}",
      places: [(.xpath("/domain/metadata/libosinfo:libosinfo/libosinfo:os/@id"), "{os}")])
  }

  // MARK: Size

  private var memory: Found? {
    guard let memory = guest.memory, memory.bytes > 0, domain.children("memory").count == 1,
      domain.first(["cpu", "numa"]) == nil, domain.child("maxMemory") == nil
    else { return nil }
    var places: [Place] = [(.xpath("/domain/memory"), "{memory:\(unit("memory"))}")]
    let current = domain.children("currentMemory")
    if current.count == 1, guest.currentMemory == memory {
      places.append((.xpath("/domain/currentMemory"), "{memory:\(unit("currentMemory"))}"))
    } else if !current.isEmpty {
      return nil
    }
    return Found(
      name: "memory", type: "size", help: "Memory of the guest.", places: places)
  }

  private func unit(_ element: String) -> String { domain.child(element)?["unit"] ?? "KiB" }

  private var vcpus: Found? {
    let elements = domain.children("vcpu")
    guard elements.count == 1, elements[0]["current"] == nil, let vcpus = guest.vcpus,
      elements[0].text.trimmingSpaces == String(vcpus.count), domain.child("vcpus") == nil,
      domain.first(["cpu", "numa"]) == nil, domain.first(["cputune", "vcpupin"]) == nil
    else { return nil }
    var places: [Place] = [(.xpath("/domain/vcpu"), "{vcpus}")]
    if let topology = vcpus.topology {
      guard topology.sockets == 1, topology.threads == 1, topology.dies ?? 1 == 1 else {
        return nil
      }
      places.append((.xpath("/domain/cpu/topology/@cores"), "{vcpus}"))
    } else if domain.first(["cpu", "topology"]) != nil {
      return nil
    }
    return Found(
      name: "vcpus", type: "integer", help: "Number of virtual CPUs.", places: places)
  }

  // MARK: Devices

  private var disks: [Found] {
    let disks = domain.all(["devices", "disk"])
    let sources = disks.map { disk in
      disk.child("source").flatMap { source in
        ["file", "dev"].first { source[$0]?.hasPrefix("/") == true }.map {
          (element: source, attribute: $0, path: source[$0] ?? "")
        }
      }
    }
    let words = words(of: disks, paths: sources.map { $0?.path })
    return disks.enumerated().compactMap { index, disk in
      guard let source = sources[index], let element = source.element.selectingXPath else {
        return nil
      }
      let expression = "\(element)/@\(source.attribute)"
      let target = disk.child("target")?["dev"]
      let kind = disk["device"] == "cdrom" ? "CD-ROM" : "disk"
      let name = index == 0 ? "disk" : "disk-\(target ?? String(index + 1))"
      return Found(
        name: name, type: "path",
        help: "Path on the host of the \(kind)\(target.map { " \($0)" } ?? "").",
        defaultText: withName(source.path),
        places: [(words[index] ?? .xpath(expression), "{\(name)}")], expression: expression)
    }
  }

  /// The words for the paths of disks, by which what hangs together with a path goes with it; none
  /// where a word for the path that is there would change something.
  private func words(of disks: [Element], paths: [String?]) -> [Int: ParameterPlace.Target] {
    let targets = disks.map { $0.child("target")?["dev"] ?? "" }
    let counts = Dictionary(grouping: targets, by: { TextKey($0) })
    var words: [Int: ParameterPlace.Target] = [:]
    for (index, target) in targets.enumerated()
    where paths[index] != nil && !target.isEmpty && counts[TextKey(target)]?.count == 1
      && target.utf8.allSatisfy({ $0.isLetter && $0 & 0x20 != 0 })
    {
      words[index] = .word("disk:\(target),path")
    }
    let changes = words.sorted { $0.key < $1.key }
      .compactMap { index, word in try? word.change(to: paths[index] ?? "") }
    return changes.count == words.count && definition.says(changes) ? words : [:]
  }

  private var networks: [Found] {
    let kinds = ["network": "network", "bridge": "bridge", "direct": "dev"]
    let interfaces = domain.all(["devices", "interface"])
    var count: [String: Int] = [:]
    return interfaces.compactMap { interface in
      guard let type = interface["type"], let attribute = kinds[type],
        let source = interface.child("source"), source[attribute] != nil,
        let select = source.selectingXPath
      else { return nil }
      let name = type == "direct" ? "device" : type
      count[name, default: 0] += 1
      let number = count[name] ?? 1
      let unique = number == 1 ? name : "\(name)-\(number)"
      return Found(
        name: unique, type: "string",
        help: "The \(type == "direct" ? "host device" : type) that an interface is connected to.",
        pattern: "[^/\\n]+",
        places: [(.xpath("\(select)/@\(attribute)"), "{\(unique)}")])
    }
  }
}

/// The paths in which a guest's name stands.
extension ParameterFinder {
  /// Paths that contain the guest's name, anywhere in the definition.
  var otherPaths: [Found] {
    guard guest.name != nil else { return [] }
    var found: [Found] = []
    for element in domain.descendants where !element.isInMetadata && !renewed.contains(element) {
      guard let select = element.selectingXPath else { continue }
      for attribute in element.attributes {
        let name = element.name(of: attribute)
        guard !name.contains(":"), let text = withName(element.value(of: attribute)) else {
          continue
        }
        found.append(path("\(element.localName)-\(name)", text, "\(select)/@\(name)"))
      }
      if element.isLeaf, let text = withName(element.text) {
        found.append(path(element.localName, text, select))
      }
    }
    return found
  }

  private func path(_ name: String, _ text: String, _ select: String) -> Found {
    Found(
      name: name, type: "path", help: "A path on the host that contains the guest's name.",
      defaultText: text, places: [(.xpath(select), "{\(name)}")])
  }

  /// A path in which `{name}` replaces the guest's name; `nil` if the text is not a path, or does not
  /// contain the name as a separate word.
  func withName(_ path: String) -> String? {
    guard let name = guest.name, !name.isEmpty, path.hasPrefix("/") else { return nil }
    let isWord = { (character: Character?) in
      character.map { $0.isLetter || $0.isNumber } ?? false
    }
    var text = ""
    var rest = path[...]
    var hasName = false
    while let range = rest.firstRange(of: name) {
      let before = rest[..<range.lowerBound]
      text += Self.literal(String(before))
      rest = rest[range.upperBound...]
      if isWord(before.last) || isWord(rest.first) {
        text += Self.literal(name)
      } else {
        text += "{name}"
        hasName = true
      }
    }
    return hasName ? text + Self.literal(String(rest)) : nil
  }

  /// Text for a value template, with braces escaped.
  static func literal(_ text: String) -> String {
    text.replacing("{", with: "{{").replacing("}", with: "}}")
  }
}
