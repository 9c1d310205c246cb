internal import LosslessXML

/// Rules about the arguments that a definition passes to QEMU.
extension Rule {
  static let commandLineRules = [
    misspeltCapability, joinedArgument, missingValue, globalProperty, valueWithoutOption,
    notABoolean, machineOverridden, customArguments, twoSpellings, unreadableArgument,
    excludedArgument, overridingArgument,
  ]

  static let misspeltCapability = Rule(
    "VN010", .error, "A nested capability that does not exist",
    reason: """
      QEMU has cap-nested-hv and, from 9.0, cap-nested-papr. It reads `_` as `-`, but not capital \
      letters. For another name it says "Property 'pseries-7.2-machine.cap-nested' not found" at \
      the start. libvirt's <features> has only nested-hv, and says "unexpected feature" for others.
      """,
    source: "QEMU, hw/ppc/spapr_caps.c; libvirt, src/conf/domain_conf.c, virDomainFeature; "
      + measured,
    example: RuleExample(
      arguments: "-machine", "cap-nested=true", right: ["-machine", "cap-nested-hv=true"],
      others: [.features: ""])
  ) { checked, found in
    for argument in checked.arguments.machineArguments {
      for key in argument.options.items.compactMap(\.key) where NestedCapability.isMisspelt(key) {
        found.add(
          argument.value.element, attribute: "value", "QEMU's machine has no property '\(key)'",
          advice: "Write cap-nested-hv=true.")
      }
    }
    for element in checked.domain.children("features").flatMap(\.children) {
      let name = element.localName.replacing("_", with: "-").lowercased()
      guard element.localName != "nested-hv", name.contains("nested") else { continue }
      found.add(
        element, "libvirt has no feature <\(element.localName)>",
        advice: """
          Write <nested-hv state='on'/>. cap-nested-papr has no element: pass it through \
          <qemu:commandline>.
          """)
    }
  }

  static let joinedArgument = Rule(
    "VN011", .error, "A machine option and its value in one argument",
    reason: """
      Each <qemu:arg> is one word of QEMU's command line. If the option's value is in the same \
      word, QEMU says "invalid option" at the start.
      """,
    source: "libvirt, docs/drvqemu.rst; QEMU, system/vl.c, lookup_opt; \(measured)",
    example: RuleExample(
      arguments: "-machine cap-nested-hv=on", right: ["-machine", "cap-nested-hv=on"],
      others: [.features: ""])
  ) { checked, found in
    let options = ["-machine", "--machine", "-M", "--M"]
    for argument in checked.arguments.arguments {
      guard let option = options.first(where: { argument.value.hasPrefix($0) }),
        let next = argument.value.dropFirst(option.count).first, next == " " || next == "="
      else { continue }
      let value = String(argument.value.dropFirst(option.count + 1)).trimmingSpaces
      found.add(
        argument.element, attribute: "value",
        "QEMU reads '\(argument.value)' as the name of one option, which it does not have",
        advice: """
          Write two arguments: <qemu:arg value='\(option)'/> and <qemu:arg value='\(value)'/>.
          """)
    }
  }

  static let missingValue = Rule(
    "VN012", .error, "A nested capability without a value",
    reason: """
      Alone, the name is read as a machine type ("unsupported machine type"). After another \
      property QEMU says "Expected '=' after parameter 'cap-nested-hv'".
      """,
    source: "QEMU, util/keyval.c; \(measured)",
    example: RuleExample(
      arguments: "-machine", "cap-nested-hv", right: ["-machine", "cap-nested-hv=true"],
      others: [.features: ""])
  ) { checked, found in
    for argument in checked.arguments.machineArguments {
      let bare = argument.options.items.first { item in
        item.key == nil
          && NestedCapability.names.contains(item.value.replacing("_", with: "-"))
      }
      guard let bare else { continue }
      found.add(
        argument.value.element, attribute: "value", "'\(bare.value)' has no value",
        advice: "Write \(bare.value)=true.")
    }
  }

  static let globalProperty = Rule(
    "VN013", .error, "A nested capability set by -global",
    reason: """
      -global sets properties of devices. QEMU starts with a warning at most, and without the \
      capability.
      """,
    source: "QEMU, docs/system/invocation (-global); \(measured)",
    example: RuleExample(
      arguments: "-global", "spapr-machine.cap-nested-hv=on",
      right: ["-machine", "cap-nested-hv=on"], others: [.features: ""])
  ) { checked, found in
    let arguments = checked.arguments.arguments
    for (option, value) in zip(arguments, arguments.dropFirst())
    where ["-global", "--global"].contains(option.value)
      && NestedCapability.isAttempt(value.value)
    {
      found.add(
        value.element, attribute: "value", "-global does not set a capability of the machine",
        advice: "Write <nested-hv state='on'/> in <features>: \(.mechanism(.feature)).")
    }
  }

