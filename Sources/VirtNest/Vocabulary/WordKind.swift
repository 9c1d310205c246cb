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
  private static func root(
    _ name: String, aliases: [String: String] = [:], first: String? = nil
  ) -> WordKind {
    WordKind(element: "", path: [], names: [name], aliases: aliases, first: first)
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
        "snapshot_policy": "snapshot", "source_pool": "source.pool",
        "source_volume": "source.volume", "source_name": "source.name",
        "source_protocol": "source.protocol", "source_host_name": "source.host0.name",
        "source_host_port": "source.host0.port", "source_host_socket": "source.host0.socket",
        "source_host_transport": "source.host0.transport", "seclabel*": "source.seclabel*",
        "reservations*": "source.reservations*", "read_bytes_sec": "iotune.read_bytes_sec",
        "write_bytes_sec": "iotune.write_bytes_sec", "total_bytes_sec": "iotune.total_bytes_sec",
        "read_iops_sec": "iotune.read_iops_sec", "write_iops_sec": "iotune.write_iops_sec",
        "total_iops_sec": "iotune.total_iops_sec",
        "logical_block_size": "blockio.logical_block_size",
        "physical_block_size": "blockio.physical_block_size",
      ], first: "path"),
    device(
      "interface", names: ["network"],
      aliases: [
        "mac": "mac.address", "model": "model.type", "target": "target.dev",
        "source_mode": "source.mode", "boot_order": "boot.order", "filterref": "filterref.filter",
        "rom_file": "rom.file", "rom_bar": "rom.bar", "link_state": "link.state",
        "driver_name": "driver.name", "driver_queues": "driver.queues",
        "portgroup": "source.portgroup", "mtu": "mtu.size", "source_type": "source.type",
        "source_path": "source.path", "virtualport_type": "virtualport.type",
        "virtualport_managerid": "virtualport.parameters.managerid",
        "virtualport_typeid": "virtualport.parameters.typeid",
        "virtualport_typeidversion": "virtualport.parameters.typeidversion",
        "virtualport_instanceid": "virtualport.parameters.instanceid",
        "virtualport_profileid": "virtualport.parameters.profileid",
        "virtualport_interfaceid": "virtualport.parameters.interfaceid",
      ], first: "network", defaults: ["model.type": "virtio"]),
    device(
      "controller", aliases: ["master": "master.startport", "driver_queues": "driver.queues"],
      first: "type"),
    device(
      "filesystem", aliases: ["target": "target.dir", "mode": "accessmode"], first: "source",
      defaults: ["type": "mount", "accessmode": "passthrough"]),
    device(
      "graphics",
      aliases: [
        "password": "passwd", "passwordValidTo": "passwdValidTo", "tlsport": "tlsPort",
        "gl": "gl.enable", "rendernode": "gl.rendernode", "listens*": "listen*",
        "image_compression": "image.compression", "streaming_mode": "streaming.mode",
        "clipboard_copypaste": "clipboard.copypaste", "mouse_mode": "mouse.mode",
        "filetransfer_enable": "filetransfer.enable",
      ], first: "type"),
    device(
      "video",
      aliases: [
        "model": "model.type", "heads": "model.heads", "ram": "model.ram", "vram": "model.vram",
        "vram64": "model.vram64", "vgamem": "model.vgamem",
        "accel3d": "model.acceleration.accel3d",
      ], first: "model.type"),
    device("sound", aliases: ["audio_id": "audio.id"], first: "model"),
    device("audio", first: "type"),
    device("input", first: "type", defaults: ["bus": "virtio"]),
    device(
      "hostdev", aliases: ["driver_name": "driver.name", "rom_bar": "rom.bar"], first: "host"),
    device("redirdev", first: "bus", defaults: ["bus": "usb", "type": "spicevmc"]),
    device("serial", aliases: characterKeys, first: "type", defaults: ["type": "pty"]),
    device("console", aliases: characterKeys, first: "type", defaults: ["type": "pty"]),
    device("parallel", aliases: characterKeys, first: "type", defaults: ["type": "pty"]),
    device(
      "channel",
      aliases: characterKeys.merging(["name": "target.name"], uniquingKeysWith: { $1 }),
      first: "type",
      defaults: ["type": "unix", "target.type": "virtio"]),
    device("smartcard", first: "mode"),
    device(
      "tpm",
      aliases: [
        "type": "backend.type", "version": "backend.version", "path": "backend.device.path",
        "active_pcr_banks*": "backend.active_pcr_banks*",
      ],
      first: "model",
      defaults: ["model": "tpm-spapr", "backend.type": "emulator", "backend.version": "2.0"]),
    device(
      "rng",
      aliases: [
        "type": "backend.model", "device": "backend", "backend_type": "backend.type",
        "backend_service": "backend.source.service", "backend_mode": "backend.source.mode",
        "rate_bytes": "rate.bytes", "rate_period": "rate.period",
      ], first: "backend",
      defaults: ["model": "virtio", "backend.model": "random", "backend": "/dev/urandom"]),
    device("watchdog", first: "model", defaults: ["action": "reset"]),
    device("memballoon", first: "model", defaults: ["model": "virtio"]),
    device(
      "panic", aliases: ["iobase": "address.iobase"], first: "model", defaults: ["model": "pseries"]
    ),
    device(
      "vsock", aliases: ["cid": "cid.address", "auto_cid": "cid.auto"], first: "cid.address",
      defaults: ["model": "virtio"]),
    device("iommu", first: "model"),
    device("shmem", first: "name"),
    root("metadata"), root("events"),
    section(
      "os", names: ["boot"],
      aliases: [
        "kernel_args": "cmdline", "extra_args": "cmdline", "menu": "bootmenu.enable",
        "uefi": "firmware", "os_type": "type", "arch": "type.arch", "machine": "type.machine",
        "loader_ro": "loader.readonly", "loader_type": "loader.type",
        "loader_secure": "loader.secure", "nvram_template": "nvram.template",
        "useserial": "bios.useserial", "rebootTimeout": "bios.rebootTimeout",
        "smbios_mode": "smbios.mode",
      ]),
    section(
      "memoryBacking", names: ["memorybacking"],
      aliases: [
        "size": "hugepages.page0.size", "unit": "hugepages.page0.unit",
        "nodeset": "hugepages.page0.nodeset", "access_mode": "access.mode",
        "source_type": "source.type",
      ]),
    section(
      "blkiotune",
      aliases: [
        "device_path": "device0.path", "device_weight": "device0.weight",
        "read_bytes_sec": "device0.read_bytes_sec", "write_bytes_sec": "device0.write_bytes_sec",
        "read_iops_sec": "device0.read_iops_sec", "write_iops_sec": "device0.write_iops_sec",
      ], first: "weight"),
    section("memtune", first: "soft_limit"), section("resource", first: "partition"),
    section(
      "features",
      aliases: [
        "eoi": "apic.eoi", "gic_version": "gic.version", "kvm_hidden": "kvm.hidden.state",
        "hyperv_reset": "hyperv.reset", "hyperv_vapic": "hyperv.vapic",
        "hyperv_relaxed": "hyperv.relaxed", "hyperv_spinlocks": "hyperv.spinlocks",
        "hyperv_synic": "hyperv.synic", "hyperv_spinlocks_retries": "hyperv.spinlocks.retries",
      ]),
    section(
      "idmap",
      aliases: [
        "uid_start": "uid.start", "uid_target": "uid.target", "uid_count": "uid.count",
        "gid_start": "gid.start", "gid_target": "gid.target", "gid_count": "gid.count",
      ]),
    section("launchSecurity", names: ["launchsecurity"], first: "type"),
    root(
      "memory", aliases: ["dumpCore": "memory.dumpCore", "unit": "memory.unit"], first: "memory"),
    device(
      "memory", names: ["memdev"],
      aliases: [
        "target_node": "target.node", "source_pagesize": "source.pagesize",
        "source_path": "source.path", "source_nodemask": "source.nodemask",
      ], first: "model"),
    section(
      "pm",
      aliases: [
        "suspend_to_mem": "suspend-to-mem.enabled", "suspend_to_disk": "suspend-to-disk.enabled",
        "suspend_to_mem*": "suspend-to-mem*", "suspend_to_disk*": "suspend-to-disk*",
      ]),
    root(
      "vcpus",
      aliases: [
        "vcpus": "vcpu", "cpuset": "vcpu.cpuset", "placement": "vcpu.placement",
        "sockets": "cpu.topology.sockets", "dies": "cpu.topology.dies",
        "cores": "cpu.topology.cores", "threads": "cpu.topology.threads",
      ], first: "vcpus"),
    section("vcpus", names: ["vcpu-list"]),
    section("cpu", aliases: ["cell*": "numa.cell*"], first: "model"),
    section("clock", aliases: timers, first: "offset"),
    section(
      "numatune",
      aliases: [
        "nodeset": "memory.nodeset", "mode": "memory.mode", "placement": "memory.placement",
      ],
      first: "memory.nodeset"),
    section("sysinfo", aliases: systemInformation, first: "type"),
    section("seclabel", names: ["security"], first: "type"),
    root("iothreads", first: "iothreads"),
    section("qemu:commandline", names: ["qemu-commandline"], first: "args"),
  ]

  /// A character device's keys.
  private static let characterKeys = [
    "char_type": "type", "path": "source.path", "mode": "source.mode",
    "protocol": "protocol.type", "target_type": "target.type",
  ]

  /// `<sysinfo>`'s entries by their names: `system.serial` and `system_serial`.
  private static let systemInformation: [String: String] = {
    let entries = [
      "bios": "vendor version date release",
      "system": "manufacturer product version serial uuid sku family",
      "baseBoard": "manufacturer product version serial asset location",
      "chassis": "manufacturer version serial asset sku",
    ]
    var aliases: [String: String] = [:]
    for (table, names) in entries {
      for name in names.split(separator: " ") {
        for separator in [".", "_"] {
          aliases[table + separator + name] = "\(table).entry[name=\(name)]"
        }
      }
    }
    return aliases
  }()

  /// `<clock>`'s timers by their names: `hpet_present`, `rtc_tickpolicy`.
  private static let timers: [String: String] = {
    var aliases: [String: String] = [:]
    for name in ["platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock"] {
      for key in ["present", "tickpolicy"] {
        aliases["\(name)_\(key)"] = "timer[name=\(name)].\(key)"
      }
    }
    return aliases
  }()

  /// Keys whose values are lists or texts: a part without `=` behind them belongs to the value.
  static let listKeys: Set<String> = [
    "cpuset", "nodeset", "vcpus", "iothreads", "nodemask", "title", "description", "name",
    "cmdline", "kernel_args", "extra_args", "entry", "initarg", "label", "baselabel", "cellid",
    "certificate", "cpus", "memnode", "appid", "database",
  ]
}
