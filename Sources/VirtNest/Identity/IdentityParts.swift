internal import LosslessXML

/// Collects the parts that belong to one guest.
struct IdentityParts {
  let domain: Element
  var found: [IdentityPart] = []
  /// How many devices of each kind were seen: a number picks one in words.
  private(set) var numbers: [String: Int] = [:]

  init(_ domain: Element) { self.domain = domain }

  mutating func add(
    _ element: Element, _ what: String, key: String? = nil, _ renewal: IdentityPart.Renewal
  ) {
    found.append(IdentityPart(element: element, what: what, key: key, renewal: renewal))
  }

  mutating func collect() {
    if let uuid = domain.child("uuid") { add(uuid, "the uuid", .derived) }
    if let genid = domain.child("genid"), !genid.text.trimmingSpaces.isEmpty {
      add(genid, "the generation id", .chosenByLibvirt([.clearText(genid)]))
    }
    collectWrittenByOthers()
    if let nvram = domain.child("os")?.child("nvram") { collect(nvram: nvram) }
    for device in domain.all(["devices", "*"]) {
      numbers[device.localName, default: 0] += 1
      switch device.localName {
      case "disk": collect(disk: device)
      case "interface": collect(interface: device)
      case "hostdev": collect(hostDevice: device)
      case "graphics": collect(graphics: device)
      case "serial", "parallel", "console", "channel", "redirdev", "smartcard":
        collect(character: device, "\(device.localName):\(numbers[device.localName] ?? 1)")
      case "rng":
        if let backend = device.child("backend") {
          collect(character: backend, "rng:\(numbers["rng"] ?? 1),backend", separator: ".")
        }
      case "audio":
        if device["type"] == "file" {
          keep(device, "path", "the file", key: "file", "audio:\(numbers["audio"] ?? 1),path=")
        }
      case "filesystem":
        keep(
          device.child("source"), "socket", "the socket", key: "socket",
          "filesystem:\(numbers["filesystem"] ?? 1),source.socket=")
      case "vsock": collect(vsock: device)
      case "memory":
        let source = device.child("source")
        if device["model"] == "nvdimm" || device["model"] == "virtio-pmem",
          let path = source?.child("path")
        {
          keep(path, "the memory image \(path.text)", "image:\(path.text)", "memdev,source.path=")
        }
      case "tpm":
        let backend = device.child("backend")
        if backend?["type"] == "passthrough" {
          keep(
            backend?.child("device"), "path", "the host's TPM", key: "device",
            "tpm,backend.device.path=")
        }
        keep(
          backend?.child("source"), "path", "the socket", key: "socket", "tpm,backend.source.path=")
      case "input":
        let source = device.child("source")
        keep(
          source, source?["evdev"] == nil ? "dev" : "evdev", "the host's input device",
          key: "device", "input,source.dev=")
      default: continue
      }
    }
    let uuid = domain.child("uuid")?.text.trimmingSpaces.lowercased() ?? ""
    var option = ""
    for argument in domain.child("commandline", in: DomainNamespace.qemu)?
      .children("arg", in: DomainNamespace.qemu) ?? []
    {
      guard let value = argument["value"] else { continue }
      if !uuid.isEmpty, value.lowercased().contains(uuid) {
        keep(argument, "the uuid in the argument '\(value)'", nil, "qemu-commandline")
      } else if Self.namesPlaceOfHost(value, of: option) {
        keep(argument, "the argument '\(value)'", "argument:\(value)", "qemu-commandline")
      }
      option = value
    }
  }

  /// Adds what an attribute names, where it is there, and of which only the user knows another.
  mutating func keep(
    _ element: Element?, _ attribute: String, _ what: String, key: String, _ word: String
  ) {
    guard let element, let value = element[attribute] else { return }
    keep(element, "\(what) \(value)", "\(key):\(value)", word)
  }

