internal import LosslessXML

/// What a guest boots.
///
/// Properties that are `nil` are left as they are.
package struct Boot: Hashable, Sendable {
  /// A kernel on the host that is booted directly.
  package var kernel: String?
  /// Its initial RAM disk on the host.
  package var initrd: String?
  /// Its command line.
  package var kernelArguments: String?
  /// Kinds of devices in the order in which they are tried: `hd`, `cdrom`, `network`, `fd`.
  package var devices: [String]?

  /// Nothing said.
  package init() {}

  static let deviceNames = ["hd", "cdrom", "network", "fd"]

  /// Reads virt-install's `--boot`: `kernel=…,initrd=…,kernel_args=…`, `cdrom,hd`.
  ///
  /// - Throws: ``InvalidValue`` for an unknown key or device.
  package init(_ text: String) throws(InvalidValue) {
    for item in OptionList(text).items {
      switch item.key {
      case nil:
        guard Self.deviceNames.contains(item.value), devices?.contains(item.value) != true else {
          throw InvalidValue(
            "boot", text,
            item.value == "uefi"
              ? "a pseries guest has no UEFI: it boots by SLOF, or as kernel= and initrd= say"
              : "'\(item.value)' is no device; the devices are "
                + "\(Self.deviceNames.joined(separator: ", ")), each once; the keys are kernel, initrd, kernel_args"
          )
        }
        devices = (devices ?? []) + [item.value]
      case "kernel": try Self.set(&kernel, item.value, text)
      case "initrd": try Self.set(&initrd, item.value, text)
      case "kernel_args", "cmdline": try Self.set(&kernelArguments, item.value, text)
      case let key?:
        throw InvalidValue(
          "boot", text, "there is no '\(key)' here; the keys are kernel, initrd, kernel_args")
      }
    }
    for path in [kernel, initrd].compactMap(\.self) where !path.hasPrefix("/") {
      throw InvalidValue("boot", text, "libvirt takes absolute paths only, not '\(path)'")
    }
  }

  private static func set(
    _ property: inout String?, _ value: String, _ text: String
  ) throws(InvalidValue) {
    guard property == nil, !value.isEmpty else {
      throw InvalidValue("boot", text, "a key is given twice, or without a value")
    }
    property = value
  }
}

/// The first console of a guest.
///
/// Properties that are `nil` are left as they are.
package struct Console: Hashable, Sendable {
  /// A file on the host that everything the guest prints is written to.
  package var logFile: String?
  /// Whether that file grows from start to start.
  package var logAppend: Bool?

  /// Nothing said.
  package init() {}

  /// Reads virt-install's `--console`: `log.file=PATH[,log.append=on]`, with or without `pty`.
  ///
  /// - Throws: ``InvalidValue`` for an unknown key or a relative path.
  package init(_ text: String) throws(InvalidValue) {
    let values = try OptionList(text).values(
      for: "console", positional: "type", keys: ["type", "log.file", "log.append"])
    guard values["type"] ?? "pty" == "pty" else {
      throw InvalidValue("console", text, "the type is pty")
    }
    logFile = values["log.file"]
    if let logFile, !logFile.hasPrefix("/") {
      throw InvalidValue("console", text, "libvirt takes absolute paths only, not '\(logFile)'")
    }
    if let append = values["log.append"] {
      guard ["on", "off", "yes", "no"].contains(append), logFile != nil else {
        throw InvalidValue("console", text, "log.append is on or off, and goes with log.file")
      }
      logAppend = append == "on" || append == "yes"
    }
  }
}
