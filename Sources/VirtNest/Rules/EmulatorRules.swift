internal import LosslessXML

/// Rules about `<emulator>`.
extension Rule {
  static let emulatorRules = [wrapperWithoutKata, dependsOnWrapper]

  private static let wrapper = "<emulator>\(Emulator.defaultWrapper)</emulator>"

  static let wrapperWithoutKata = Rule(
    "VN025", .error, "A wrapper for a guest without kata in its name",
    reason: """
      The wrapper adds the capability only to guests whose name contains 'kata', in any case.
      """,
    source: "Sources/VirtNestHost/Host/Scripts/wrapper.sh",
    example: RuleExample(
      .name, wrong: "<name>web</name>", right: "<name>kata-web</name>",
      others: [.features: "", .devices: "\(wrapper)<controller type='usb' model='none'/>"])
  ) { checked, rule in
    guard case .dependsOnWrapper(let path) = checked.nesting.asked, checked.isPSeries,
      Emulator.isOurWrapper(path), let name = checked.guest.name, !GuestName.hasKata(name),
      let element = checked.domain.first(["devices", "emulator"])
    else { return [] }
    return [
      rule.finding(
        element, "the wrapper looks for 'kata' in the name, and '\(name)' has none: nesting is off",
        advice: """
          Give the guest another name: \(.property("name", value: "kata-\(name)")); or switch \
          nesting on in the definition: \(.mechanism(.feature)).
          """)
    ]
  }

  static let dependsOnWrapper = Rule(
    "VN026", .note, "An emulator that is not QEMU itself",
    reason: """
      What a wrapper adds to QEMU's command line is in no definition, and virsh domxml-to-native \
      does not show it. Whether the guest nests depends on the host that it runs on.
      """,
    source: "libvirt, docs/formatdomain.rst (emulator); \(measured)",
    example: RuleExample(
      .devices, wrong: "\(wrapper)<controller type='usb' model='none'/>",
      right: "<controller type='usb' model='none'/>", others: [.features: ""])
  ) { checked, rule in
    guard case .dependsOnWrapper(let path) = checked.nesting.asked, checked.isPSeries,
      !Emulator.isOurWrapper(path) || checked.guest.name.map(GuestName.hasKata) ?? true,
      let element = checked.domain.first(["devices", "emulator"])
    else { return [] }
    return [
      rule.finding(
        element, "\(path) decides whether this guest nests",
        advice: "With libvirt 4.10 and later no wrapper is needed: \(.mechanism(.feature)).")
    ]
  }
}
