internal import LosslessXML

/// A section or a kind of device: the one place where what libvirt's schema cannot say about it is
/// declared.
///
/// Everything else follows from ``WordTable``: a kind without a line here has its own name, the keys of
/// the schema, and no defaults.
struct WordKind: Sendable {
  /// libvirt's element.
  let element: String
  /// Where it stands below `<domain>`, itself included; none for the root itself.
  let path: [String]
  /// virt-install's names for it, where they differ.
  var names: [String] = []
  /// virt-install's keys, and the dotted key that each stands for.
  ///
  /// A key with a star is a first part with or without a number, and stands for as many others:
  /// `cell*` for `numa.cell*`.
  var aliases: [String: String] = [:]
  /// The key of a first part without `=`.
  var first: String?
  /// What a new one has where nothing else is given, right on a pseries guest.
  var defaults: [(key: String, value: String)] = []
  /// The keys by which a bare selector finds one.
  var selectors = [
    "target.dev", "target.name", "mac.address", "alias.name", "target.dir", "source.file",
    "source.dev", "source.name", "source.volume", "name", "model", "model.type", "type", "index",
  ]

  /// Where a bare selector looks.
  var selectorPlaces: [(key: String, place: WordPlace)] {
    selectors.compactMap { key in WordPlace(known: key, in: path).map { (key, $0) } }
  }

  /// Its name in the command: virt-install's, or libvirt's element.
  var name: String { names.first ?? element }

  /// Whether a guest has as many as it likes.
  var isDevice: Bool { path.first == "devices" && path.count == 2 && element != "emulator" }

  /// The root, for what a word sets beside its own section.
  static let domain = WordKind(element: "", path: [])

  /// The kind of a name: libvirt's element, or virt-install's option.
  ///
  /// - Parameter toRemove: whether the section of that name is meant, where virt-install's option is
  ///   about several.
  /// - Throws: ``InvalidValue`` with the names, nearest first.
  static func named(_ name: String, toRemove: Bool = false) throws(InvalidValue) -> WordKind {
    if let section = toRemove ? removable[TextKey(name.lowercased())] : nil { return section }
    if let kind = byName[TextKey(name)] ?? byName[TextKey(name.lowercased())] { return kind }
    let names = all.flatMap { $0.names.isEmpty ? [$0.element] : $0.names }
    throw InvalidValue(
      "section or device", name,
      "did you mean \(nearest(to: name, among: names).prefix(5).joined(separator: ", "))?")
  }

  /// Each kind by its names; in small letters too.
  private static let byName = index(all)

  /// The kinds that can be removed as a whole.
  private static let removable = index(all.filter { !$0.path.isEmpty })

  private static func index(_ kinds: [WordKind]) -> [TextKey: WordKind] {
    let exact = kinds.flatMap { kind in ([kind.element] + kind.names).map { (TextKey($0), kind) } }
    let small = exact.map { (TextKey($0.0.text.lowercased()), $0.1) }
    return Dictionary((exact + small).filter { !$0.0.text.isEmpty }) { first, _ in first }
  }

  /// The dotted key that a key stands for.
  func dotted(_ key: String) -> String {
    if let whole = aliases[key] { return whole }
    if isDevice, key == "boot_order" { return "boot.order" }
    let first = key.prefix { $0 != "." && $0 != "[" }
    let digits = first.reversed().prefix { ("0"..."9").contains($0) }.count
    guard let stem = aliases[first.dropLast(digits) + "*"] else { return key }
    return stem.replacing("*", with: first.suffix(digits)) + key.dropFirst(first.count)
  }

