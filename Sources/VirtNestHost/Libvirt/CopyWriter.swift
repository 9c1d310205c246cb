internal import LosslessXML
internal import VirtNest

/// Writes the copy of a definition: what ``KeptParts`` lists, with devices of the host replaced.
///
/// The copy is written anew, element by element, so that nothing else of the definition can be in it.
struct CopyWriter {
  /// The copy.
  private(set) var text = ""
  /// What is different, each as a sentence.
  private(set) var differences: [String] = []
  /// The names of the disk files.
  private(set) var disks: [String] = []

  private let folder: String
  private let mostMemory: MemorySize

  /// Writes the copy.
  ///
  /// - Parameters:
  ///   - folder: the folder of its disks.
  ///   - mostMemory: the most memory that it gets.
  init(of definition: DomainDefinition, folder: String, mostMemory: MemorySize) {
    self.folder = folder
    self.mostMemory = mostMemory
    let domain = definition.domain
    let qemu = DomainNamespace.qemu
    text = "<domain type='qemu' xmlns:qemu='\(qemu)'>"
    if let name = domain.child("name")?.text, !name.trimmingSpaces.isEmpty {
      // A wrapper looks for this word in the name; the rest of it means nothing to QEMU.
      text += "<name>\(name.lowercased().contains("kata") ? "kata-copy" : "copy")</name>"
    }
    for element in domain.children {
      switch (element.namespace, element.localName) {
      case (nil, "devices"):
        text += "<devices>"
        for device in element.children { write(device: device) }
        text += "</devices>"
      case (nil, "memory"): writeMemory(element)
      case (nil, let name): write(element, at: [name])
      case (qemu, "commandline"): break
      case (qemu, let name): write(element, at: ["qemu:" + name])
      default: noteRemoval(of: element)
      }
    }
    let arguments = KeptArguments(of: domain)
    text += arguments.xml + "</domain>"
    differences += arguments.differences
    for commandLine in domain.children("commandline", in: qemu) {
      for element in commandLine.children where !element.isNamed("arg", in: qemu) {
        noteRemoval(of: element)
      }
    }
  }

  private mutating func noteRemoval(of element: Element) {
    differences.append("<\(element.qualifiedName)> in line \(element.location.line) is removed")
  }

  /// Writes what is kept of an element and of those in it.
  private mutating func write(_ element: Element, at path: [String]) {
    guard let place = KeptParts.kept(at: path) else {
      if !KeptParts.saysNothing.contains(path.joined(separator: "/")) { noteRemoval(of: element) }
      return
    }
    write(element, at: path, place)
  }

  private mutating func write(
    _ element: Element, at path: [String], _ place: KeptParts.Place
  ) {
    let name = path.last ?? ""
    guard KeptParts.isPlain(name.replacing(":", with: "")) else { return noteRemoval(of: element) }
    text += "<" + name
    writeAttributes(of: element, at: path, place)
    text += ">"
    var hasChildren = false
    for child in element.children {
      hasChildren = true
      // libvirt looks at the local name alone in most sections.
      let prefix = child.namespace == DomainNamespace.qemu ? "qemu:" : ""
      let below = path + [prefix + child.localName]
      if place.isWhole { write(child, at: below, place) } else { write(child, at: below) }
    }
    if let values = place.text ?? (place.isWhole && !hasChildren ? [] : nil) {
      writeText(of: element, values)
    }
    text += "</\(name)>"
  }

