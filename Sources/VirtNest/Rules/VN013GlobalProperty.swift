internal import LosslessXML

extension Rule {
  static let globalProperty = Rule(
    13, .error, "A nested capability given by -global",
    reason: """
      -global is about devices. QEMU starts with a warning at most, and without the capability.
      """,
    source: "QEMU, docs/system/invocation (-global); \(measured)", versions: "all"
  ) { subject in
    let arguments = subject.arguments.arguments
    return zip(arguments, arguments.dropFirst()).compactMap { option, value in
      guard ["-global", "--global"].contains(option.value),
        value.value.replacing("_", with: "-").contains("cap-nested")
      else { return nil }
      return Hit(
        value.element, attribute: "value", "-global does not set a capability of the machine",
        do: "Write <nested-hv state='on'/> in <features>: virt-nest patch -i --mechanism feature.")
    }
  }
}
