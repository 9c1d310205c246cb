internal import LosslessXML

/// The order in which libvirt prints the children of an element.
///
/// libvirt, `src/conf/domain_conf.c`: `virDomainDefFormatInternalSetRootName` and what it calls; the
/// features in the order of `virDomainFeature`.
enum LibvirtOrder {
  /// The names of the children of an element, in order; none where they are not known.
  private static func children(of parent: String) -> [String] {
    switch parent {
    case "domain": domain
    case "os": os
    case "features": features
    case "memoryBacking": memoryBacking
    case "cpu": cpu
    case "devices": devices
    case "disk": disk
    case "interface": interface
    case "console": console
    case "commandline": commandline
    default: []
    }
  }

  private static let domain = [
    "name", "uuid", "genid", "title", "description", "metadata", "maxMemory", "memory",
    "currentMemory", "blkiotune", "memtune", "memoryBacking", "vcpu", "vcpus", "iothreads",
    "iothreadids", "defaultiothread", "cputune", "numatune", "resource", "sysinfo", "bootloader",
    "bootloader_args", "os", "idmap", "features", "cpu", "clock", "on_poweroff", "on_reboot",
    "on_crash", "on_lockfailure", "pm", "perf", "devices", "seclabel", "keywrap",
    "launchSecurity", "commandline", "override",
  ]
  private static let os = [
    "type", "firmware", "init", "initarg", "initenv", "initdir", "inituser", "initgroup",
    "loader", "nvram", "kernel", "initrd", "cmdline", "dtb", "acpi", "boot", "bootmenu", "bios",
    "smbios",
  ]
  private static let features = [
    "acpi", "apic", "pae", "hap", "viridian", "privnet", "hyperv", "kvm", "pvspinlock",
    "capabilities", "pmu", "vmport", "gic", "smm", "ioapic", "hpt", "vmcoreinfo", "htm",
    "nested-hv", "msrs", "ccf-assist", "xen", "cfpc", "sbbc", "ibs", "tcg", "async-teardown",
  ]
  private static let memoryBacking = [
    "hugepages", "nosharepages", "locked", "source", "access", "allocation", "discard",
  ]
  private static let cpu = [
    "arch", "model", "vendor", "topology", "cache", "maxphysaddr", "feature", "numa",
  ]
  private static let devices = [
    "emulator", "disk", "controller", "lease", "filesystem", "interface", "smartcard", "serial",
    "parallel", "console", "channel", "input", "tpm", "graphics", "audio", "sound", "video",
    "hostdev", "redirdev", "redirfilter", "hub", "watchdog", "memballoon", "rng", "nvram",
    "panic", "shmem", "memory", "iommu", "vsock", "crypto",
  ]
  private static let disk = [
    "driver", "auth", "source", "backingStore", "mirror", "target", "iotune", "readonly",
    "shareable", "transient", "serial", "wwn", "vendor", "product", "encryption", "boot",
    "alias", "address",
  ]
  private static let interface = [
    "mac", "source", "virtualport", "ip", "route", "script", "target", "guest", "model", "driver",
    "backend", "filterref", "boot", "rom", "teaming", "bandwidth", "vlan", "link", "mtu",
    "coalesce", "alias", "address",
  ]
  private static let console = ["source", "protocol", "log", "target", "alias", "address"]
  private static let commandline = ["arg", "env"]

  /// The place of a child among its siblings; `nil` where it is not known.
  ///
  /// - Parameters:
  ///   - child: a local name.
  ///   - parent: a local name.
  static func rank(of child: String, in parent: String) -> Int? {
    children(of: parent).firstIndex(of: child)
  }

  /// The last child of an element that libvirt prints before a new one of this rank, or beside it.
  static func anchor(forRank rank: Int, in parent: Element) -> Element? {
    let names = children(of: parent.localName)
    var anchor: Element?
    // Most definitions are in libvirt's order: the search goes on where it last found something.
    var start = 0
    for child in parent.children {
      let found = child.firstMatch(among: names, from: start)
      start = found ?? start
      if (found ?? Int.max) <= rank { anchor = child }
    }
    return anchor
  }
}