  static let valueWithoutOption = Rule(
    "VN014", .error, "A nested capability without -machine before it",
    reason: """
      QEMU reads a word that follows no option as the image of a disk: "Could not open \
      'cap-nested-hv=true'".
      """,
    source: "QEMU, docs/system/invocation (disk_image); \(measured)",
    example: RuleExample(
      arguments: "cap-nested-hv=true", right: ["-machine", "cap-nested-hv=true"],
      others: [.features: ""])
  ) { checked, found in
    let arguments = checked.arguments.arguments
    let taken = Set(checked.arguments.machineArguments.map(\.value.element))
    for (index, argument) in arguments.enumerated()
    where !taken.contains(argument.element)
      && argument.value.replacing("_", with: "-").hasPrefix("cap-nested")
      && (index == 0 || !arguments[index - 1].value.hasPrefix("-"))
    {
      found.add(
        argument.element, attribute: "value",
        "no option stands before '\(argument.value)', so QEMU reads it as a disk image",
        advice: "Write <qemu:arg value='-machine'/> before it.")
    }
  }

  static let notABoolean = Rule(
    "VN020", .error, "A nested capability that is neither on nor off",
    reason: """
      QEMU reads on, off, yes, no, true, false, y and n, in small letters. For others it says \
      "Parameter 'cap-nested-hv' expects 'on' or 'off'" at the start.
      """,
    source: "QEMU, qapi/qapi-util.c, qapi_bool_parse; \(measured)",
    example: RuleExample(
      arguments: "-machine", "cap-nested-hv=ON", right: ["-machine", "cap-nested-hv=on"],
      others: [.features: ""])
  ) { checked, found in
    for contribution in checked.nesting.contributions where contribution.mechanism != .feature {
      guard case .invalid(let text) = contribution.value else { continue }
      let property = contribution.api.machineProperty
      found.add(
        contribution.element, attribute: contribution.mechanism == .machine ? "machine" : "value",
        "QEMU does not accept '\(text)' for \(property)",
        advice: "Write \(property)=true, or remove it.")
    }
  }

  static let machineOverridden = Rule(
    "VN021", .warning, "The machine type replaced on the command line",
    reason: """
      A machine type in a passed-through -machine replaces libvirt's. libvirt still relies on its \
      own: devices, migration and snapshots are for another machine than the one that runs. The \
      alias pseries moves to another machine with each update of QEMU.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)",
    example: RuleExample(
      arguments: "-machine", "pseries,x-vof=off", right: ["-machine", "x-vof=off"])
  ) { checked, found in
    for argument in checked.arguments.machineArguments {
      guard let type = argument.options.type, MachineType(type).isPSeries,
        type != checked.guest.machine?.name || type == "pseries"
      else { continue }
      let own = checked.guest.machine.map { " ('\($0.name)')" } ?? ""
      found.add(
        argument.value.element, attribute: "value",
        "QEMU runs the machine '\(type)', not the one in <type machine>\(own)",
        advice: """
          Remove '\(type)' from the value and leave the properties: QEMU merges them with libvirt's \
          own -machine. An accel= must go, too: libvirt writes -accel, and QEMU refuses both.
          """)
    }
  }

  static let customArguments = Rule(
    "VN027", .note, "Nesting by the command line where an element would do",
    reason: """
      libvirt marks a guest with passed-through arguments as tainted (custom-argv), and a vendor's \
      support may decline it. <nested-hv> does the same without.
      """,
    source: "libvirt, docs/drvqemu.rst; src/conf/domain_conf.c, virDomainTaint; \(measured)",
    versions: "libvirt 4.10.0 and later have <nested-hv>",
    example: RuleExample(
      arguments: "-machine", "cap-nested-hv=on", right: [])
  ) { checked, found in
    for contribution in checked.nesting.contributions
    where contribution.mechanism == .commandline && contribution.api == .hv
      && contribution.value == .on
    {
      found.add(
        contribution.element, attribute: "value",
        "passed-through arguments taint the guest, and libvirt has <nested-hv> for this one",
        advice: "With libvirt 4.10 and later: \(.mechanism(.feature)).")
    }
  }

  static let twoSpellings = Rule(
    "VN057", .error, "A nested capability in two spellings",
    reason: """
      QEMU reads _ as - in a property's name, but refuses both spellings together: "Conflict \
      between 'cap_nested_hv' and 'cap-nested-hv'". libvirt writes -, for <nested-hv>.
      """,
    source: "QEMU, system/vl.c, keyval_dashify; \(measured)",
    example: RuleExample(
      arguments: "-machine", "cap_nested_hv=on", right: ["-machine", "cap-nested-hv=on"])
  ) { checked, found in
    for argument in checked.nesting.spelledWithUnderscore {
      found.add(
        argument.value.element, attribute: "value",
        "the capability is spelled with _ here and with - elsewhere, which QEMU refuses",
        advice: "Spell it with -, or keep one of the two: \(.mechanism(.feature)).")
    }
  }

  static let unreadableArgument = Rule(
    "VN058", .error, "An argument that QEMU cannot read",
    reason: """
      libvirt refuses a <qemu:arg> without a value. An option at the end whose value is missing \
      takes libvirt's next argument as its value, and an empty property is refused by QEMU.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefNamespaceParse; QEMU, util/keyval.c; "
      + measured,
    example: RuleExample(arguments: "-machine", right: [])
  ) { checked, found in
    for refusal in checked.nesting.refusals where refusal.kind == .unreadable {
      found.add(
        refusal.element, attribute: "value", refusal.reason,
        advice: "Write the missing part, or remove the argument.")
    }
  }

