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
  ) { checked, found in
    guard checked.isForQEMU else { return }
    checked.findSecondaryVideo(&found)
    checked.findSourcesTooMany(&found)
    for device in checked.devices + checked.domain.all(["perf", "event"]) {
      for (what, element) in device.claims {
        guard let line = found.earlierLine(of: what, device) else { continue }
        found.add(
          element, "\(what) is in line \(line) already, and libvirt refuses a second",
          advice: "Remove one of the two, or give it a number or address of its own.")
      }
    }
  }
}

extension CheckedGuest {
  /// Video devices beside the first one that can be the first one alone.
  fileprivate func findSecondaryVideo(_ found: inout Findings) {
    let all = devices("video")
    let primary = all.first { $0.child("model")?["primary"] == "yes" } ?? all.first
    for video in all
    where video != primary
      && !["qxl", "virtio", "ramfb"].contains(video.child("model")?["type"] ?? "vga")
    {
      found.add(
        video, "only the first video device can be of this model",
        advice: "Write <model type='virtio'/>, or remove it.")
    }
  }

  /// Sources of character devices beside the first one, or beside the second one of udp.
  fileprivate func findSourcesTooMany(_ found: inout Findings) {
    let kinds = ["serial", "parallel", "console", "channel", "redirdev", "smartcard"]
    for device in devices where kinds.contains(device.localName) {
      let sources = device.children("source").dropFirst(device["type"] == "udp" ? 2 : 1)
      guard let source = sources.first else { continue }
      found.add(
        source, "a character device has one source, or two of type 'udp'",
        advice: "Remove this one.")
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
      type != "usb" || !isUSBCompanion
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
    guard let address = child("address") else { return claims }
    if let (bus, port) = usbPort { claims.append(("the USB address \(bus):\(port)", address)) }
    let (kind, parts): (String, [String])
    switch address["type"] {
    case "pci" where address["slot"] != nil:
      (kind, parts) = ("PCI", ["domain", "bus", "slot", "function"])
    case "drive" where localName == "disk":
      (kind, parts) = (
        "drive \(child("target")?["bus"] ?? "")", ["controller", "bus", "target", "unit"]
      )
    case "virtio-serial" where address["port"] ?? "0" != "0":
      (kind, parts) = ("virtio-serial", ["controller", "bus", "port"])
    // A console is the first serial device once more.
    case "spapr-vio" where address["reg"] != nil && localName != "console":
      (kind, parts) = ("virtual I/O", ["reg"])
    default: return claims
    }
    let numbers = parts.compactMap { Int(libvirt: address[$0] ?? "0") }
    guard numbers.count == parts.count else { return claims }
    let text =
      parts == ["reg"]
      ? "0x" + String(numbers[0], radix: 16) : numbers.map(String.init).joined(separator: ":")
    return claims + [("the \(kind) address \(text)", address)]
  }
}
