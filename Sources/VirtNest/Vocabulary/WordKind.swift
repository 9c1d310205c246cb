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

  /// Its name in the command: virt-install's, or libvirt's element.
  var name: String { names.first ?? element }

  /// Whether a guest has as many as it likes.
  var isDevice: Bool { path.first == "devices" && path.count == 2 && element != "emulator" }

  /// The kind of a name: libvirt's element, or virt-install's option.
  ///
  /// - Throws: ``InvalidValue`` with the names, nearest first.
  static func named(_ name: String) throws(InvalidValue) -> WordKind {
    let lowered = name.lowercased()
    if let kind = all.first(where: { $0.element == name || $0.names.contains(name) })
      ?? all.first(where: { $0.element.lowercased() == lowered || $0.names.contains(lowered) })
    {
      return kind
    }
    let names = all.flatMap { $0.names.isEmpty ? [$0.element] : $0.names }
    throw InvalidValue(
      "section or device", name,
      "did you mean \(nearest(to: name, among: names).prefix(5).joined(separator: ", "))?")
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

  private static func device(
    _ element: String, names: [String] = [], aliases: [String: String] = [:],
    first: String? = nil, defaults: KeyValuePairs<String, String> = [:]
  ) -> WordKind {
    WordKind(
      element: element, path: ["devices", element], names: names, aliases: aliases, first: first,
      defaults: defaults.map { ($0.key, $0.value) })
  }

  private static func section(
    _ element: String, names: [String] = [], aliases: [String: String] = [:], first: String? = nil
  ) -> WordKind {
    WordKind(element: element, path: [element], names: names, aliases: aliases, first: first)
  }

  /// A kind of virt-install's whose words stand directly below `<domain>`.
  private static func root(_ name: String) -> WordKind {
    WordKind(element: "", path: [], names: [name])
  }

  static let declared: [WordKind] = [
    device(
      "disk",
      aliases: [
        "bus": "target.bus", "target": "target.dev", "format": "driver.type",
        "cache": "driver.cache", "io": "driver.io", "discard": "driver.discard",
        "detect_zeroes": "driver.detect_zeroes", "error_policy": "driver.error_policy",
        "driver_name": "driver.name", "driver_type": "driver.type", "boot_order": "boot.order",
        "removable": "target.removable", "startup_policy": "source.startupPolicy",
        "rotation_rate": "target.rotation_rate", "iothread": "driver.iothread",
      ], first: "path"),
    device(
      "interface", names: ["network"],
      aliases: [
        "mac": "mac.address", "model": "model.type", "target": "target.dev",
        "source_mode": "source.mode", "boot_order": "boot.order", "filterref": "filterref.filter",
        "rom_file": "rom.file", "rom_bar": "rom.bar", "link_state": "link.state",
        "driver_name": "driver.name", "driver_queues": "driver.queues",
        "portgroup": "source.portgroup",
        "mtu": "mtu.size",
      ], first: "network", defaults: ["model.type": "virtio"]),
    device("controller", first: "type"),
    device(
      "filesystem", aliases: ["source": "source.dir", "target": "target.dir"], first: "source",
      defaults: ["type": "mount", "accessmode": "passthrough"]),
    device("graphics", aliases: ["password": "passwd", "gl": "gl.enable"], first: "type"),
    device("video", aliases: ["model": "model.type", "heads": "model.heads"], first: "model.type"),
    device("sound", aliases: ["audio_id": "audio.id"], first: "model"),
    device("audio", first: "type"),
    device("input", first: "type", defaults: ["bus": "virtio"]),
    device("hostdev", aliases: ["boot_order": "boot.order"], first: "host"),
    device("redirdev", first: "bus", defaults: ["bus": "usb", "type": "spicevmc"]),
    device(
      "serial", aliases: ["path": "source.path", "host": "source.host"], first: "type",
      defaults: ["type": "pty"]),
    device(
      "console", aliases: ["path": "source.path", "host": "source.host"], first: "type",
      defaults: ["type": "pty"]),
    device("parallel", aliases: ["path": "source.path"], first: "type", defaults: ["type": "pty"]),
    device(
      "channel",
      aliases: ["name": "target.name", "path": "source.path", "target_type": "target.type"],
      first: "type", defaults: ["type": "unix", "target.type": "virtio"]),
    device("smartcard", first: "mode"),
    device(
      "tpm",
      aliases: [
        "type": "backend.type", "version": "backend.version", "path": "backend.device.path",
      ],
      first: "model",
      defaults: ["model": "tpm-spapr", "backend.type": "emulator", "backend.version": "2.0"]),
    device(
      "rng", aliases: ["type": "backend.model", "device": "backend"], first: "backend",
      defaults: ["model": "virtio", "backend.model": "random", "backend": "/dev/urandom"]),
    device("watchdog", first: "model", defaults: ["action": "reset"]),
    device("memballoon", first: "model", defaults: ["model": "virtio"]),
    device("panic", first: "model", defaults: ["model": "pseries"]),
    device(
      "vsock", aliases: ["cid": "cid.address", "auto_cid": "cid.auto"], first: "cid.address",
      defaults: ["model": "virtio"]),
    device("iommu", first: "model"),
    device("shmem", first: "name"),
    root("metadata"), root("events"),
    section(
      "os", names: ["boot"],
      aliases: ["kernel_args": "cmdline", "menu": "bootmenu.enable", "uefi": "firmware"]),
    section("memoryBacking", names: ["memorybacking"]),
    section("launchSecurity", names: ["launchsecurity"], first: "type"),
    section("memory"), device("memory", names: ["memdev"], first: "model"),
    section(
      "pm",
      aliases: [
        "suspend_to_mem": "suspend-to-mem.enabled", "suspend_to_disk": "suspend-to-disk.enabled",
      ]),
    section("vcpu", names: ["vcpus"]),
    section("vcpus", names: ["vcpu-list"]), section("cpu", first: "model"),
    section("clock", first: "offset"),
    section(
      "numatune",
      aliases: [
        "nodeset": "memory.nodeset", "mode": "memory.mode", "placement": "memory.placement",
      ],
      first: "memory.nodeset"),
    section("sysinfo", first: "type"),
    section("seclabel", names: ["security"], first: "type"),
    section("iothreads", first: "iothreads"),
    section("qemu:commandline", names: ["qemu-commandline"], first: "args"),
  ]

  /// Keys whose values are lists or texts: a part without `=` behind them belongs to the value.
  static let listKeys: Set<String> = [
    "cpuset", "nodeset", "vcpus", "iothreads", "nodemask", "title", "description", "name",
    "cmdline", "kernel_args", "entry", "initarg", "cpus", "memnode", "appid", "database",
  ]
}
