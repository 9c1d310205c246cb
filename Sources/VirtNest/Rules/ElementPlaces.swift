internal import LosslessXML

/// The values at the places that the tables of limits name.
extension Element {
  /// Every element at the end of steps.
  func all(_ path: [Step]) -> [Element] {
    path.reduce([self]) { elements, step in
      elements.flatMap { step.name == "*" ? $0.children.map { $0 } : $0.children(step.name) }
    }
  }

  /// The values at a place in the element, or, where it begins with a slash, in the definition;
  /// libvirt's own choice where the definition leaves it open.
  func values(at place: String) -> [String] {
    let (steps, name) = Self.split(place)
    let value = { (element: Element) in
      name == "#" ? element.text.trimmingSpaces : element[String(name.dropFirst())]
    }
    if place.hasPrefix("/") { return document.root.all(steps).compactMap(value) }
    return (first(steps).flatMap(value) ?? libvirtsChoice(place)).map { [$0] } ?? []
  }

  /// A place's steps, and the attribute (`@bus`) or `#` at their end.
  static func split(_ place: String) -> (steps: [Step], name: String) {
    var steps = place.split(separator: "/").map(String.init)
    let name = steps.removeLast()
    return (steps.map { Step($0) }, name)
  }

  /// The elements at a place in the element, or, where it begins with a slash, in the definition.
  func elements(at place: String) -> [Element] {
    let steps = place.split(separator: "/").map { Step(String($0)) }
    return (place.hasPrefix("/") ? document.root : self).all(steps)
  }

  private func libvirtsChoice(_ place: String) -> String? {
    switch (localName, place) {
    case ("cpu", "@mode"): "custom"
    case ("disk", "@device"): "disk"
    case ("disk", "target/@bus"): Self.bus(ofDisk: child("target")?["dev"] ?? "")
    case ("feature", "@policy"): "require"
    case ("input", "@bus"): "usb"
    default: nil
    }
  }

  /// The bus that libvirt takes for a target's name (src/conf/domain_conf.c, virDiskNameToBusDeviceIndex).
  private static func bus(ofDisk target: String) -> String? {
    let buses = [("xvd", "xen"), ("hd", "ide"), ("sd", "scsi"), ("vd", "virtio"), ("fd", "fdc")]
    return buses.first { target.hasPrefix($0.0) }?.1
  }

  /// The controller that says that the guest has no USB.
  var withoutUSB: Element? {
    document.root.child("devices")?.children("controller").first {
      $0["type"] == "usb" && $0["model"] == "none"
    }
  }

  /// Whether it is the model of a CPU that is not the host's: libvirt drops it beside the others.
  var isCustomModel: Bool {
    ["custom", nil].contains(parent?["mode"])
  }
}
