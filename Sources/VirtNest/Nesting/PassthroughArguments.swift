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
  /// Whether the last argument is a `-machine` whose value is missing.
  package var endsInMachineOption: Bool {
    unfinished.map { QEMUOption.isMachine($0.value) } ?? false
  }
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
    var found: [MachineArgument] = []
    var options: [(Argument, Argument?)] = []
    var index = 0
    while index + 1 < arguments.count {
      let option = arguments[index]
      guard QEMUOption.takesValue(option.value) else {
        options.append((option, nil))
        index += 1
        continue
      }
      options.append((option, arguments[index + 1]))
      if QEMUOption.isMachine(option.value) {
        let value = arguments[index + 1]
        found.append(
          MachineArgument(option: option, value: value, options: MachineOptions(value.value)))
      }
      index += 2
    }
    if index < arguments.count { options.append((arguments[index], nil)) }
    machineArguments = found
    self.options = options
    let last = index < arguments.count ? arguments[index] : nil
    unfinished = last.flatMap { QEMUOption.takesValue($0.value) ? $0 : nil }
  }
}

/// The value of QEMU's `-machine`: a type and properties, with commas between them.
///
/// QEMU, `util/keyval.c`: a doubled comma stands for one in a value, a first part without `=` is the
/// type; `system/vl.c` (`keyval_dashify`) takes `_` for `-` in names.
package struct MachineOptions: Hashable, Sendable {
  package struct Item: Hashable, Sendable {
    /// The part as it is written, doubled commas and all.
    package var text: String
    /// The property's name, with `-` for `_`; `nil` for the type.
    package var key: String?
    /// The property's name as it is written.
    package var spelling: String?
    package var value: String
  }

  package var items: [Item] = []

  package init(_ text: String) {
    for item in OptionList(text).items {
      let written = (item.key.map { $0 + "=" } ?? "") + item.value
      let key = item.key == "type" ? nil : item.key?.replacing("_", with: "-")
      items.append(
        Item(
          text: written.replacing(",", with: ",,"), key: key, spelling: item.key,
          value: item.value))
    }
  }

  /// The value as QEMU takes it.
  package var text: String { items.map(\.text).joined(separator: ",") }

  /// The machine type; `nil` where none is named.
  package var type: String? {
    guard let value = items.first(where: { $0.key == nil })?.value, !value.isEmpty else {
      return nil
    }
    return value
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
