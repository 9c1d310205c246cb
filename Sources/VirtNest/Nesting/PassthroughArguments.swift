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
      guard Self.isMachineOption(arguments[index].value) else {
        index += 1
        continue
      }
      found.append(
        MachineArgument(
          option: arguments[index], value: arguments[index + 1],
          options: MachineOptions(arguments[index + 1].value)))
      index += 2
    }
    machineArguments = found
  }

  /// Whether an argument is QEMU's option for the machine.
  static func isMachineOption(_ text: String) -> Bool {
    ["-machine", "--machine", "-M", "--M"].contains(text)
  }
}
