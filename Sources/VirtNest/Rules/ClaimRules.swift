internal import LosslessXML

/// Rules about what one device alone can have.
extension Rule {
  static let claimRules = [takenTwice]

  static let takenTwice = Rule(
    "VN067", .error, "A device, number or address that is there twice",
    reason: """
      libvirt says "only a single watchdog device is supported", "Multiple 'scsi' controllers with \
      index '0'", "Attempted double use of PCI Address", "Found duplicate drive address", "non \
      unique alias detected" and the like.
      """,
    source: "libvirt, src/conf/domain_validate.c, src/conf/domain_addr.c; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        <controller type='usb' model='none'/><watchdog model='i6300esb'/><watchdog model='i6300esb'/>
        """,
      right: "<controller type='usb' model='none'/><watchdog model='i6300esb'/>")
  ) { checked, rule in
    guard checked.isForQEMU else { return [] }
    var lines: [String: Int] = [:]
    let others = checked.secondaryVideo + checked.sourcesTooMany
    let events = checked.domain.children("perf").flatMap { $0.children("event") }
    return others.map { rule.finding($0) }
      + (checked.devices + events).flatMap { device in
        device.claims.compactMap { what, element in
          guard let line = lines[what] else {
            lines[what] = device.location.line
            return nil
          }
          return rule.finding(
            element, "\(what) is in line \(line) already, and libvirt refuses a second",
            advice: "Remove one of the two, or give it a number or address of its own.")
        }
      }
  }
}

extension CheckedGuest {
  /// Video devices beside the first one that can be the first one alone.
  fileprivate var secondaryVideo: [Fault] {
    let all = devices("video")
    let primary = all.firstIndex { $0.child("model")?["primary"] == "yes" } ?? 0
    return all.enumerated().filter { index, video in
      index != primary
        && !["qxl", "virtio", "ramfb"].contains(video.child("model")?["type"] ?? "vga")
    }.map { _, video in
      Fault(
        element: video, text: "only the first video device can be of this model",
        advice: "Write <model type='virtio'/>, or remove it.")
    }
  }

  /// Sources of character devices beside the first one, or beside the second one of udp.
  fileprivate var sourcesTooMany: [Fault] {
    devices.compactMap { device in
      let kinds = ["serial", "parallel", "console", "channel", "redirdev", "smartcard"]
      guard kinds.contains(device.localName) else { return nil }
      return device.children("source").dropFirst(device["type"] == "udp" ? 2 : 1).first.map {
        Fault(
          element: $0, text: "a character device has one source, or two of type 'udp'",
          advice: "Remove this one.")
      }
    }
  }
}

extension Element {
  /// What a device takes that another cannot take as well, in words, and where it says so.
  fileprivate var claims: [(what: String, element: Element)] {
    var claims: [(String, Element)] = []
    if ["watchdog", "nvram", "memballoon", "vsock", "iommu", "tpm", "smartcard"].contains(localName)
    {
      claims.append(("a <\(localName)>", self))
    }
    if localName == "panic" { claims.append(("a <panic> of model '\(self["model"] ?? "")'", self)) }
    if localName == "channel", let target = child("target"), target["type"] == "virtio",
      let name = target["name"]
    {
      claims.append(("the channel '\(name)'", target))
    }
    if localName == "console", child("target")?["type"] ?? "serial" == "serial" {
      claims.append(("a <console> on a serial port", self))
    }
    if localName == "controller", let type = self["type"], let index = self["index"],
      type != "usb" || child("master") == nil && self["model"]?.hasPrefix("ich9-uhci") != true
    {
      claims.append(("the \(type) controller \(index)", self))
    }
    if localName == "audio", let id = self["id"] { claims.append(("the audio device \(id)", self)) }
    if localName == "event", let name = self["name"] {
      claims.append(("the event '\(name)'", self))
    }
    if localName == "video", child("model")?["primary"] == "yes" {
      claims.append(("a primary video device", self))
    }
    if localName == "hostdev", let source = child("source"), let host = HostAddress.text(of: source)
    {
      claims.append(("the host's device \(host)", self))
    }
    if let alias = child("alias"), let name = alias["name"], name.hasPrefix("ua-") {
      claims.append(("the alias '\(name)'", alias))
    }
    if let address = child("address"), address["type"] == "usb", let port = address["port"] {
      claims.append(("the USB address \(address["bus"] ?? "0"):\(port)", address))
    }
    if let address = child("address") {
      let parts =
        switch address["type"] {
        case "pci" where address["slot"] != nil: ["domain", "bus", "slot", "function"]
        case "drive" where localName == "disk": ["controller", "bus", "target", "unit"]
        case "virtio-serial" where address["port"] != nil && address["port"] != "0":
          ["controller", "bus", "port"]
        // A console is the first serial device once more.
        case "spapr-vio" where address["reg"] != nil && localName != "console": ["reg"]
        default: [String]()
        }
      let numbers = parts.map { Int(libvirt: address[$0] ?? "0") }
      if !parts.isEmpty, numbers.allSatisfy({ $0 != nil }) {
        let text =
          parts == ["reg"]
          ? "0x" + String(numbers.compactMap(\.self)[0], radix: 16)
          : numbers.compactMap(\.self).map(String.init).joined(separator: ":")
        let bus = localName == "disk" ? " \(child("target")?["bus"] ?? "")" : ""
        let kinds = [
          "pci": "PCI", "drive": "drive\(bus)", "spapr-vio": "virtual I/O",
          "virtio-serial": "virtio-serial",
        ]
        let kind = kinds[address["type"] ?? ""] ?? ""
        claims.append(("the \(kind) address \(text)", address))
      }
    }
    return claims
  }
}
