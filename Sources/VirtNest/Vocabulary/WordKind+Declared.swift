internal import LosslessXML

/// What is declared of sections and kinds of device.
extension WordKind {
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
      defaults: ["type": "mount"]),
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
      first: "type",
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
        "target_size": "target.size", "target_label_size": "target.label.size",
        "target.label_size": "target.label.size",
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
}
