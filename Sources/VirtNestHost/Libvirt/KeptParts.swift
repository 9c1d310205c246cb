internal import LosslessXML
internal import VirtNest

/// The parts of a definition that `verify --emulated` and `qemu-command` hand on to libvirt and QEMU.
///
/// A definition may come from anybody. It can name programs, libraries, files, sockets, ports and
/// devices of the host, so a part that is not listed here is left out. `Documentation/copies.md` is
/// made of these tables.
package enum KeptParts {
  /// What a copy keeps.
  ///
  /// A path below `<domain>` with the attributes (`@name`) and the text (`#`) that are kept there, and
  /// the values that they may have. `**` stands for everything in the element.
  ///
  /// A value is kept only if ``isPlain(_:)`` holds, so that none is a path, an address or a list.
  package static let copy: KeyValuePairs<String, String> = [
    "memory": "@unit #",
    "vcpu": "@current @placement=static #",
    "vcpus/vcpu": "@id @enabled @hotpluggable @order",
    "iothreads": "#",
    "iothreadids/iothread": "@id",
    "os/type": "@arch @machine #",
    "os/boot": "@dev",
    "os/bootmenu": "@enable @timeout",
    "os/smbios": "@mode",
    "features": "**",
    "cpu": "@mode @match @migratable",
    "cpu/model": "@fallback @vendor_id #",
    "cpu/vendor": "#",
    "cpu/topology": "@sockets @dies @cores @threads",
    "cpu/cache": "@level @mode",
    "cpu/maxphysaddr": "@mode @bits",
    "cpu/feature": "@name @policy",
    "clock": "**",
    "on_poweroff": "#=destroy|restart|preserve",
    "on_reboot": "#=destroy|restart|preserve",
    "on_crash": "#=destroy|restart|preserve",
    "pm/suspend-to-mem": "@enabled",
    "pm/suspend-to-disk": "@enabled",
    "devices/controller": "@type @index @model @ports @vectors",
    "devices/controller/model": "@name",
    "devices/controller/target": "@index @busNr @chassis @chassisNr @port @hotplug",
    "devices/controller/address": "**",
    "devices/disk/target": "@dev @bus @removable @rotation_rate",
    "devices/disk/address": "**",
    "devices/disk/boot": "@order",
    "devices/interface/model": "@type",
    "devices/interface/address": "**",
    "devices/interface/boot": "@order",
    "devices/serial/target": "@type @port",
    "devices/serial/target/model": "@name",
    "devices/serial/address": "**",
    "devices/console/target": "@type @port",
    "devices/console/address": "**",
    "devices/channel/target": "@type @name",
    "devices/channel/address": "**",
    "devices/parallel/target": "@type @port",
    "devices/parallel/address": "**",
    "devices/input": "@type=keyboard|mouse|tablet @bus @model",
    "devices/input/address": "**",
    "devices/hub": "@type",
    "devices/hub/address": "**",
    "devices/memballoon": "@model @autodeflate @freePageReporting",
    "devices/memballoon/address": "**",
    "devices/nvram/address": "**",
    "devices/panic": "@model",
    "devices/panic/address": "**",
    "devices/rng/rate": "@bytes @period",
    "devices/rng/address": "**",
    "devices/watchdog": "@model @action=reset|shutdown|poweroff|pause|none|inject-nmi",
    "devices/watchdog/address": "**",
    "qemu:capabilities/qemu:add": "@capability",
    "qemu:capabilities/qemu:del": "@capability",
  ]

  /// What `qemu-command` gives to libvirt, which only prints a command for it.
  ///
  /// Sections of a guest and devices, whole. A program, a library or a namespace of another tool is not among them.
  package static let command: [String] = [
    "name", "uuid", "genid", "memory", "currentMemory", "maxMemory", "memoryBacking", "vcpu",
    "vcpus", "iothreads", "iothreadids", "os", "sysinfo", "features", "cpu", "clock", "on_poweroff",
    "on_reboot", "on_crash", "pm", "devices/disk", "devices/controller", "devices/interface",
    "devices/filesystem", "devices/hostdev", "devices/redirdev", "devices/smartcard",
    "devices/input", "devices/graphics", "devices/video", "devices/sound", "devices/audio",
    "devices/serial", "devices/console", "devices/channel", "devices/parallel", "devices/rng",
    "devices/memballoon", "devices/panic", "devices/watchdog", "devices/tpm", "devices/vsock",
    "devices/memory", "devices/shmem", "devices/hub", "devices/nvram", "devices/iommu",
    "qemu:capabilities",
  ]

  /// Parts that say nothing to QEMU; nobody is told that they are left out.
  static let saysNothing: Set<String> = [
    "name", "uuid", "title", "description", "metadata", "currentMemory", "maxMemory",
    "devices/emulator", "cpu/@check",
  ]

  /// Whether a value is a word or a number: it names no path, address or port, and is no list.
  package static func isPlain(_ value: String) -> Bool {
    !value.isEmpty && !value.hasPrefix("-")
      && value.unicodeScalars.allSatisfy { $0.isPlain(or: "_.+-") }
  }

  /// What is kept of the element at a path; `nil` if the element is left out.
  static func kept(at path: [String]) -> Place? { places[path.joined(separator: "/")] }

  /// A row of the table, and the elements on the way to one.
  struct Place {
    var attributes: [String: Set<String>] = [:]
    var text: Set<String>?
    var isWhole = false
  }

  private static let places: [String: Place] = {
    var places: [String: Place] = [:]
    for (path, words) in copy {
      var place = places[path] ?? Place()
      for word in words.split(separator: " ") {
        let parts = word.split(separator: "=", maxSplits: 1)
        let values = parts.count > 1 ? Set(parts[1].split(separator: "|").map(String.init)) : []
        switch parts[0] {
        case "**": place.isWhole = true
        case "#": place.text = values
        default: place.attributes[String(parts[0].dropFirst())] = values
        }
      }
      places[path] = place
      var above = path.split(separator: "/").map(String.init).dropLast()
      while !above.isEmpty {
        let key = above.joined(separator: "/")
        places[key] = places[key] ?? Place()
        above.removeLast()
      }
    }
    return places
  }()
}

