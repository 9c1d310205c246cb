internal import LosslessXML

/// The arguments that a definition adds to QEMU's command line, as libvirt reads them.
///
/// libvirt, `src/qemu/qemu_domain.c`, `qemuDomainDefNamespaceParse`: every
/// `./qemu:commandline/qemu:arg`, in document order.
struct PassthroughArguments {
  /// One `<qemu:arg>`.
  struct Argument {
    var element: Element
    var value: String
  }

  /// A `-machine` and its value.
  struct MachineArgument {
    var option: Argument
    var value: Argument
    var options: MachineOptions
  }

  /// Every argument.
  let arguments: [Argument]
  /// Every `-machine`, `--machine`, `-M` and `--M` with a value behind it.
  let machineArguments: [MachineArgument]
  /// The last argument where it is an option whose value is missing: it takes what follows for one.
  let unfinished: Argument?
  /// Whether the last argument is a `-machine` whose value is missing.
  var endsInMachineOption: Bool { unfinished.map { QEMUOption.isMachine($0.value) } ?? false }
  /// The elements that hold the arguments.
  let commandLines: [Element]

  init(of domain: Element) {
    commandLines = domain.children("commandline", in: DomainNamespace.qemu)
    arguments = commandLines.flatMap { commandLine in
      commandLine.children("arg", in: DomainNamespace.qemu).map { element in
        Argument(element: element, value: element["value"] ?? "")
      }
    }
    var found: [MachineArgument] = []
    var index = 0
    while index + 1 < arguments.count {
      let option = arguments[index]
      guard QEMUOption.takesValue(option.value) else {
        index += 1
        continue
      }
      if QEMUOption.isMachine(option.value) {
        let value = arguments[index + 1]
        found.append(
          MachineArgument(option: option, value: value, options: MachineOptions(value.value)))
      }
      index += 2
    }
    machineArguments = found
    let last = index < arguments.count ? arguments[index] : nil
    unfinished = last.flatMap { QEMUOption.takesValue($0.value) ? $0 : nil }
  }
}
