internal import LosslessXML
internal import VirtNest

/// The arguments for QEMU in a definition that are handed on: what decides about nesting, and nothing
/// that names a file, a socket, a device or a program.
package struct KeptArguments: Sendable {
  /// The form of an option's value.
  package enum Form: String, Sendable {
    /// No value.
    case flag = "no value"
    /// Properties of the machine: `cap-…` and those of ``machineProperties``.
    case machine = "properties of the machine"
    /// Plain words, some with a key: `4,cores=2`.
    case plain = "plain words and numbers"
    /// `DRIVER.PROPERTY=VALUE`, for the machine and the CPU.
    case global = "a property of the machine or of the CPU"
  }

  /// The options that are kept; each may be written with one dash or two.
  package static let options: KeyValuePairs<String, Form> = [
    "machine": .machine, "M": .machine, "cpu": .plain, "smp": .plain, "m": .plain,
    "accel": .plain, "enable-kvm": .flag, "global": .global, "no-reboot": .flag,
    "no-shutdown": .flag,
  ]

  /// The properties of `-machine` that are kept beside `cap-…`.
  package static let machineProperties = [
    "accel", "dump-guest-core", "graphics", "ic-mode", "kernel-irqchip", "kvm-type",
    "max-cpu-compat", "mem-merge", "modern-hotplug-events", "nvdimm", "resize-hpt",
    "suppress-vmdesc", "usb", "vsmt",
  ]

  /// The arguments that are kept.
  private(set) var words: [String] = []
  /// What is left out, each as a sentence.
  private(set) var differences: [String] = []

  /// Sorts the arguments of a definition.
  init(of domain: Element) {
    let arguments = PassthroughArguments(of: domain).arguments
    var index = 0
    while index < arguments.count {
      let option = arguments[index]
      index += 1
      // What QEMU itself would take for the value is the value.
      let value = option.takesValue && index < arguments.count ? arguments[index] : nil
      if value != nil { index += 1 }
      add(option, value)
    }
  }

  private mutating func add(
    _ option: PassthroughArguments.Argument, _ value: PassthroughArguments.Argument?
  ) {
    let place = "in line \(option.element.location.line)"
    let name = Substring(option.value.unicodeScalars.drop { $0 == "-" })
    let form =
      option.value.hasPrefix("-")
      ? Self.options.first { $0.key == name }?.value : nil
    guard let form, (form == .flag) == (value == nil) else {
      differences.append("the QEMU option \(option.value) \(place) is removed")
      return
    }
    guard let value else {
      words.append(option.value)
      return
    }
    let (kept, removed) = Self.kept(value.value, form)
    for part in removed {
      differences.append("'\(part)' of the QEMU option \(option.value) \(place) is removed")
    }
    if !kept.isEmpty { words += [option.value, kept] }
  }

  /// The parts of a value that are kept, joined, and the others.
  static func kept(_ value: String, _ form: Form) -> (kept: String, removed: [String]) {
    // A comma within a value is doubled. No value that is kept has one.
    let parts = value.utf8.split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false
    ).map { String(decoding: $0, as: UTF8.self) }
    guard !parts.dropFirst().contains("") else { return ("", [value]) }
    var (kept, removed): ([String], [String]) = ([], [])
    for (index, part) in parts.enumerated() {
      if isKept(part, form, isFirst: index == 0) { kept.append(part) } else { removed.append(part) }
    }
    // A first part without a key, as the type of the machine, is one only at the start.
    return (kept.joined(separator: ","), removed)
  }

  private static func isKept(_ part: String, _ form: Form, isFirst: Bool) -> Bool {
    let pieces = part.utf8.split(
      separator: UInt8(ascii: "="), omittingEmptySubsequences: false
    ).map { String(decoding: $0, as: UTF8.self) }
    let isPlain = pieces.allSatisfy(KeptParts.isPlain)
    switch form {
    case .flag: return false
    case .plain: return pieces.count <= 2 && isPlain
    case .machine:
      // A name alone is a type, or a property without its value, which QEMU refuses.
      if pieces.count == 1 { return isPlain || part.isEmpty && isFirst }
      let name = pieces[0].replacing("_", with: "-")
      let isKnown = name == "type" || name.hasPrefix("cap-") || machineProperties.contains(name)
      return pieces.count == 2 && isKnown && KeptParts.isPlain(pieces[0])
        && (isPlain || pieces[1].isEmpty)
    case .global:
      guard pieces.count == 2, isPlain,
        let dot = pieces[0].utf8.lastIndex(of: UInt8(ascii: "."))
      else { return false }
      let driver = pieces[0][..<dot]
      let property = pieces[0][dot...].dropFirst().replacing("_", with: "-")
      return driver.hasSuffix("-machine")
        ? property.hasPrefix("cap-") || machineProperties.contains(String(property))
        : driver.hasSuffix("-cpu-core") || driver.hasSuffix("-powerpc64-cpu")
    }
  }

  /// The element that holds the arguments; empty if there are none.
  var xml: String {
    guard !words.isEmpty else { return "" }
    return "<qemu:commandline xmlns:qemu='\(DomainNamespace.qemu)'>"
      + words.map { "<qemu:arg value='\($0)'/>" }.joined() + "</qemu:commandline>"
  }
}