  /// Every kind: what is declared, then the sections and devices of the schema.
  static let all: [WordKind] = {
    let table = WordTable.standard
    let known = Set(declared.map { $0.path.joined(separator: "/") })
    let devices = (table.place(["devices"])?.children ?? []).map { ["devices", $0] }
    let sections = (table.place([])?.children ?? []).map { [$0] }
    // In the schema's namespace-less names these are what libvirt keeps for itself, what other
    // hypervisors have, and what is no section of a guest's by itself.
    let foreign: Set = [
      "metadata", "devices", "commandline", "capabilities", "override", "deprecation", "namespace",
      "datacenterpath",
    ]
    let others = (devices + sections).filter { path in
      !known.contains(path.joined(separator: "/")) && (path.count > 1 || !foreign.contains(path[0]))
    }
    return declared + others.map { WordKind(element: $0.last ?? "", path: $0) }
  }()

  static func device(
    _ element: String, names: [String] = [], aliases: [String: String] = [:],
    first: String? = nil, defaults: KeyValuePairs<String, String> = [:]
  ) -> WordKind {
    WordKind(
      element: element, path: ["devices", element], names: names, aliases: aliases, first: first,
      defaults: defaults.map { ($0.key, $0.value) })
  }

  static func section(
    _ element: String, names: [String] = [], aliases: [String: String] = [:], first: String? = nil
  ) -> WordKind {
    WordKind(element: element, path: [element], names: names, aliases: aliases, first: first)
  }

  /// A kind of virt-install's whose words stand directly below `<domain>`.
  static func root(
    _ name: String, aliases: [String: String] = [:], first: String? = nil
  ) -> WordKind {
    WordKind(element: "", path: [], names: [name], aliases: aliases, first: first)
  }

  /// Keys whose values are lists or texts: a part without `=` behind them belongs to the value.
  static let listKeys: Set<String> = [
    "cpuset", "nodeset", "vcpus", "iothreads", "nodemask", "title", "description", "name",
    "cmdline", "kernel_args", "extra_args", "entry", "initarg", "label", "baselabel", "cellid",
    "certificate", "cpus", "memnode", "appid", "database",
  ]
}

extension WordKind {
  /// The keys that stand for several places.
  var derivedKeys: [String] {
    switch element {
    case "disk": ["path", "vol", "size", "perms"]
    case "interface": ["network", "bridge", "source", "type"]
    case "hostdev": ["host", "name"]
    case "cpu": ["model"] + Self.featurePolicies
    case "sysinfo": ["type", "uuid"]
    case "tpm": ["type"]
    case "os": ["bootloader", "bootloader_args", "domain_type", "emulator", "initargs"]
    case "filesystem": ["source"]
    case "graphics": ["listen"]
    case "controller": ["address"]
    case "serial", "parallel", "console", "channel", "smartcard":
      ["host", "bind_host", "target.address", "target_address"] + Self.connectionKeys
    case "redirdev": ["server"] + Self.connectionKeys
    case "rng":
      ["backend_host", "backend_connect_host", "backend_connect_service", "backend"]
        + Self.connectionKeys.map { "backend." + $0 }
    case "qemu:commandline": ["args", "env"]
    case "" where name == "metadata": ["os_full_id"]
    case "": WordChange.sizeKeys(name)
    default: []
    }
  }

  /// The sizes of a memory device that virt-install has in MiB.
  static let sizesOfMemoryDevice = ["target.size", "target.label.size", "source.alignsize"]

  /// What a guest may require of a feature of the processor.
  static let featurePolicies = ["force", "require", "optional", "disable", "forbid"]

  /// The two ends of a character device's connection.
  static let connectionKeys = [
    "source.host", "source.bind_host", "source.bind_service", "source.connect_host",
    "source.connect_service",
  ]
}

extension WordKind {
  /// The kinds that a name leads to, each once.
  static let inWords = all.filter { kind in
    kind.path.isEmpty ? kind.name == root.name : (try? named(kind.name))?.path == kind.path
  }

  /// The kind of the guest as a whole, whose words are libvirt's alone.
  static let root = all.first { $0.path.isEmpty && $0.name == "metadata" } ?? all[0]

  /// The sections whose names mean virt-install's options about several places, as `memory` does.
  static let rootSections: Set<TextKey> = Set(
    all.filter { $0.path.count == 1 && (try? named($0.name))?.path != $0.path }
      .map { TextKey($0.element) })
}
