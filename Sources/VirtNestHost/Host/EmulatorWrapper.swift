package import VirtNest

/// A program that stands for QEMU and switches nested KVM on for the guests whose name matches.
///
/// It is POSIX sh: it hands every argument on as it came, prints nothing, and puts
/// `-machine cap-nested-hv=on` before them where the guest's name (the value of `-name`) matches,
/// the machine is a pseries, and no `-machine` says anything of a nested API itself. A guest that
/// asks for no machine is left alone, as is every question that libvirt asks an emulator.
///
/// The name that the pattern is looked for in is QEMU's: of `guest=a,,b,debug-threads=on` it is
/// `a,b`. QEMU's rules for options are in its `util/qemu-option.c` and `util/keyval.c`.
package struct EmulatorWrapper: Equatable, Sendable {
  /// Where the wrapper is put.
  package enum Placement: Equatable, Sendable {
    /// At a path of its own, which a guest's `<emulator>` names.
    case beside(path: String)
    /// In the place of QEMU, which moves to `PATH.distrib`: every guest of the host runs through
    /// it. On a host of dpkg by a diversion; elsewhere a unit of systemd puts it back after an
    /// upgrade, since rpm has no diversions.
    case replacing
  }

  /// What is looked for anywhere in a guest's name: `*` stands for anything, `?` for one byte,
  /// everything else for itself, ASCII letters in either case.
  package let pattern: String
  /// The absolute path of the QEMU that the wrapper runs.
  package let emulator: String

  /// - Throws: ``InvalidValue`` where a guest could never match, or where the emulator is not an
  ///   absolute path.
  package init(
    match pattern: String = "kata", emulator: String = "/usr/bin/qemu-system-ppc64"
  ) throws(InvalidValue) {
    guard !pattern.isEmpty else {
      throw InvalidValue("pattern", pattern, "it is empty; to match every guest, say *")
    }
    guard !pattern.unicodeScalars.contains(where: isControl) else {
      throw InvalidValue("pattern", pattern, "it has a control character, which no name has")
    }
    try requireAbsolute(emulator, "emulator")
    self.pattern = pattern
    self.emulator = emulator
  }

  /// The wrapper's text, for a file with mode 0755.
  package func script() -> String {
    ShellScript(PackageResources.wrapper_sh)
      .filled(values: ["PATTERN": shellPattern(pattern), "EMULATOR": emulator])
  }

  /// A script for root that puts the wrapper on a host or takes it away.
  ///
  /// It does what SELinux, AppArmor and libvirt's cache of capabilities need. It takes `--install` or `--uninstall`; doing it again does no harm.
  /// - Parameter uninstalling: What it does where neither is given.
  /// - Throws: ``InvalidValue`` where the wrapper's path is not an absolute one, or is the
  ///   emulator's.
  package func installScript(
    _ placement: Placement = .beside(path: Emulator.defaultWrapper), uninstalling: Bool = false
  ) throws(InvalidValue) -> String {
    var placed = self
    let path: String
    let word: String
    switch placement {
    case .beside(let other):
      try requireAbsolute(other, "path")
      guard other != emulator else {
        throw InvalidValue(
          "path", other,
          "the emulator is there; a wrapper in the emulator's place is asked for by --replace")
      }
      (path, word) = (other, "beside")
    case .replacing:
      (path, word) = (emulator, "replace")
      placed = try EmulatorWrapper(match: pattern, emulator: emulator + ".distrib")
    }
    let values = ["PATH": path, "EMULATOR": placed.emulator, "PLACEMENT": word]
    let placer = ShellScript(PackageResources.place_wrapper_sh)
      .filled(values: values, lines: ["WRAPPER": placed.script()])
    let action = ["ACTION": uninstalling ? "--uninstall" : "--install"]
    return ShellScript(PackageResources.install_wrapper_sh)
      .filled(values: values.merging(action) { $1 }, lines: ["PLACER": placer])
  }
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x20 || scalar.value == 0x7F
}

private func requireAbsolute(_ path: String, _ property: String) throws(InvalidValue) {
  guard path.hasPrefix("/"), !path.hasSuffix("/") else {
    throw InvalidValue(
      property, path, "say an absolute path of a file, such as /usr/bin/qemu-system-ppc64")
  }
  guard !path.unicodeScalars.contains(where: isControl) else {
    throw InvalidValue(property, path, "it has a control character")
  }
}

/// The pattern as sh's `case` takes it, with letters in both cases.
private func shellPattern(_ pattern: String) -> String {
  var result = ""
  for scalar in pattern.unicodeScalars {
    switch scalar {
    case "a"..."z":
      result += "[\(scalar)\(scalar.properties.uppercaseMapping)]"
    case "A"..."Z":
      result += "[\(scalar.properties.lowercaseMapping)\(scalar)]"
    case "[", "]", "\\":
      result += "\\\(scalar)"
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
