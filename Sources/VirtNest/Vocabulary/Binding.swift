internal import LosslessXML
internal import Synchronization

/// What a place of a definition is bound to: what makes its value false when something else changes.
package struct Binding: Sendable {
  /// The ways in which a value can be bound.
  package enum Kind: String, CaseIterable, Sendable {
    /// It belongs to one guest, and a copy of the guest needs another (``IdentityPart``).
    case identity
    /// It describes a device's source, and is void when the source changes.
    case source
    /// It names something of the host, which guests may share.
    case host
    /// It is a name or an address inside the guest or the definition.
    case guest
  }

  /// The path below `<domain>`: `*` stands for one element, `**` for any number, and the last part is
  /// `@NAME` for an attribute or `#` for the text.
  package let pattern: String
  private let parts: ArraySlice<String>
  /// What the value is bound to.
  package let kind: Kind
  /// What happens to it.
  package let note: String

  /// The binding of a place; the first that matches counts, `nil` where none does.
  ///
  /// - Parameter leaf: `@NAME` for an attribute, `#` for the text.
  package static func of(_ path: [String], _ leaf: String) -> Binding? {
    let place = path + [leaf]
    let find = { all.first { $0.matches(place) } }
    // What the schema knows is looked up once: a definition may have thousands of devices.
    guard let known = WordTable.standard.place(path),
      leaf == "#" || known.attributes[String(leaf.dropFirst())] != nil
    else { return find() }
    let key = place.joined(separator: "/")
    return found.withLock { found in
      if let binding = found[key] { return binding }
      let binding = find()
      found[key] = .some(binding)
      return binding
    }
  }

  private static let found = Mutex<[String: Binding?]>([:])

  /// Whether a place is one of the pattern's.
  package func matches(_ place: [String]) -> Bool { Self.matches(place[...], parts) }

  private static func matches(_ place: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return place.isEmpty }
    if first == "**" {
      return matches(place, pattern.dropFirst())
        || !place.isEmpty && matches(place.dropFirst(), pattern)
    }
    guard let name = place.first,
      first == "*" || first == "@*" && name.hasPrefix("@") || first == name
    else { return false }
    return matches(place.dropFirst(), pattern.dropFirst())
  }

  private init(_ pattern: String, _ kind: Kind, _ note: String) {
    self.pattern = pattern
    parts = pattern.split(separator: "/").map(String.init)[...]
    self.kind = kind
    self.note = note
  }

  /// Every binding, the more particular first.
  package static let all: [Binding] = [
    // The guest as a whole.
    Binding("uuid/#", .identity, "derived from the name"),
    Binding("name/#", .identity, "given, or made by the template"),
    Binding("genid/#", .identity, "removed; libvirt makes a new one"),
    Binding("sysinfo/*/entry/#", .identity, "uuid follows the guest's; serial is reported"),
    Binding("sysinfo/entry/@file", .host, "a file that guests may share"),
    Binding("sysinfo/**", .guest, "firmware configuration"),
    Binding("os/nvram/@template", .host, "a file that guests may share"),
    Binding("os/nvram/**", .identity, "removed; libvirt makes the path from the name"),
    Binding("os/*/#", .host, "kernel, initrd, firmware: files that guests may share"),
    Binding("os/acpi/table/#", .host, "a file that guests may share"),
    Binding("os/initenv/@name", .guest, "a variable of a container"),
    Binding("bootloader/#", .host, "a program of the host"),
    Binding("resource/**", .host, "a control group or fabric of the host"),
    Binding("launchSecurity/**", .guest, "keys of a confidential guest, on other machines"),
    Binding("seclabel/**", .identity, "chosen by libvirt unless static"),
    Binding("**/seclabel/label/#", .source, "replaced with the source"),
    Binding("vcpu/@cpuset", .host, "processors of the host"),
    Binding("cputune/**", .host, "processors of the host"),
    Binding("numatune/**", .host, "NUMA nodes of the host"),
    Binding("memoryBacking/**", .host, "huge pages of the host"),
    Binding("blkiotune/**", .host, "a block device of the host"),
    Binding("cpu/**", .guest, "the guest's processor"),
    Binding("idmap/**", .host, "users of the host, for containers"),
    // What describes a disk's source.
    Binding("devices/disk/backingStore/**", .source, "removed when the source changes"),
    Binding("devices/disk/mirror/**", .source, "removed when the source changes"),
    Binding("devices/disk/auth/**", .source, "removed when the source changes"),
    Binding("devices/disk/encryption/**", .source, "removed when the source changes"),
    Binding("devices/disk/driver/@*", .guest, "format follows the source, the rest stays"),
    Binding("devices/disk/source/@query", .source, "removed when the source changes"),
    Binding(
      "devices/disk/source/@*", .identity,
      "a writable image is reported in a copy; a new source replaces all of the old"),
    Binding("devices/disk/source/**", .source, "replaced with the source"),
    Binding("devices/disk/serial/#", .identity, "reported in a copy"),
    Binding("devices/disk/wwn/#", .identity, "reported in a copy"),
    Binding("devices/disk/vendor/#", .guest, "what the guest sees"),
    Binding("devices/disk/product/#", .guest, "what the guest sees"),
    Binding("devices/disk/backenddomain/@name", .host, "a driver domain, on Xen"),
    Binding("devices/lease/**", .identity, "a lock, which guests take in turn"),
    // Interfaces.
    Binding("devices/interface/mac/@address", .identity, "derived from the name"),
    Binding("devices/interface/target/@dev", .identity, "removed; libvirt chooses a tap device"),
    Binding("devices/interface/source/@portid", .source, "libvirt chooses it anew"),
    Binding(
      "devices/interface/source/@*", .identity,
      "networks are shared; a socket, or a device taken alone, is reported in a copy"),
    Binding("devices/interface/source/address/@*", .identity, "reported in a copy"),
    Binding("devices/interface/source/**", .source, "replaced with the source"),
    Binding(
      "devices/interface/virtualport/**", .source,
      "replaced with the source; in a copy libvirt chooses the ids"),
    Binding(
      "devices/interface/filterref/parameter/@*", .identity,
      "an IP address is reported; libvirt knows the MAC address"),
    Binding("devices/interface/script/@path", .host, "a program of the host"),
    Binding("devices/interface/downscript/@path", .host, "a program of the host"),
    Binding("devices/interface/rom/@file", .host, "a file that guests may share"),
    Binding("devices/interface/backend/@*", .host, "a device or file of the host"),
    Binding("devices/interface/ip/@address", .identity, "an address that the guest's network has"),
    Binding("devices/interface/route/@address", .guest, "a route of a container"),
    Binding("devices/interface/**", .guest, "what the guest sees"),
    // Ports, sockets and files of character devices.
    Binding("devices/channel/source/@path", .identity, "removed; libvirt makes one"),
    Binding("devices/*/log/@file", .identity, "reported in a copy"),
    Binding("devices/*/@tty", .identity, "of a running guest; template new removes it"),
    Binding(
      "devices/graphics/@*", .identity,
      "ports and sockets are chosen by libvirt; template new removes passwords"),
    Binding("devices/graphics/listen/@socket", .identity, "removed; libvirt makes one"),
    Binding("devices/graphics/listen/@*", .host, "an address of the host"),
    Binding("devices/graphics/gl/@rendernode", .host, "a GPU that guests may share"),
    Binding("devices/graphics/**", .guest, "what the guest sees"),
    Binding("devices/vsock/cid/@address", .identity, "libvirt chooses one"),
    // Devices of the host.
    Binding("devices/hostdev/source/**", .identity, "reported in a copy"),
    Binding("devices/hostdev/rom/@file", .host, "a file that guests may share"),
    Binding("devices/hostdev/**", .guest, "what the guest sees"),
    Binding("devices/tpm/backend/device/@path", .identity, "reported in a copy"),
    Binding("devices/tpm/**", .source, "belongs to the backend"),
    Binding("devices/input/source/@*", .identity, "reported in a copy"),
    Binding(
      "devices/memory/source/path/#", .identity, "reported in a copy if the guest writes to it"),
    Binding("devices/memory/uuid/#", .identity, "a label of the memory"),
    Binding("devices/memory/**", .guest, "sizes and nodes"),
    Binding("devices/emulator/#", .host, "a program of the host"),
    Binding("devices/filesystem/**", .host, "a folder that guests may share"),
    Binding("devices/shmem/**", .host, "memory that guests share on purpose"),
    Binding("devices/rng/backend/#", .host, "a device that guests may share"),
    Binding("devices/video/**", .host, "a GPU that guests may share"),
    Binding("devices/audio/@path", .identity, "reported in a copy"),
    Binding("devices/audio/**", .host, "the host's sound"),
    Binding("devices/smartcard/source/**", .identity, "reported in a copy"),
    Binding("devices/smartcard/**", .host, "certificates of the host"),
    Binding("devices/redirfilter/**", .guest, "which USB devices are let through"),
    Binding(
      "devices/*/source/@*", .identity, "ports, sockets and files of a character device: reported"),
    Binding("devices/*/source/reconnect/**", .guest, "how often to try again"),
    Binding("devices/*/source/**", .source, "replaced with the source"),
    Binding("devices/*/rom/@file", .host, "a file that guests may share"),
    Binding("devices/*/alias/@name", .guest, "a name inside the definition"),
    Binding("devices/*/target/@*", .guest, "what the guest sees"),
    Binding("devices/*/address/@*", .guest, "an address on the guest's bus"),
    Binding("devices/**", .guest, "what the guest sees"),
    Binding("**/alias/@name", .guest, "a name inside the definition"),
    Binding("commandline/**", .identity, "arguments that name files or ports are reported"),
    Binding("override/**", .guest, "properties of QEMU's devices"),
    Binding("features/**", .guest, "the guest's machine"),
    Binding("memtune/**", .guest, "limits of memory"),
    Binding("datacenterpath/#", .host, "a place of VMware's"),
    Binding("*/#", .guest, "a number or a text of the guest"),
  ]

  /// The table for the documentation, in Markdown.
  package static var documentation: String {
    var text = "| place | bound to | what happens |\n|---|---|---|\n"
    for binding in all {
      text += "| `\(binding.pattern)` | \(binding.kind.rawValue) | \(binding.note) |\n"
    }
    return text
  }
}
