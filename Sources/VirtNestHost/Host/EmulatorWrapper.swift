internal import LosslessXML
package import VirtNest

/// A script that runs QEMU and switches nested KVM on for guests whose name matches a pattern.
///
/// It is POSIX sh, passes every argument to QEMU unchanged and prints nothing. It puts
/// `-machine cap-nested-hv=on` in front of the arguments if the guest's name (the value of `-name`)
/// matches, the machine type is pseries, and no `-machine` option sets a nested API itself. It adds
/// nothing for a guest without a machine type, nor if libvirt probes the emulator.
///
/// The pattern is matched against the name as QEMU reads it: for `guest=a,,b,debug-threads=on` that
/// is `a,b`. QEMU's rules for options are in its `util/qemu-option.c` and `util/keyval.c`.
package struct EmulatorWrapper: Equatable, Sendable {
  /// Where the wrapper is installed.
  package enum Placement: Equatable, Sendable {
    /// At a path of its own, which a guest's `<emulator>` names.
    case beside(path: String)
    /// At QEMU's path, for every guest of the host; QEMU moves to `PATH.distrib`. With dpkg this is
    /// a diversion. rpm has no diversions, so a systemd unit restores the wrapper after an upgrade
    /// of QEMU.
    case replacing
  }

  /// The pattern that some part of a guest's name must match.
  ///
  /// `*` stands for any text, `?` for one byte, everything else for itself. The case of ASCII letters
  /// is ignored.
  package let pattern: String
  /// The absolute path of the QEMU that the wrapper runs.
  package let emulator: String

  /// Makes a wrapper.
  ///
  /// - Throws: ``InvalidValue`` if no guest could ever match, or if the emulator is not an absolute
  ///   path.
  package init(
    match pattern: String = "kata", emulator: String = "/usr/bin/qemu-system-ppc64"
  ) throws(InvalidValue) {
    guard !pattern.isEmpty else {
      throw InvalidValue("pattern", pattern, "it is empty; use * to match every guest")
    }
    guard !pattern.unicodeScalars.contains(where: isControl) else {
      throw InvalidValue(
        "pattern", pattern, "it contains a control character, which no guest name contains")
    }
    try requireAbsolute(emulator, "emulator")
    self.pattern = pattern
    self.emulator = emulator
  }

  /// The text of the wrapper, for a file with mode 0755.
  package func script() -> String {
    ShellScript(PackageResources.wrapper_sh)
      .filled(values: ["PATTERN": shellPattern(pattern), "EMULATOR": emulator])
  }

  /// A script for root that installs or uninstalls the wrapper on a host.
  ///
  /// It also updates SELinux labels, AppArmor rules and libvirt's cache of capabilities. Its argument
  /// is `--install` or `--uninstall`; it can safely be run again.
  /// - Parameter uninstalling: Whether it uninstalls when it is run without an argument.
  /// - Throws: ``InvalidValue`` if the wrapper's path is not absolute, or is the emulator's path.
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
          "this is the emulator's path; use --replace to put the wrapper there")
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
      property, path,
      "it must be the absolute path of a file, such as /usr/bin/qemu-system-ppc64")
  }
  guard !path.unicodeScalars.contains(where: isControl) else {
    throw InvalidValue(property, path, "it contains a control character")
  }
}

/// The pattern in the syntax of sh's `case`, with each letter in both cases.
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

/// A POSIX sh script with placeholders.
///
/// In the script's text, `'@NAME@'` stands for a value, which is inserted quoted. A line that is only
/// `@NAME@` stands for lines, which are inserted unchanged (into a here-document). Placeholders in
/// inserted text are not replaced.
struct ShellScript {
  private let text: String

  /// Reads a script.
  ///
  /// - Parameter bytes: The text, in UTF-8.
  init(_ bytes: [UInt8]) {
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// The script with values in place of the placeholders.
  /// - Precondition: Each placeholder has a value, and each value has a placeholder.
  func filled(values: [String: String], lines: [String: String] = [:]) -> String {
    var unused = Set(values.keys).union(lines.keys)
    var result: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let name = Self.place(line), let block = lines[name] {
        unused.remove(name)
        result.append(block.hasSuffix("\n") ? String(block.dropLast()) : block)
        continue
      }
      var filled = ""
      for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated()
      {
        if let name = Self.place(part), let value = values[name] {
          unused.remove(name)
          filled += (index == 0 ? "" : "'") + insideSingleQuotes(value)
        } else {
          filled += (index == 0 ? "" : "'") + part
        }
      }
      result.append(filled)
    }
    precondition(unused.isEmpty, "the script has no placeholder for \(unused.sorted())")
    return result.joined(separator: "\n")
  }

  private static func place(_ text: Substring) -> String? {
    guard text.count > 2, text.first == "@", text.last == "@" else { return nil }
    let name = text.dropFirst().dropLast()
    return name.allSatisfy { $0 == "_" || ("A"..."Z").contains($0) } ? String(name) : nil
  }
}
