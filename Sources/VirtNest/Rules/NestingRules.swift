internal import LosslessXML

/// Rules about what a definition says of nesting, in one place or in several, and about wrappers.
extension Rule {
  static let nestingRules = [
    switchedOff, switchedOn, switchedOnTwice, nestedHVOutOfPlace, nestedHVState, bothAPIs,
    radixDisabled, hugePagesOfHash, wrapperWithoutKata, dependsOnWrapper, kataWithoutNesting,
  ]

  private static let merging = "QEMU, system/vl.c, qemu_merge_machine_options; \(measured)"

  static let switchedOff = Rule(
    "VN007", .error, "Nesting switched on, then off again",
    reason: """
      QEMU merges every -machine, and the last value of a property counts, without a message. \
      libvirt's own -machine comes first; what <qemu:commandline> passes through follows it.
      """,
    source: merging,
    example: RuleExample(
      arguments: "-machine", "cap-nested-hv=off", right: ["-machine", "cap-nested-hv=on"])
  ) { checked, found in
    guard checked.nesting.asked == .off, checked.nesting.spelledWithUnderscore.isEmpty,
      let last = checked.nesting.contributions.last(where: { $0.value == .off })
    else { return }
    for contribution in checked.nesting.overruled {
      found.add(
        contribution.element,
        "nesting is switched on here, then off by \(last.text) in line \(last.place.start.line): "
          + "it is off",
        advice: "Keep one of the two: \(.nesting(true)), or \(.nesting(false)).")
    }
  }

  static let switchedOn = Rule(
    "VN008", .warning, "Nesting switched off, then on again",
    reason: """
      QEMU merges every -machine, and the last value of a property counts, without a message: what \
      reads as off runs with nesting.
      """,
    source: merging,
    example: RuleExample(
      .features, wrong: "<nested-hv state='off'/>", right: "<nested-hv state='on'/>",
      others: [
        .end: RuleExample(arguments: "-machine", "cap-nested-hv=on", right: []).wrong
      ])
  ) { checked, found in
    guard case .on(let api) = checked.nesting.asked, checked.nesting.spelledWithUnderscore.isEmpty,
      let last = checked.nesting.contributions.last(where: { $0.value == .on && $0.api == api })
    else { return }
    for contribution in checked.nesting.overruled where contribution.value == .off {
      found.add(
        contribution.element,
        "nesting is switched off here, then on by \(last.text) in line \(last.place.start.line): "
          + "it is on",
        advice: "Keep one of the two: \(.nesting(true)), or \(.nesting(false)).")
    }
  }

  static let switchedOnTwice = Rule(
    "VN009", .note, "Nesting switched on in two places",
    reason: "The second changes nothing. If you remove one of them, nesting stays on.",
    source: merging,
    example: RuleExample(arguments: "-machine", "cap-nested-hv=on", right: [])
  ) { checked, found in
    guard checked.nesting.spelledWithUnderscore.isEmpty else { return }
    for api in NestedAPI.allCases {
      let places = checked.nesting.contributions.filter { $0.api == api && $0.value == .on }
      for contribution in places.dropFirst() {
        found.add(
          contribution.element,
          "\(api.machineProperty) is switched on here and in line \(places[0].place.start.line)",
          advice: "Keep one: \(.mechanism(.feature)), or \(.mechanism(.commandline)).")
      }
    }
  }

