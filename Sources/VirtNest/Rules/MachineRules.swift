internal import LosslessXML

/// Rules about the machine type and the architecture.
extension Rule {
  static let machineRules = [
    machineProperties, wrongMachine, hashPageTable, pcFeatures, unsupportedPart, vendorMachine,
    architectureName, noArchitecture, foreignArchitecture,
  ]

  static let machineProperties = Rule(
    "VN003", .error, "Properties behind the machine type",
    reason: """
      The machine attribute is the name of a machine type. Old libvirt passed the whole value to \
      QEMU, including a property such as cap-nested-hv=true. Today's libvirt refuses it: "Emulator \
      … does not support machine type …".
      """,
    source: "libvirt, src/conf/schemas/domaincommon.rng (machine), qemu_validate.c; \(measured)",
    versions: "refused by libvirt 6.3 or earlier, and since",
    example: RuleExample(
      .type, wrong: "<type arch='ppc64le' machine='pseries-4.1,cap-nested-hv=true'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries-4.1'>hvm</type>")
  ) { checked, found in
    guard let machine = checked.guest.machine, machine.text.contains(",") else { return }
    let isNesting = MachineOptions(machine.text).items.dropFirst().contains {
      NestedCapability.names.contains($0.key ?? "")
    }
    let advice: Advice =
      isNesting
      ? """
      Write machine='\(machine.name)', and <nested-hv state='on'/> in <features>: \
      \(.mechanism(.feature)).
      """
      : """
      Write machine='\(machine.name)'. Properties belong in <features>, or in a -machine argument \
      in <qemu:commandline>.
      """
    found.add(
      checked.machineElement, attribute: "machine",
      "libvirt refuses the machine type '\(machine.text)' because properties follow it",
      advice: advice)
  }

  static let wrongMachine = Rule(
    "VN004", .error, "Nesting on a machine that cannot nest",
    reason: """
      cap-nested-hv is a capability of QEMU's pseries machine for ppc64. On others libvirt says \
      "The 'nested-hv' feature is not supported", and QEMU that there is no such property.
      """,
    source: "libvirt, src/qemu/qemu_validate.c; QEMU, hw/ppc/spapr_caps.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='ppc64le' machine='powernv9'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    // Where neither is given, the host decides.
    guard checked.nesting.isAskedFor,
      checked.guest.machine != nil || checked.guest.architecture != nil,
      let obstacle = checked.nesting.obstacles.first(where: { $0.kind != .processor })
    else { return }
    found.add(
      checked.machineElement, "nesting is asked for, but \(obstacle.reason)",
      advice: """
        Give the guest machine='pseries' and arch='ppc64le', or switch nesting off: \
        \(.nesting(false)).
        """)
  }

  static let hashPageTable = Rule(
    "VN023", .warning, "A hash page table beside nesting",
    reason: """
      <hpt> configures guests with a hash page table. A guest that nests uses radix. If its kernel \
      falls back to hash, kvm-hv cannot be loaded.
      """,
    source: "libvirt, docs/formatdomain.rst (hpt); Linux, arch/powerpc/kvm/book3s_hv.c, "
      + "kvmppc_core_check_processor_compat_hv",
    example: RuleExample(
      .features, wrong: "<hpt resizing='required'/><nested-hv state='on'/>",
      right: "<nested-hv state='on'/>")
  ) { checked, found in
    guard checked.wantsNesting else { return }
    for element in checked.domain.all(["features", "hpt"]) {
      found.add(
        element, "<hpt> configures the hash page table, and a guest with one cannot nest",
        advice: "Remove <hpt>.")
    }
  }

  static let pcFeatures = Rule(
    "VN034", .warning, "Features of PCs",
    reason: """
      acpi, apic and pae belong to PCs: a pseries guest has a device tree and its own interrupt \
      controller. libvirt 9 ignores them; later versions refuse acpi ("machine type … does not \
      support ACPI").
      """,
    source: "libvirt, src/qemu/qemu_validate.c; \(measured)",
    versions: "ignored by libvirt 9.0",
    example: RuleExample(
      .features, wrong: "<acpi/><nested-hv state='on'/>", right: "<nested-hv state='on'/>")
  ) { checked, found in
    guard checked.isPSeries else { return }
    for element in checked.domain.all(["features", "*"])
    where PSeriesLimit.ignoredFeatures.contains(element.qualifiedName) {
      found.add(
        element, "<\(element.localName)> has no meaning for a pseries guest", advice: "Remove it.")
    }
  }

  static let unsupportedPart = Rule(
    "VN063", .error, "A feature, CPU or firmware that a pseries guest cannot have",
    reason: """
      What a PC has, such as hyperv, vmport, smm, a CPU model of x86, an x86 timer, UEFI or SMBIOS, \
      libvirt refuses when the guest is defined, or QEMU when it starts, under KVM and TCG alike. \
      Which, and in what words, was asked of them for every value of libvirt's schema.
      """,
    source: "libvirt, src/qemu/qemu_validate.c; QEMU, hw/ppc/spapr.c, target/ppc/cpu_init.c; "
      + measured,
    example: RuleExample(
      .features, wrong: "<vmport state='off'/><nested-hv state='on'/>",
      right: "<nested-hv state='on'/>")
  ) { checked, found in
    checked.findLimits(PSeriesLimit.all, &found) { $0 != "devices" }
  }