  /// Adds a part of which only the user knows another value.
  ///
  /// - Parameter word: as in `disk:vda,path=`.
  mutating func keep(_ element: Element, _ what: String, _ key: String?, _ word: String) {
    let parts = word.split(separator: ",", maxSplits: 1).map(String.init)
    let head = parts[0].split(separator: ":", maxSplits: 1).map(String.init)
    add(
      element, what, key: key,
      .kept(
        .edit(
          head[0], selector: head.count > 1 ? head[1] : nil,
          value: (parts.count > 1 ? parts[1] : "") + "…")))
  }

  /// Whether an argument of QEMU's names what another guest cannot use as well: a file, a port, a device.
  private static func namesPlaceOfHost(_ value: String, of option: String) -> Bool {
    let readOnly = ["append", "bios", "dtb", "initrd", "kernel", "L"]
    guard !readOnly.contains(String(option.drop { $0 == "-" })) else { return false }
    if value.hasPrefix("/") { return true }
    if value.hasPrefix("{") {
      return value.contains("/") && ["\"filename\"", "\"path\""].contains { value.contains($0) }
    }
    return value.split(separator: ",").contains { part in
      let name = part.split(separator: "=", maxSplits: 1).first ?? ""
      return ["file", "path", "filename", "chardev", "mem-path"].contains(name)
        && part.contains("/")
        || ["hostfwd", "guest-cid", "mac"].contains(name)
        || name == "host" && value.hasPrefix("vfio-")
        || ["tcp:", "udp:", "telnet:", "unix:", "file:"].contains { part.hasPrefix($0) }
    }
  }

  // MARK: Texts

  mutating func collectWrittenByOthers() {
    collectMetadata()
    collectSystemInformation()
  }

  /// What others write of the guest, as OpenStack, oVirt and KubeVirt do: what equals its name or uuid is that.
  private mutating func collectMetadata() {
    let name = domain.child("name").map { TextKey($0.text) }
    let uuid = domain.child("uuid").flatMap { DomainUUID($0.text) }
    let leader = { (text: String) -> IdentityPart.Leader? in
      if let uuid, DomainUUID(text) == uuid { return .uuid }
      return name == TextKey(text.trimmingSpaces) && !text.isEmpty ? .name : nil
    }
    for owner in domain.children("metadata").flatMap({ Array($0.children) })
    where owner.namespace != DomainNamespace.template
      && owner.namespace != DomainNamespace.libosinfo
    {
      for element in [owner] + Array(owner.descendants) {
        if element.isLeaf, let leader = leader(element.text) {
          add(
            element, "the \(leader.rawValue) in <\(element.qualifiedName)>",
            .follows(leader, attribute: nil))
        }
        for attribute in element.attributes {
          let key = element.name(of: attribute)
          guard let leader = leader(element.value(of: attribute)) else { continue }
          add(
            element, "the \(leader.rawValue) in \(key)= of <\(element.qualifiedName)>",
            .follows(leader, attribute: key))
        }
      }
    }
  }

  /// libvirt refuses a uuid here that is not the guest's (src/conf/domain_conf.c,
  /// virDomainDefParseXML: "UUID mismatch between <uuid> and <sysinfo>").
  private mutating func collectSystemInformation() {
    for system in domain.all(["sysinfo", "system"]) {
      for entry in system.children("entry") {
        switch entry["name"] {
        case "uuid": add(entry, "the uuid in <sysinfo>", .follows(.uuid, attribute: nil))
        case "serial":
          keep(
            entry, "the serial number in <sysinfo>", nil,
            "sysinfo,system.entry\(system.children("entry").firstIndex(of: entry) ?? 0)=")
        default: continue
        }
      }
    }
  }

  /// libvirt makes the path from the guest's name where none is given.
  private mutating func collect(nvram: Element) {
    let path = nvram.child("source")?["file"] ?? nvram.text.trimmingSpaces
    guard !path.isEmpty else { return }
    let step: IdentityPart.Step =
      nvram.attributes.contains { nvram.name(of: $0) == "template" }
        && nvram.isLeaf ? .clearText(nvram) : .remove(nvram)
    add(nvram, "the NVRAM file \(path)", key: "image:\(path)", .chosenByLibvirt([step]))
  }
}
