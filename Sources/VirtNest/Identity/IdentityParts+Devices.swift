internal import LosslessXML

/// What belongs to one guest in its devices.
extension IdentityParts {
  mutating func collect(disk: Element) {
    let name = disk.child("target")?["dev"] ?? "1"
    let device = disk["device"] ?? "disk"
    let isShared = disk.child("shareable") != nil || disk.child("transient") != nil
    if device == "disk" || device == "lun", disk.child("readonly") == nil, !isShared,
      let source = disk.child("source"), let key = Self.image(of: source, type: disk["type"])
    {
      keep(
        source, "the image \(key)", "image:\(key)",
        "disk:\(name),\(Self.key(ofType: disk["type"]))=")
    }
    for text in ["serial", "wwn"] {
      guard let element = disk.child(text) else { continue }
      keep(element, "the \(text) of disk \(name)", nil, "disk:\(name),\(text)=")
    }
  }

  /// The key that names another image.
  private static func key(ofType type: String?) -> String {
    switch type {
    case "network": "source.name"
    case "volume": "source.volume"
    case "nvme": "source.address.bus"
    case "vhostuser": "source.path"
    default: "path"
    }
  }

  /// What a disk's source names, the same for two sources of one image.
  private static func image(of source: Element, type: String?) -> String? {
    switch type ?? "file" {
    case "network":
      let host = source.child("host").flatMap { $0["name"] ?? $0["socket"] } ?? ""
      return "\(source["protocol"] ?? ""):\(host)/\(source["name"] ?? "")"
    case "volume":
      return "\(source["pool"] ?? "")/\(source["volume"] ?? "")"
    case "nvme":
      return address(of: source).map { "nvme \($0), namespace \(source["namespace"] ?? "")" }
    case "vhostuser": return source["path"]
    default: return source["file"] ?? source["dev"] ?? source["dir"]
    }
  }

  /// The address of a host's device, in one spelling; `nil` where there is none.
  private static func address(of source: Element) -> String? {
    guard let address = source.child("address") else { return nil }
    let numbers = ["domain", "bus", "slot", "function"].map { name in
      address[name].flatMap { Int(libvirt: $0) } ?? 0
    }
    if let device = address["device"] {
      return "USB \(address["bus"] ?? "").\(device)"
    }
    let digits = zip(numbers, [4, 2, 2, 1]).map { $0.digits($1, radix: 16) }
    return "\(digits[0]):\(digits[1]):\(digits[2]).\(digits[3])"
  }

  mutating func collect(interface: Element) {
    if let mac = interface.child("mac") {
      let address = mac["address"].map { MACAddress($0)?.description ?? $0 }
      add(mac, "the MAC address", key: address.map { "mac:\($0)" }, .derived)
    }
    let source = interface.child("source")
    let word = { (key: String) in
      "interface:\(interface.child("mac")?["address"] ?? "1"),\(key)="
    }
    switch interface["type"] {
    case "hostdev":
      if let source, let address = Self.address(of: source) {
        keep(
          source, "the host's device \(address)", "device:\(address)", word("source.address.bus"))
      }
    case "vhostuser":
      keep(source, "path", "the socket", key: "socket", word("source.path"))
    case "server", "udp":
      // A client and a multicast group may be the same for several guests.
      let local = interface["type"] == "udp" ? source?.child("local") : source
      if let local, let port = local["port"] {
        let place = "\(local["address"] ?? ""):\(port)"
        let key = interface["type"] == "udp" ? "source.local.port" : "source.port"
        keep(local, "the port \(place)", "port:\(place)", word(key))
      }
    case "direct" where source?["mode"] == "passthrough", "vdpa":
      keep(source, "dev", "the host's device", key: "device", word("source.dev"))
    default: break
    }
    collect(connectionOf: interface, word("filterref.parameter0.value"))
    guard let target = interface.child("target"), let device = target["dev"] else { return }
    if target["managed"] == "no" {
      keep(target, "dev", "the tap device", key: "tap", word("target.dev"))
    } else {
      let isAlone = target.attributes.count == 1
      add(
        target, "the tap device \(device)", key: "tap:\(device)",
        .chosenByLibvirt([isAlone ? .remove(target) : .removeAttribute("dev", target)]))
    }
  }

  /// What a switch or a filter knows an interface by.
  private mutating func collect(connectionOf interface: Element, _ word: String) {
    if let source = interface.child("source"), let id = source["portid"] {
      add(source, "the port \(id)", .chosenByLibvirt([.removeAttribute("portid", source)]))
    }
    for port in interface.children("virtualport") where port["type"] != "midonet" {
      guard let parameters = port.child("parameters") else { continue }
      for id in ["interfaceid", "instanceid"] where parameters[id] != nil {
        let isAlone = parameters.attributes.count == 1
        add(
          parameters, "the \(id) of a virtual port",
          .chosenByLibvirt([isAlone ? .remove(parameters) : .removeAttribute(id, parameters)]))
      }
    }
    for parameter in interface.all(["filterref", "parameter"]) {
      let value = parameter["value"] ?? ""
      switch parameter["name"] {
      // libvirt takes the interface's own.
      case "MAC":
        add(parameter, "the address in a filter", .chosenByLibvirt([.remove(parameter)]))
      case "IP", "IPV6": keep(parameter, "the address \(value) in a filter", "ip:\(value)", word)
      default: continue
      }
    }
  }

