internal import LosslessXML

extension Rule {
  static let optionAndValueJoined = Rule(
    11, .error, "A machine option and its value in one argument",
    reason: """
      Each <qemu:arg> is one word of QEMU's command line. QEMU says at the start "invalid option" \
      where the option's value stands in the same word.
      """,
    source: "libvirt, docs/drvqemu.rst; QEMU, system/vl.c, lookup_opt; \(measured)",
    versions: "all"
  ) { subject in
    subject.arguments.arguments.compactMap { argument in
      let options = ["-machine", "--machine", "-M", "--M"]
      guard
        let option = options.first(where: { argument.value.hasPrefix($0) }),
        let next = argument.value.dropFirst(option.count).first, next == " " || next == "="
      else { return nil }
      let value = argument.value.dropFirst(option.count + 1)
      return Hit(
        argument.element, attribute: "value",
        "QEMU takes '\(argument.value)' for one option, and has none of this name",
        do: "Write two arguments: <qemu:arg value='\(option)'/> and "
          + "<qemu:arg value='\(String(value).trimmingSpaces)'/>.")
    }
  }
}