  static let nestedHVOutOfPlace = Rule(
    "VN018", .error, "<nested-hv> in the wrong place",
    reason: """
      libvirt looks for it only in <features> of <domain>. Elsewhere the guest is defined and \
      started without the capability.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainFeaturesDefParse; \(measured)",
    versions: "all; the schema refuses it, so that define --validate does",
    example: RuleExample(.devices, wrong: "<nested-hv state='on'/>", right: "")
  ) { checked, found in
    for element in checked.elements(withLocalName: "nested-hv") {
      guard let parent = element.parent,
        !parent.isNamed("features") || parent.parent != checked.domain
      else { continue }
      found.add(
        element, "libvirt ignores <nested-hv> in <\(parent.qualifiedName)>",
        advice: "Move it into <features> of <domain>: remove it here, then \(.nesting(true)).")
    }
  }

  static let nestedHVState = Rule(
    "VN019", .error, "<nested-hv> without state='on' or 'off'",
    reason: """
      libvirt says "Missing required attribute 'state' in element 'nested-hv'", or "Invalid value \
      for attribute 'state'". QEMU's true and yes are not its words.
      """,
    source: "libvirt, src/util/virxml.c, virXMLPropTristateSwitch; \(measured)",
    versions: "all with <nested-hv>, from 4.10.0",
    example: RuleExample(
      .features, wrong: "<nested-hv state='yes'/>", right: "<nested-hv state='on'/>")
  ) { checked, found in
    for contribution in checked.nesting.contributions where contribution.mechanism == .feature {
      guard case .invalid(let text) = contribution.value else { continue }
      let element = contribution.element
      found.add(
        element, attribute: "state",
        "<nested-hv> has " + (element["state"] == nil ? "no state" : "the state '\(text)'"),
        advice: "Write state='on' or state='off'.")
    }
  }

  static let bothAPIs = Rule(
    "VN022", .error, "Both nested APIs switched on",
    reason: """
      cap-nested-hv and cap-nested-papr exclude each other: QEMU says "Nested-HV APIs are mutually \
      exclusive". QEMU before 9.0 does not know the second.
      """,
    source: "QEMU, hw/ppc/spapr_caps.c, cap_nested_papr_apply", versions: "QEMU 9.0 and later",
    example: RuleExample(arguments: "-machine", "cap-nested-papr=on", right: [])
  ) { checked, found in
    let last = { (api: NestedAPI) in checked.nesting.contributions.last { $0.api == api } }
    guard last(.hv)?.value == .on, let papr = last(.papr), papr.value == .on else { return }
    found.add(
      papr.element, "both cap-nested-hv and cap-nested-papr are on, which QEMU refuses",
      advice: "Keep one: \(.api(.hv)), or \(.api(.papr)) under PowerVM.")
  }

  static let radixDisabled = Rule(
    "VN024", .error, "Radix switched off in the guest's kernel",
    reason: """
      The guest's kernel then uses a hash page table, and kvm-hv cannot be loaded in it: nesting \
      needs radix.
      """,
    source: "Linux, arch/powerpc/kvm/book3s_hv.c, kvmppc_core_check_processor_compat_hv; "
      + "Documentation/admin-guide/kernel-parameters.txt (disable_radix)",
    example: RuleExample(
      .os, wrong: "<cmdline>quiet disable_radix</cmdline>", right: "<cmdline>quiet</cmdline>")
  ) { checked, found in
    let off = ["disable_radix=0", "disable_radix=n", "disable_radix=no", "disable_radix=off"]
    guard checked.wantsNesting, let element = checked.domain.first(["os", "cmdline"]),
      element.text.split(whereSeparator: \.isWhitespace).contains(where: { word in
        word == "disable_radix" || word.hasPrefix("disable_radix=") && !off.contains(String(word))
      })
    else { return }
    found.add(
      element, "disable_radix keeps the guest from nesting",
      advice: "Remove disable_radix from <cmdline>.")
  }

  static let hugePagesOfHash = Rule(
    "VN070", .error, "Huge pages that a host with radix does not have",
    reason: """
      A host on which nesting works uses the radix MMU, whose huge pages have 2 MiB and 1 GiB. \
      Pages of 16 MiB and 16 GiB belong to the hash MMU. libvirt says "Unable to find any usable \
      hugetlbfs mount", and the guest does not start.
      """,
    source: "Linux, arch/powerpc/mm/hugetlbpage.c, arch_hugetlb_valid_size; "
      + "libvirt, src/qemu/qemu_conf.c, qemuGetDomainHupageMemPath",
    example: RuleExample(
      .memory,
      wrong: """
        <memory unit='MiB'>4096</memory><memoryBacking><hugepages><page size='16' unit='MiB'/>\
        </hugepages></memoryBacking>
        """,
      right: """
        <memory unit='MiB'>4096</memory><memoryBacking><hugepages><page size='2' unit='MiB'/>\
        </hugepages></memoryBacking>
        """)
  ) { checked, found in
    guard checked.wantsNesting, checked.guest.domainType == "kvm" else { return }
    for page in checked.domain.first(["memoryBacking", "hugepages"])?.children("page") ?? [] {
      // The sizes of huge pages under the radix MMU.
      guard let size = page.sizeAttribute, ![.mebibytes(2), .gibibytes(1)].contains(size) else {
        continue
      }
      found.add(
        page, attribute: "size", "with the radix MMU there are no pages of \(size)",
        advice: "Use pages of 2 MiB or 1 GiB: "
          + "\(.edit("memorybacking", selector: nil, value: "hugepages.page.size=2048")).")
    }
  }

  static let kataWithoutNesting = Rule(
    "VN028", .note, "A name with kata, but no nesting",
    reason: """
      Guests for Kata Containers, which need nesting, are usually named like this. Only a wrapper \
      that replaces the distribution's QEMU would switch nesting on, and the definition does not \
      tell.
      """,
    source: "the usual wrapper script around QEMU, which looks for kata in the name",
    example: RuleExample(.features, wrong: "", right: "<nested-hv state='on'/>")
  ) { checked, found in
    guard checked.isPSeries, !checked.nesting.isAskedFor, checked.nesting.contributions.isEmpty,
      let name = checked.guest.name, GuestName.hasKata(name),
      let element = checked.domain.child("name")
    else { return }
    found.add(
      element, "'\(name)' looks like the name of a guest that nests, but nesting is off",
      advice: "\(.nesting(true)), or say that it is off: \(.explicitlyOff).")
  }

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
  ) { checked, found in
    guard case .dependsOnWrapper(let path) = checked.nesting.asked, checked.isPSeries,
      Emulator.isOurWrapper(path), let name = checked.guest.name, !GuestName.hasKata(name),
      let element = checked.domain.first(["devices", "emulator"])
    else { return }
    found.add(
      element, "the wrapper looks for 'kata' in the name, and '\(name)' has none: nesting is off",
      advice: """
        Give the guest another name: \(.property("name", value: "kata-\(name)")); or switch \
        nesting on in the definition: \(.mechanism(.feature)).
        """)
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
  ) { checked, found in
    guard case .dependsOnWrapper(let path) = checked.nesting.asked, checked.isPSeries,
      !Emulator.isOurWrapper(path) || checked.guest.name.map(GuestName.hasKata) ?? true,
      let element = checked.domain.first(["devices", "emulator"])
    else { return }
    found.add(
      element, "\(path) decides whether this guest nests",
      advice: "With libvirt 4.10 and later no wrapper is needed: \(.mechanism(.feature)).")
  }
}
