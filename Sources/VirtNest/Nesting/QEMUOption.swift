internal import LosslessXML

/// How QEMU walks its command line, as far as it takes to tell options from their values.
///
/// QEMU, `softmmu/vl.c` (`lookup_opt`): one dash or two, then the whole name; the value is the next
/// argument, whatever it looks like.
enum QEMUOption {
  /// Whether the next argument is this one's value.
  static func takesValue(_ argument: String) -> Bool {
    // QEMU refuses option and value in one: what stands behind it is read as if it were not there.
    guard let name = name(of: argument), !isMachineWithValue(argument) else { return false }
    return !withoutValue.contains(name)
  }

  /// Whether an argument is QEMU's option for the machine.
  static func isMachine(_ argument: String) -> Bool {
    name(of: argument).map { machine.contains($0) } ?? false
  }

  /// Whether an argument is an option of a name.
  static func isNamed(_ option: some StringProtocol, _ argument: String) -> Bool {
    name(of: argument).map { $0 == option } ?? false
  }

  /// Whether an argument has the option for the machine and its value in one, which QEMU refuses.
  static func isMachineWithValue(_ argument: String) -> Bool {
    guard let name = name(of: argument) else { return false }
    return machine.contains { name.hasPrefix($0 + " ") || name.hasPrefix($0 + "=") }
  }

  /// Whether an argument is an option, and not a value or a disk image.
  static func isOption(_ argument: String) -> Bool { argument.hasPrefix("-") && argument != "-" }

  private static func name(of argument: String) -> Substring? {
    guard argument.hasPrefix("-") else { return nil }
    return argument.dropFirst(argument.hasPrefix("--") ? 2 : 1)
  }

  private static let machine: [Substring] = ["machine", "M"]

  /// The options of `qemu-options.hx` without `HAS_ARG`, of QEMU 3.1 to 10; all others take a value.
  static let withoutValue: Set<Substring> = [
    "S", "alt-grab", "async-teardown", "audio-help", "ctrl-grab", "curses", "daemonize",
    "enable-fips", "enable-hax", "enable-hvf", "enable-kvm", "enable-sync-profile", "full-screen",
    "h", "help", "mem-prealloc", "no-acpi", "no-fd-bootchk", "no-frame", "no-hpet", "no-kvm",
    "no-kvm-irqchip", "no-kvm-pit", "no-kvm-pit-reinjection", "no-quit", "no-reboot",
    "no-shutdown", "no-user-config", "nodefaults", "nodefconfig", "nographic", "old-param",
    "only-migratable", "portrait", "preconfig", "s", "sdl", "semihosting", "singlestep",
    "snapshot", "usb", "version", "win2k-hack", "xen-attach", "xen-domid-restrict",
  ]

  /// The options that QEMU has for targets other than ppc64: "Option not supported for this target".
  static let ofOtherTargets: Set<Substring> = [
    "acpitable", "no-acpi", "no-fd-bootchk", "no-hpet", "old-param", "semihosting",
    "semihosting-config", "smbios", "win2k-hack", "xen-attach", "xen-domid", "xen-domid-restrict",
  ]

  /// The options whose value `help` prints a list.
  static let withLists: Set<Substring> = [
    "accel", "audiodev", "chardev", "cpu", "d", "device", "M", "machine", "netdev", "object",
    "trace",
  ]

  /// Every option of QEMU 3.1 to 10.
  static let all: Set<Substring> = withoutValue.union(withLists).union([
    "L", "D", "action", "add-fd", "append", "audio", "balloon", "bios", "blockdev", "boot", "bt",
    "cdrom", "chroot", "clock", "compat", "debugcon", "dfilter", "display", "drive", "dtb",
    "dump-vmstate", "echr", "fda", "fdb", "fsdev", "fw_cfg", "g", "gdb", "global", "hda", "hdb",
    "hdc", "hdd", "icount", "incoming", "initrd", "iscsi", "jitdump", "k", "kernel", "loadvm",
    "m", "mem-path", "mon", "monitor", "msg", "mtdblock", "name", "net", "nic", "numa",
    "one-insn-per-tb", "option-rom", "overcommit", "parallel", "perfmap", "pflash", "pidfile",
    "plugin", "prom-env", "qmp", "qmp-pretty", "qtest", "qtest-log", "readconfig", "realtime",
    "rotate", "rtc", "run-with", "runas", "sandbox", "sd", "seed", "serial", "set", "shim",
    "show-cursor", "smp", "soundhw", "spice", "tb-size", "tpmdev", "usbdevice", "uuid", "vga",
    "virtfs", "virtfs_synth", "virtioconsole", "vnc", "watchdog", "watchdog-action",
    "writeconfig",
  ])
}
