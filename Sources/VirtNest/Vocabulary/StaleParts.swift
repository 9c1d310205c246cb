internal import LosslessXML

/// What a change leaves behind although what it described is another.
///
/// Words take along what is bound to what they change. An expression, and a parameter that uses one, changes what
/// it selects and nothing else, so what has become false by it is said.
extension DomainDefinition {
  /// What no edit touches and the edits make false: what describes the old source of a device (``Binding``), what
  /// repeats the old name or uuid, and values that libvirt does not read beside others.
  func staleParts(in result: DomainDefinition, after edits: [Edit]) -> [Diagnostic] {
    staleIdentity(in: result, edits) + staleDevices(in: result, edits)
      + domain.unreadMemory(in: result.domain)
  }

  private func staleIdentity(in result: DomainDefinition, _ edits: [Edit]) -> [Diagnostic] {
    let changed = ["name", "uuid"].filter { name in
      result.domain.child(name).map { $0.text != domain.child(name)?.text } ?? false
    }
    guard !changed.isEmpty else { return [] }
    return writtenByOthers.compactMap { part in
      guard case .follows(let leader, _) = part.renewal, changed.contains(leader.rawValue),
        !edits.touch(part.range)
      else { return nil }
      return .warning(
        "bound", "\(part.what) is still the old one",
        advice: "Change it too, or let a copy have its own: \(.newIdentity).",
        at: part.element.place)
    }
  }

  private func staleDevices(in result: DomainDefinition, _ edits: [Edit]) -> [Diagnostic] {
    let starts = result.domain.devices.map { ($0.range.lowerBound, $0) }
    let results = Dictionary(starts) { first, _ in first }
    let places = MovedPlaces(edits)
    return domain.devices.flatMap { device in
      guard edits.touch(device.range),
        let after = results[places.offset(of: device.range.lowerBound)],
        after.localName == device.localName
      else { return [Diagnostic]() }
      return device.staleParts(in: after, edits) + device.staleFormat(in: after, edits)
        + device.unreadValues(in: after)
    }
  }
}

extension Element {
  // MARK: Sources

  /// What says which source a device has.
  private var sourceNames: [String] {
    let keys = [
      "file", "dev", "dir", "name", "volume", "path", "network", "bridge", "address", "host",
      "port",
      "service", "pool", "protocol", "namespace",
    ]
    return children("source").flatMap { source in
      keys.compactMap { source[$0] }
        + (source.child("address").map { address in
          address.attributes.map { address.value(of: $0) }
        } ?? [])
    } + hostNames
  }

  /// The hosts of a disk of the network.
  private var hostNames: [String] {
    children("source").flatMap { $0.children("host") }.compactMap { $0["name"] ?? $0["socket"] }
  }

  /// The parts of a device that describe its old source, and that edits leave as they are.
  fileprivate func staleParts(in after: Element, _ edits: [Edit]) -> [Diagnostic] {
    let old = sourceNames
    guard !old.isEmpty, old != after.sourceNames || self["type"] != after["type"] else { return [] }
    // Another image of one cluster has the same hosts and the same secret.
    let isSameCluster =
      self["type"] == "network" && after["type"] == "network"
      && child("source")?["protocol"] == after.child("source")?["protocol"]
      && (hostNames == after.hostNames
        || !Set(hostNames.map { TextKey($0) }).isDisjoint(with: after.hostNames.map { TextKey($0) }))
    let ofImage = ["snapshot", "encryption", "slices", "reservations", "seclabel"]
    var parts: [(name: String, range: Range<Int>, xpath: String)] = []
    let add = { (element: Element) in
      parts.append(
        (
          "<\(element.qualifiedName)>", element.range,
          element.selectingXPath ?? ""
        ))
    }
    for child in children {
      guard child.isNamed("source") else {
        if child.isBoundToSource, !(isSameCluster && child.isNamed("auth")) { add(child) }
        continue
      }
      for attribute in child.attributes {
        let name = child.name(of: attribute)
        guard Binding.of(child.path, "@" + name)?.kind == .source else { continue }
        parts.append(
          (
            "\(name)=", attribute.name.lowerBound..<attribute.value.upperBound,
            (child.selectingXPath ?? "") + "/@" + name
          ))
      }
      for part in child.children
      where part.isBoundToSource && (!isSameCluster || ofImage.contains(part.localName)) {
        add(part)
      }
    }
    return parts.filter { !edits.touch($0.range) }.map { part in
      .warning(
        "bound", "\(part.name) describes the old source '\(old[0])' and is still there",
        advice: "Remove it unless it describes the new one, too: \(.delete(xpath: part.xpath)).",
        at: Diagnostic.Place(part.range, document.location(of: part.range.lowerBound)))
    }
  }

  /// The format of a disk whose new image is named for another one, as its old one was not.
  fileprivate func staleFormat(in after: Element, _ edits: [Edit]) -> [Diagnostic] {
    let named = { (disk: Element) in
      disk.child("source").flatMap { $0["file"] ?? $0["dev"] ?? $0["volume"] }
        .flatMap { WordEdit.format(named: $0, of: disk["device"] ?? "disk") }
    }
    guard isNamed("disk"), let driver = child("driver"),
      let attribute = driver.attribute(named: "type"),
      !edits.touch(attribute.value), let format = after.child("driver")?["type"],
      let wanted = named(after), wanted != format, named(self) != wanted
    else { return [] }
    return [
      .warning(
        "bound", "the format is still \(format), and the image is named as \(wanted)",
        advice:
          "Change it too, unless the image is a \(format): \(.edit("disk", selector: child("target")?["dev"], value: "format=\(wanted)")).",
        at: driver.place)
    ]
  }

  /// Whether something in it describes the source of the device.
  private var isBoundToSource: Bool {
    let leaves = attributes.map { "@" + name(of: $0) } + ["#"]
    return leaves.contains { Binding.of(path, $0)?.kind == .source }
      || children.contains(where: \.isBoundToSource)
  }

  // MARK: What libvirt does not read

  /// Attributes that libvirt does not read where another one of their element is `yes`.
  private static let unread: [(device: String, child: String?, attribute: String, beside: String)] =
    [
      ("graphics", nil, "port", "autoport"), ("graphics", nil, "tlsPort", "autoport"),
      ("vsock", "cid", "address", "auto"),
    ]

  fileprivate func unreadValues(in after: Element) -> [Diagnostic] {
    Self.unread.filter { isNamed($0.device) }.compactMap { row in
      let (old, new) = (
        row.child.map { child($0) } ?? self, row.child.map { after.child($0) } ?? after
      )
      guard let new, new[row.beside] == "yes", let value = new[row.attribute], value != "-1",
        old?[row.attribute] != value
      else { return nil }
      return .warning(
        "bound",
        "libvirt chooses another \(row.attribute) than \(value), because of \(row.beside)='yes'",
        advice: "Remove \(row.beside): \(.delete(xpath: "//\(new.localName)/@\(row.beside)")).",
        at: old?.place ?? place)
    }
  }

  fileprivate func unreadMemory(in after: Element) -> [Diagnostic] {
    guard let memory = after.child("memory"), let size = memory.memorySize,
      child("memory")?.memorySize != size, let sum = after.memoryOfCells,
      size.inKibibytes != sum.inKibibytes
    else { return [] }
    return [
      .warning(
        "bound", "libvirt takes the memory of the NUMA cells, \(sum), and not \(size)",
        advice: "Let the cells follow: \(.property("memory", value: size.description)).",
        at: child("memory")?.place ?? place)
    ]
  }
}
