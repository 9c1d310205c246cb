package import LosslessXML

/// The arguments that a definition adds to QEMU's command line, as libvirt reads them.
///
/// libvirt, `src/qemu/qemu_domain.c`, `qemuDomainDefNamespaceParse`: every
/// `./qemu:commandline/qemu:arg`, in document order.
package struct PassthroughArguments {
  /// One `<qemu:arg>`.
  package struct Argument {
    package var element: Element
    package var value: String
    /// Whether QEMU takes the next argument for its value.
    package var takesValue: Bool { QEMUOption.takesValue(value) }
  }

  /// A `-machine` and its value.
  package struct MachineArgument {
    package var option: Argument
    package var value: Argument
    package var options: MachineOptions
  }

  /// Every argument.
  package let arguments: [Argument]
  /// Every `-machine`, `--machine`, `-M` and `--M` with a value behind it.
  package let machineArguments: [MachineArgument]
  /// Every option, and its value where it takes one and has it.
  let options: [(option: Argument, value: Argument?)]
  /// The last argument where it is an option whose value is missing: it takes what follows for one.
  package let unfinished: Argument?
  /// The elements that hold the arguments.
  package let commandLines: [Element]

  /// The values of an option, in order.
  func values(of name: String) -> [Argument] {
    options.compactMap { QEMUOption.isNamed(name, $0.option.value) ? $0.value : nil }
  }

  /// The last value that a property of the machine has here.
  func machineProperty(_ name: String) -> (value: String, argument: MachineArgument)? {
    for argument in machineArguments.reversed() {
      if let value = argument.options.value(of: name) { return (value, argument) }
    }
    return nil
  }

  package init(of domain: Element) {
    commandLines = domain.children("commandline", in: DomainNamespace.qemu)
    arguments = commandLines.flatMap { commandLine in
      commandLine.children("arg", in: DomainNamespace.qemu).map { element in
        Argument(element: element, value: element["value"] ?? "")
      }
    }
    var options: [(option: Argument, value: Argument?)] = []
    var rest = arguments[...]
    while let option = rest.popFirst() {
      options.append((option, option.takesValue ? rest.popFirst() : nil))
    }
    self.options = options
    machineArguments = options.compactMap { option, value in
      guard let value, QEMUOption.isMachine(option.value) else { return nil }
      return MachineArgument(option: option, value: value, options: MachineOptions(value.value))
    }
    unfinished = options.last.flatMap { $0.value == nil && $0.option.takesValue ? $0.option : nil }
  }
}

/// The value of QEMU's `-machine`: a type and properties, with commas between them.
///
/// QEMU, `util/keyval.c`: a doubled comma stands for one in a value, a first part without `=` is the
/// type; `system/vl.c` (`keyval_dashify`) takes `_` for `-` in names.
package struct MachineOptions: Hashable, Sendable {
  package struct Item: Hashable, Sendable {
    /// The property's name as it is written.
    package var spelling: String?
    package var value: String

    /// The part as it is written, doubled commas and all.
    var text: String {
      ((spelling.map { $0 + "=" } ?? "") + value).replacing(",", with: ",,")
    }
    /// The property's name, with `-` for `_`; `nil` for the type.
    package var key: String? {
      spelling == "type" ? nil : spelling?.replacing("_", with: "-")
    }
  }

  package var items: [Item]

  package init(_ text: String) {
    items = OptionList(text).items.map { Item(spelling: $0.key, value: $0.value) }
  }

  /// The value as QEMU takes it.
  package var text: String { items.map(\.text).joined(separator: ",") }

  /// The machine type; `nil` where none is named.
  package var type: String? {
    items.first { $0.key == nil }.flatMap { $0.value.isEmpty ? nil : $0.value }
  }

  /// The last value of a property, which is the one that counts.
  package func value(of property: String) -> String? { items.last { $0.key == property }?.value }

  /// Whether nothing is said.
  package var isEmpty: Bool { items.allSatisfy(\.text.isEmpty) }

  /// The options without a property.
  package func without(_ property: String) -> MachineOptions {
    var options = self
    options.items.removeAll { $0.key == property }
    return options
  }
}

/// A boolean as QEMU reads it (QEMU, `qapi/qapi-util.c`, `qapi_bool_parse`).
package enum QEMUBoolean {
  /// `nil` where QEMU would refuse the text.
  package static func parse(_ text: String) -> Bool? {
    switch text {
    case "on", "yes", "true", "y": true
    case "off", "no", "false", "n": false
    default: nil
    }
  }
}

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