  static let vendorMachine = Rule(
    "VN035", .note, "A machine type of one vendor's QEMU",
    reason: """
      Vendors add machine types of their own (pseries-rhel8.6.0, pseries-bionic). Elsewhere libvirt \
      says "Emulator … does not support machine type …".
      """,
    source: "the vendors' patches to QEMU, hw/ppc/spapr.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='ppc64le' machine='pseries-rhel8.6.0'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    guard let machine = checked.guest.machine, let vendor = machine.vendor else { return }
    found.add(
      checked.machineElement, attribute: "machine",
      "only \(vendor)'s QEMU has the machine type '\(machine.name)'",
      advice: "Write machine='pseries' for a new guest; a guest installed with it may keep it.")
  }

  static let architectureName = Rule(
    "VN036", .error, "An architecture by another system's name",
    reason: """
      libvirt's names are ppc64le and ppc64. Debian and Ubuntu call theirs ppc64el, LLVM \
      powerpc64le. libvirt says "Unknown architecture".
      """,
    source: "libvirt, src/util/virarch.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='ppc64el' machine='pseries'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    guard let name = checked.guest.architecture, let right = otherNames[name] else { return }
    found.add(
      checked.machineElement, attribute: "arch", "libvirt knows no architecture '\(name)'",
      advice: "Write arch='\(right)'.")
  }

  private static let otherNames = [
    "ppc64el": "ppc64le", "powerpc64le": "ppc64le", "powerpc64el": "ppc64le",
    "powerpc64": "ppc64", "ppc64be": "ppc64",
  ]

  static let noArchitecture = Rule(
    "VN037", .warning, "A pseries machine without an architecture",
    reason: """
      libvirt then takes the host's, and on an x86 host looks for a QEMU for x86: "No emulator \
      found for arch 'x86_64'".
      """,
    source: "libvirt, docs/formatdomain.rst (os/type); \(measured)",
    example: RuleExample(
      .type, wrong: "<type machine='pseries'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    guard checked.isPSeries, checked.guest.architecture == nil else { return }
    found.add(
      checked.machineElement, "no architecture is given, so libvirt takes the host's",
      advice: "Write arch='ppc64le'.")
  }

  static let foreignArchitecture = Rule(
    "VN068", .error, "An architecture without a pseries machine",
    reason: """
      pseries is a machine of ppc64 and ppc64le. libvirt says "Emulator … does not support machine \
      type 'pseries'", or "No emulator found for arch 'x86_64'".
      """,
    source: "QEMU, hw/ppc/spapr.c; libvirt, src/qemu/qemu_validate.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='x86_64' machine='pseries'>hvm</type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    if checked.isPSeries, let (emulator, name) = checked.domain.foreignEmulator {
      found.add(
        emulator, "\(name) has no machine 'pseries'",
        advice: "Remove it, and libvirt takes its own: \(.mendForPSeries).")
      return
    }
    guard let machine = checked.guest.machine, checked.isForQEMU,
      let architecture = checked.guest.architecture, otherNames[architecture] == nil,
      machine.isPSeries != Guest.powerArchitectures.contains(architecture),
      machine.isPSeries || machine.isOfPCs
    else { return }
    found.add(
      checked.machineElement, attribute: "machine",
      "\(architecture) has no machine '\(machine.name)'",
      advice: "Write arch='ppc64le' and machine='pseries': \(.mendForPSeries).")
  }
}

extension CheckedGuest {
  /// Finds what a table of limits says of the guest, about the sections that are wanted.
  func findLimits(
    _ table: [PSeriesLimit], _ found: inout Findings,
    in isWanted: (String) -> Bool = { _ in true }
  ) {
    guard isPSeries else { return }
    for (limit, element) in PSeriesLimit.found(in: domain, table, where: isWanted) {
      found.add(
        limit.holder(element), attribute: limit.attribute, limit.message(element),
        advice: limit.advice)
    }
  }
}

extension Element {
  /// The emulator and its name, where that is QEMU for another architecture.
  var foreignEmulator: (element: Element, name: String)? {
    guard let emulator = first(["devices", "emulator"]),
      let name = emulator.text.trimmingSpaces.split(separator: "/").last.map(String.init),
      name.hasPrefix("qemu-system-"), !name.hasPrefix("qemu-system-ppc64")
    else { return nil }
    return (emulator, name)
  }
}

extension MachineType {
  /// Whether it is one of QEMU's machines for PCs.
  fileprivate var isOfPCs: Bool {
    ["pc", "q35", "microvm", "isapc"].contains(name) || name.hasPrefix("pc-")
  }
}
