internal import LosslessXML

extension Rule {
  static let valueWithoutOption = Rule(
    14, .error, "A nested capability without -machine before it",
    reason: """
      QEMU takes a word that no option precedes for the image of a disk: "Could not open \
      'cap-nested-hv=true'".
      """,
    source: "QEMU, docs/system/invocation (disk_image); \(measured)", versions: "all"
  ) { subject in
    let arguments = subject.arguments.arguments
    let taken = Set(subject.arguments.machineArguments.map(\.value.element))
    return arguments.enumerated().compactMap { index, argument in
      guard !taken.contains(argument.element),
        argument.value.replacing("_", with: "-").hasPrefix("cap-nested"),
        index == 0 || !arguments[index - 1].value.hasPrefix("-")
      else { return nil }
      return Hit(
        argument.element, attribute: "value",
        "no option stands before '\(argument.value)', and QEMU takes it for a disk image",
        do: "Put <qemu:arg value='-machine'/> before it.")
    }
  }
}