/// The arguments for QEMU in a definition that are handed on: what decides about nesting, and nothing
/// that names a file, a socket, a device or a program.
package struct KeptArguments: Sendable {
  /// The form of an option's value.
  package enum Form: String, Sendable {
    /// No value.
    case flag = "no value"
    /// Properties of the machine: `cap-…` and those of ``machineProperties``.
    case machine = "properties of the machine"
    /// Plain words, some with a key: `4,cores=2`.
    case plain = "plain words and numbers"
    /// `DRIVER.PROPERTY=VALUE`, for the machine and the CPU.
    case global = "a property of the machine or of the CPU"
  }

  /// The options that are kept; each may be written with one dash or two.
  package static let options: KeyValuePairs<String, Form> = [
    "machine": .machine, "M": .machine, "cpu": .plain, "smp": .plain, "m": .plain,
    "accel": .plain, "enable-kvm": .flag, "global": .global, "no-reboot": .flag,
    "no-shutdown": .flag,
  ]

  /// The properties of `-machine` that are kept beside `cap-…`.
  package static let machineProperties = [
    "accel", "dump-guest-core", "graphics", "ic-mode", "kernel-irqchip", "kvm-type",
    "max-cpu-compat", "mem-merge", "modern-hotplug-events", "nvdimm", "resize-hpt",
    "suppress-vmdesc", "usb", "vsmt",
  ]

  /// The arguments that are kept.
  private(set) var words: [String] = []
  /// What is left out, each as a sentence.
  private(set) var differences: [String] = []

  /// Sorts the arguments of a definition.
  init(of domain: Element) {
    let arguments = PassthroughArguments(of: domain).arguments
    var index = 0
    while index < arguments.count {
      let option = arguments[index]
      index += 1
      // What QEMU itself would take for the value is the value.
      let value = option.takesValue && index < arguments.count ? arguments[index] : nil
      if value != nil { index += 1 }
      add(option, value)
    }
  }

  private mutating func add(
    _ option: PassthroughArguments.Argument, _ value: PassthroughArguments.Argument?
  ) {
    let place = "in line \(option.element.location.line)"
    let name = Substring(option.value.unicodeScalars.drop { $0 == "-" })
    let form =
      option.value.hasPrefix("-")
      ? Self.options.first { $0.key == name }?.value : nil
    guard let form, (form == .flag) == (value == nil) else {
      differences.append("the QEMU option \(option.value) \(place) is removed")
      return
    }
    guard let value else {
      words.append(option.value)
      return
    }
    let (kept, removed) = Self.kept(value.value, form)
    for part in removed {
      differences.append("'\(part)' of the QEMU option \(option.value) \(place) is removed")
    }
    if !kept.isEmpty { words += [option.value, kept] }
  }

  /// The parts of a value that are kept, joined, and the others.
  static func kept(_ value: String, _ form: Form) -> (kept: String, removed: [String]) {
    // A comma within a value is doubled. No value that is kept has one.
    let parts = value.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    guard !parts.dropFirst().contains("") else { return ("", [value]) }
    var (kept, removed): ([String], [String]) = ([], [])
    for (index, part) in parts.enumerated() {
      if isKept(part, form, isFirst: index == 0) { kept.append(part) } else { removed.append(part) }
    }
    // A first part without a key, as the type of the machine, is one only at the start.
    return (kept.joined(separator: ","), removed)
  }

  private static func isKept(_ part: String, _ form: Form, isFirst: Bool) -> Bool {
    let pieces = part.split(separator: "=", omittingEmptySubsequences: false).map { String($0) }
    let isPlain = pieces.allSatisfy(KeptParts.isPlain)
    switch form {
    case .flag: return false
    case .plain: return pieces.count <= 2 && isPlain
    case .machine:
      // A name alone is a type, or a property without its value, which QEMU refuses.
      if pieces.count == 1 { return isPlain || part.isEmpty && isFirst }
      let name = pieces[0].replacing("_", with: "-")
      let isKnown = name == "type" || name.hasPrefix("cap-") || machineProperties.contains(name)
      return pieces.count == 2 && isKnown && KeptParts.isPlain(pieces[0])
        && (isPlain || pieces[1].isEmpty)
    case .global:
      guard pieces.count == 2, isPlain,
        let dot = pieces[0].utf8.lastIndex(of: UInt8(ascii: "."))
      else { return false }
      let driver = pieces[0][..<dot]
      let property = pieces[0][dot...].dropFirst().replacing("_", with: "-")
      return driver.hasSuffix("-machine")
        ? property.hasPrefix("cap-") || machineProperties.contains(String(property))
        : driver.hasSuffix("-cpu-core") || driver.hasSuffix("-powerpc64-cpu")
    }
  }

  /// The element that holds the arguments; empty if there are none.
  var xml: String {
    guard !words.isEmpty else { return "" }
    return "<qemu:commandline xmlns:qemu='\(DomainNamespace.qemu)'>"
      + words.map { "<qemu:arg value='\($0)'/>" }.joined() + "</qemu:commandline>"
  }
}