  private mutating func writeAttributes(
    of element: Element, at path: [String], _ place: KeptParts.Place
  ) {
    var written: [String] = []
    for attribute in element.attributes {
      let qualified = String(decoding: element.document.bytes[attribute.name], as: UTF8.self)
      guard !qualified.hasPrefix("xmlns") else { continue }
      // libvirt takes the first attribute of a local name, whatever its namespace.
      let name = qualified.split(separator: ":").last.map(String.init) ?? qualified
      guard !written.contains(name) else { continue }
      let key = (path + ["@" + name]).joined(separator: "/")
      let values = place.isWhole ? [] : place.attributes[name]
      var value = element.value(of: attribute)
      if key == "features/htm/@state", value == "on" {
        // QEMU would not start, because TCG has no transactional memory.
        value = "off"
        differences.append("transactional memory is off, because TCG does not support it")
      }
      guard let values, values.isEmpty || values.contains(value), KeptParts.isPlain(name),
        isKept(value, as: name)
      else {
        if !KeptParts.saysNothing.contains(key) {
          differences.append(
            "\(name) of <\(element.qualifiedName)> in line \(element.location.line) is removed")
        }
        continue
      }
      written.append(name)
      text += " \(name)='\(value)'"
    }
  }

  /// A machine type may have properties, as arguments have them.
  private func isKept(_ value: String, as name: String) -> Bool {
    KeptParts.isPlain(value) || value.isEmpty
      || name == "machine" && KeptArguments.kept(value, .machine).removed.isEmpty
  }

  private mutating func writeText(of element: Element, _ values: Set<String>) {
    let value = element.text
    if value.trimmingSpaces.isEmpty { return }
    // White space around a word stays, because libvirt may refuse it.
    if KeptParts.isPlain(value.trimmingSpaces), values.isEmpty || values.contains(value) {
      text += value
    } else {
      differences.append(
        "the text of <\(element.qualifiedName)> in line \(element.location.line) is removed")
    }
  }

  private mutating func writeMemory(_ memory: Element) {
    guard let size = memory.memorySize, size > mostMemory else {
      return write(memory, at: ["memory"])
    }
    text += "<memory unit='bytes'>\(mostMemory.bytes)</memory>"
    differences.append("memory is \(mostMemory)")
  }

  // MARK: Devices

  private mutating func write(device: Element) {
    let line = device.location.line
    guard device.namespace == nil else { return noteRemoval(of: device) }
    let name = device.localName
    switch name {
    case "disk": writeDisk(device)
    case "interface":
      text += "<interface type='user'>"
      writeChildren(of: device)
      text += "</interface>"
      differences.append("the interface in line \(line) is not connected to the host's network")
    case "serial", "console", "channel", "parallel":
      // Every host has pseudo terminals. The channel of the SPICE agent needs SPICE.
      guard device["type"] != "spicevmc" else { return noteRemoval(of: device) }
      text += "<\(name) type='pty'>"
      writeChildren(of: device)
      text += "</\(name)>"
      if device["type"] != "pty" {
        differences.append("the \(name) in line \(line) is a pseudo terminal")
      }
    case "rng":
      text += "<rng model='virtio'><backend model='random'>/dev/urandom</backend>"
      writeChildren(of: device)
      text += "</rng>"
      let backend = device.child("backend")
      if !["/dev/random", "/dev/urandom"].contains(backend?.text) {
        differences.append("the rng in line \(line) takes its numbers from /dev/urandom")
      }
    default: write(device, at: ["devices", name])
    }
  }

  /// Writes the kept children of a device that is replaced; what is said of the device is enough.
  private mutating func writeChildren(of device: Element) {
    for child in device.children {
      let path = ["devices", device.localName, child.localName]
      if KeptParts.kept(at: path) != nil { write(child, at: path) }
    }
  }

  private mutating func writeDisk(_ disk: Element) {
    let device = disk["device"] ?? "disk"
    let line = disk.location.line
    if ["cdrom", "floppy"].contains(device) {
      text += "<disk type='file' device='\(device)'>"
      differences.append("the \(device) in line \(line) is empty")
    } else {
      let file = "disk-\(disks.count).raw"
      disks.append(file)
      text +=
        "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
        + "<source file='\(folder)/\(file)'/>"
      differences.append("the disk in line \(line) is an empty file")
    }
    writeChildren(of: disk)
    text += "</disk>"
  }
}
