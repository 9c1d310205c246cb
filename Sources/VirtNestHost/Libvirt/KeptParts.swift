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