  static let excludedArgument = Rule(
    "VN064", .error, "An argument with which QEMU does not start",
    reason: """
      libvirt writes -accel itself, and QEMU refuses -enable-kvm and accel= beside it: 'The -accel \
      and "-machine accel=" options are incompatible'. A CPU that it does not have, a value that a \
      capability does not take, and an option that prints and ends keep the guest from starting, too.
      """,
    source: "QEMU, system/vl.c; hw/ppc/spapr_caps.c; libvirt, src/qemu/qemu_command.c; \(measured)",
    example: RuleExample(arguments: "-enable-kvm", right: [])
  ) { checked, found in
    guard checked.isPSeries else { return }
    for refusal in checked.nesting.refusals where [.excluded, .unrelated].contains(refusal.kind) {
      found.add(refusal.element, attribute: "value", refusal.reason, advice: "Remove it.")
    }
  }

  static let overridingArgument = Rule(
    "VN065", .warning, "An argument that overrides what an element says",
    reason: """
      QEMU merges a passed-through -machine with libvirt's own, and the last value of a property \
      counts; the last -cpu replaces the one before it. The element then has no effect, and whoever \
      reads it, libvirt among them, takes the guest for another one.
      """,
    source: "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)",
    example: RuleExample(
      .features, wrong: "<ibs value='broken'/><nested-hv state='on'/>",
      right: "<ibs value='fixed-ibs'/><nested-hv state='on'/>",
      others: [.end: RuleExample(arguments: "-machine", "cap-ibs=fixed-ibs", right: []).wrong])
  ) { checked, found in
    for feature in PSeriesFeature.allCases {
      guard let attribute = feature.attribute,
        let element = checked.domain.first(["features", Step(feature.rawValue)]),
        let own = element[attribute],
        let (value, argument) = checked.arguments.machineProperty(feature.qemuProperty),
        value != own,
        QEMUBoolean.parse(value) == nil || QEMUBoolean.parse(value) != QEMUBoolean.parse(own)
      else { continue }
      found.add(
        argument.value.element, attribute: "value",
        "\(feature.qemuProperty)=\(value) overrides <\(feature.rawValue) \(attribute)='\(own)'/> "
          + "in line \(element.location.line)",
        advice: "Keep one of the two.")
    }
    guard let cpu = checked.arguments.values(of: "cpu").last,
      let element = checked.domain.child("cpu"), let own = checked.guest.cpu
    else { return }
    let model = String(cpu.value.prefix { $0 != "," })
    if own.model?.lowercased() == model.lowercased() { return }
    found.add(
      cpu.element, attribute: "value",
      "QEMU runs the CPU '\(model)', not the one of <cpu> in line \(element.location.line)",
      advice: "Remove the argument, and write the CPU into <cpu>.")
  }
}
