internal import LosslessXML

/// What libvirt adds to a definition, and what it leaves out of it, so that neither is a difference.
extension DefinitionMerge {
  // MARK: Attributes

  /// Attributes that libvirt fills in, by the last two parts of their place, with the values that it
  /// gives them; none for values that depend on the rest of the definition.
  private static let filledAttributes: [String: Set<String>] = [
    "vcpu/@placement": ["static"], "type/@arch": [], "type/@machine": [], "cpu/@mode": ["custom"],
    "cpu/@match": ["exact"], "cpu/@check": ["none", "partial", "full"], "model/@fallback": [],
    "topology/@dies": ["1"], "topology/@clusters": ["1"], "cell/@id": [],
    "clock/@offset": ["utc"], "loader/@type": ["rom"], "nvram/@type": ["file"],
    "disk/@type": ["file"], "disk/@device": ["disk"], "disk/@snapshot": ["no"],
    "driver/@name": ["qemu"], "driver/@type": ["raw"], "encryption/@engine": ["qemu"],
    "target/@bus": [], "target/@port": [], "target/@type": [], "source/@startupPolicy": [],
    "source/@mode": ["bind", "vepa"], "source/@type": [], "protocol/@type": ["raw"],
    "controller/@index": [], "controller/@model": [], "console/@type": ["pty"],
    "graphics/@port": ["-1"], "graphics/@autoport": ["yes"], "graphics/@listen": [],
    "listen/@address": [], "listen/@type": ["address"], "hostdev/@managed": ["no"],
    "hostdev/@display": ["off"], "hostdev/@mode": ["subsystem"], "adapter/@type": [],
    "filesystem/@accessmode": ["passthrough"], "filesystem/@type": ["mount"],
    "filesystem/@model": [], "panic/@model": ["pseries"], "vsock/@model": ["virtio"],
    "cid/@auto": ["no"], "memballoon/@model": ["virtio"], "input/@bus": [], "audio/@id": [],
    "audio/@type": ["none"], "model/@primary": ["yes"], "model/@heads": ["1"], "model/@vram": [],
    "model/@vgamem": [], "model/@ram": [],
  ]

  /// Whether libvirt gives an element this attribute where a definition leaves it out.
  static func isFilled(attribute name: String, of element: Element, at path: [String]) -> Bool {
    let last = path.last ?? ""
    if name == "unit" || last == "address" { return true }
    guard let values = filledAttributes["\(last)/@\(name)"] else { return false }
    return values.isEmpty || values.contains(element[name] ?? "")
  }

  /// What libvirt does not keep of a definition: what belongs to one run of a guest.
  static func isDropped(
    attribute name: String, _ value: String, of element: Element, at path: [String]
  ) -> Bool {
    name == "index" && path.last != "controller" || name == "tray" || name == "tty"
      || path.isEmpty && name == "id" || name == "autoport" && value == "no"
      || name == "primary" && value == "no"
  }

  // MARK: Elements

  /// What libvirt does not keep of a definition.
  static func isDropped(_ element: Element, at path: [String]) -> Bool {
    switch element.localName {
    case "alias": return element["name"]?.hasPrefix("ua-") != true
    case "mirror": return true
    case "protocol": return element["type"] == "raw"
    case "source":
      return element.attributes.allSatisfy { element.name(of: $0) == "mode" }
        && element.isLeaf
    case "seclabel": return element["type"] == "dynamic"
    case "label", "imagelabel": return path == ["seclabel"]
    default:
      // An empty element that says nothing by being there.
      let isBare =
        element.attributes.isEmpty && element.isLeaf && element.text.allSatisfy(\.isWhitespace)
      let place = WordTable.standard.place(path + [element.localName])
      return isBare && place?.isEmpty == false
    }
  }

  /// Elements that libvirt fills in, by their place.
  private static let filled: Set<String> = [
    "uuid", "resource", "os/firmware/feature", "devices/emulator", "devices/panic",
    "devices/disk/readonly", "devices/interface/mac", "devices/console/target",
    "devices/serial/target", "devices/serial/target/model", "devices/graphics/listen",
    "devices/channel/protocol", "devices/redirdev/protocol", "devices/redirdev/source",
    "devices/rng/backend/protocol", "devices/channel/source", "iothreadids", "iothreadids/iothread",
    "cpu/model", "os/nvram",
    "devices/interface/source/address", "devices/video/model", "devices/graphics/image",
  ]

  /// Whether libvirt puts an element beside what a definition says, so that it need not be there.
  func isFilled(_ element: Element, at path: [String], in new: Element) -> Bool {
    if element.localName == "address", path.count == 3 { return true }
    if element.localName == "backingStore", element.attributes.isEmpty { return true }
    let place = path.joined(separator: "/")
    if Self.filled.contains(place) { return true }
    let hasDefaults = element.attributes.allSatisfy {
      Self.isFilled(attribute: element.name(of: $0), of: element, at: path)
    }
    switch place {
    case "vcpu": return element.text == "1"
    case "currentMemory":
      return element.parent?.child("memory").map { Self.size(of: $0) == Self.size(of: element) }
        == true
    case "clock", "devices/disk/driver": return hasDefaults && element.isLeaf
    case "on_poweroff", "on_crash": return element.text == "destroy"
    case "on_reboot": return element.text == "restart"
    case "os/boot": return element["dev"] == "hd"
    case "devices/interface/model": return ["rtl8139", "virtio"].contains(element["type"])
    case "cpu": return hasDefaults && element.children.allSatisfy { $0.localName == "model" }
    default: break
    }
    guard path.count == 2, path[0] == "devices" else { return false }
    switch element.localName {
    case "controller":
      switch element["type"] {
      case "pci", "usb", "virtio-serial", "ccid": return true
      case "scsi": return element["model"] == "ibmvscsi"
      default: return false
      }
    case "memballoon": return element["model"] == "virtio"
    case "video", "audio", "input": return hasGraphics || element.localName == "audio"
    case "console": return new.child("serial") != nil
    case "serial": return new.child("console") != nil && new.child("serial") == nil
    default: return false
    }
  }
}