  mutating func collect(hostDevice device: Element) {
    guard let source = device.child("source") else { return }
    let what: String
    let key: String
    if device["type"] == "mdev", let uuid = source.child("address")?["uuid"] {
      (what, key) = ("the mediated device \(uuid)", "source.address.uuid")
    } else if let vendor = source.child("vendor")?["id"],
      let product = source.child("product")?["id"]
    {
      (what, key) = ("the host's USB device \(vendor):\(product)", "source.vendor.id")
    } else if let adapter = source.child("adapter")?["name"], let unit = source.child("address") {
      let numbers = ["bus", "target", "unit"].map { unit[$0] ?? "0" }.joined(separator: ":")
      (what, key) = ("the host's SCSI device \(adapter) \(numbers)", "source.adapter.name")
    } else if let address = Self.address(of: source) {
      (what, key) = ("the host's device \(address)", "source.address.bus")
    } else if let name = source["name"] {
      (what, key) = ("the remote device \(name)", "source.name")
    } else if let wwpn = source["wwpn"] {
      (what, key) = ("the host's SCSI port \(wwpn)", "source.wwpn")
    } else if let text = ["block", "char", "interface"].compactMap({ source.child($0)?.text }).first
    {
      (what, key) = ("the host's device \(text)", "source")
    } else {
      return
    }
    keep(source, what, "device:\(what)", "hostdev:\(numbers["hostdev"] ?? 1),\(key)=")
  }

  mutating func collect(graphics: Element) {
    let name = graphics["type"] ?? ""
    let ports = ["port", "tlsPort", "websocket"].compactMap { attribute in
      graphics[attribute].flatMap { Int($0) }.flatMap { $0 > 0 ? (attribute, $0) : nil }
    }
    if !ports.isEmpty, graphics["autoport"] != "yes" {
      let steps: [IdentityPart.Step] = ports.map { .setAttribute($0.0, graphics, to: "-1") }
      let numbers = ports.map { String($0.1) }.joined(separator: ", ")
      add(
        graphics, "the \(name) port \(numbers)", key: "port:\(numbers)",
        .chosenByLibvirt(steps + [.setAttribute("autoport", graphics, to: "yes")]))
    }
    if graphics.child("listen") == nil {
      keep(
        graphics, "socket", "the socket", key: "socket",
        "graphics:\(numbers["graphics"] ?? 1),socket=")
    }
    for listen in graphics.children("listen") where listen["type"] == "socket" {
      guard let path = listen["socket"] else { continue }
      add(
        listen, "the socket \(path)", key: "socket:\(path)",
        .chosenByLibvirt([.removeAttribute("socket", listen)]))
    }
  }

  /// - Parameter word: the device in words; `separator` stands before a key of it.
  mutating func collect(character device: Element, _ word: String, separator: String = ",") {
    let word = word + separator
    keep(device.child("log"), "file", "the log file", key: "file", "\(word)log.file=")
    for source in device.children("source") {
      let path = "\(word)source.path="
      switch device["type"] {
      case "file", "pipe": keep(source, "path", "the file", key: "file", path)
      case "dev": keep(source, "path", "the host's device", key: "device", path)
      case "unix" where source["mode"] ?? "bind" == "bind":
        guard let socket = source["path"], device.isNamed("channel") else {
          keep(source, "path", "the socket", key: "socket", path)
          continue
        }
        // libvirt makes a path for a channel that has none.
        let isAlone = source.attributes.allSatisfy {
          ["mode", "path"].contains(source.name(of: $0))
        }
        add(
          source, "the socket \(socket)", key: "socket:\(socket)",
          .chosenByLibvirt([isAlone ? .remove(source) : .removeAttribute("path", source)]))
      case "tcp" where source["mode"] ?? "bind" == "bind", "udp" where source["mode"] == "bind":
        keep(source, "service", "the port", key: "port", "\(word)source.service=")
      default: continue
      }
    }
  }

  mutating func collect(vsock: Element) {
    guard let cid = vsock.child("cid"), let address = cid["address"], cid["auto"] != "yes" else {
      return
    }
    add(
      cid, "the vsock cid \(address)", key: "cid:\(address)",
      .chosenByLibvirt([.removeAttribute("address", cid), .setAttribute("auto", cid, to: "yes")]))
  }
}
