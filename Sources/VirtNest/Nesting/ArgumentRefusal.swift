internal import LosslessXML

/// What QEMU refuses of arguments that are passed through, whatever they are about.
extension NestingRefusal {
  /// Options that end QEMU, that it does not have, or whose value it cannot read.
  static func refusal(
    of option: (option: PassthroughArguments.Argument, value: PassthroughArguments.Argument?),
    _ guest: Guest
  ) -> NestingRefusal? {
    let name = option.option.value
    let value = option.value?.value
    let isNamed = { (known: Set<Substring>) in known.contains { QEMUOption.isNamed($0, name) } }
    let refused = { (kind: Kind, reason: String) in
      NestingRefusal(kind, reason, (option.value ?? option.option).element)
    }
    guard QEMUOption.isOption(name) else {
      let isNested = name.replacing("_", with: "-").hasPrefix("cap-nested")
      guard isNested || name.isEmpty else { return nil }
      return NestingRefusal(
        isNested ? .stray : .unrelated, "QEMU reads '\(name)' as a disk image",
        option.option.element)
    }
    if isNamed(["enable-kvm"]) {
      return refused(.excluded, "QEMU refuses \(name), since libvirt writes -accel itself")
    }
    if isNamed(["no-kvm"]) { return refused(.excluded, "QEMU has no option \(name) any more") }
    if isNamed(["h", "help", "version"]) {
      return refused(.excluded, "\(name) makes QEMU print a text and end")
    }
    if isNamed(QEMUOption.ofOtherTargets) {
      return refused(.unrelated, "QEMU has no option \(name) for a guest of Power")
    }
    if !isNamed(QEMUOption.all) { return refused(.unrelated, "QEMU has no option \(name)") }
    guard let value else { return nil }
    if value == "help" || value == "?", isNamed(QEMUOption.withLists) {
      return refused(.unrelated, "\(name) \(value) makes QEMU print a list and end")
    }
    if isNamed(["set"]), value.hasPrefix("machine.") {
      return refused(.excluded, "QEMU takes no -set for the machine; write -machine")
    }
    if isNamed(["set"]), value.prefix(while: { $0 != "=" }).count(where: { $0 == "." }) < 2 {
      return refused(.excluded, "QEMU needs GROUP.ID.NAME=VALUE for -set, not '\(value)'")
    }
    if isNamed(["global"]), !value.contains("="), !value.contains(".") {
      return refused(.excluded, "QEMU needs DRIVER.NAME=VALUE for -global, not '\(value)'")
    }
    guard isNamed(["cpu"]) else { return nil }
    let model = String(value.prefix { $0 != "," })
    if model == "host" && guest.domainType == "qemu" || PSeriesLimit.isForeignCPU(model) {
      return refused(.excluded, "QEMU has no CPU '\(model)' for this guest")
    }
    return value.dropFirst(model.count + 1).split(separator: ",")
      .first { !isKnownCPUProperty($0) }
      .map { refused(.excluded, "QEMU's CPUs for pseries have no property '\($0)'") }
  }

  /// QEMU, `target/ppc/cpu_init.c` (`ppc_cpu_properties`) and `hw/core/cpu-common.c`.
  static func isKnownCPUProperty(_ property: Substring) -> Bool {
    let names = [
      "start-powered-off", "pre-2.8-migration", "pre-2.10-migration", "pre-3.0-migration",
    ]
    return names.contains { $0 == property.prefix { $0 != "=" } }
  }

  /// libvirt writes `-accel`, and QEMU takes that beside no `accel=` (`system/vl.c`,
  /// `qemu_apply_legacy_machine_options`).
  static func accelerators(_ arguments: PassthroughArguments) -> [NestingRefusal] {
    arguments.machineArguments.filter { $0.options.value(of: "accel") != nil }.map { argument in
      NestingRefusal(
        .excluded, "QEMU refuses accel= in -machine, since libvirt writes -accel itself",
        argument.value.element)
    }
  }

  /// QEMU: "-append only allowed with -kernel option".
  static func withoutKernel(
    _ arguments: PassthroughArguments, in domain: Element
  ) -> [NestingRefusal] {
    guard arguments.values(of: "kernel").isEmpty, domain.first(["os", "kernel"]) == nil else {
      return []
    }
    return ["append", "initrd"].flatMap { name in
      arguments.values(of: name).map {
        NestingRefusal(.unrelated, "QEMU takes -\(name) beside a kernel only", $0.element)
      }
    }
  }

  /// A machine type that is no pseries one, and properties of the machine with values that it refuses.
  static func machines(_ arguments: PassthroughArguments) -> [NestingRefusal] {
    arguments.machineArguments.compactMap { argument in
      let reason: String
      if let type = argument.options.type, !MachineType(type).isPSeries, !looksLikeNesting(type) {
        reason = "QEMU runs the machine '\(type)', which is no pseries machine"
      } else if let mode = argument.options.value(of: "ic-mode"),
        !["xics", "xive", "dual"].contains(mode)
      {
        reason = "QEMU does not accept '\(mode)' for ic-mode"
      } else {
        return nil
      }
      return NestingRefusal(.unrelated, reason, argument.value.element)
    }
  }

  /// CPUs and memory that do not agree with what libvirt writes (`-smp`, `-m`, and from pseries-5.0 a
  /// memory backend of the size).
  static func sizes(
    _ arguments: PassthroughArguments, _ guest: Guest, in domain: Element
  ) -> [NestingRefusal] {
    var found: [NestingRefusal] = []
    let vcpu = domain.child("vcpu")
    let maximum = vcpu.flatMap { Int($0.text.trimmingSpaces) } ?? 1
    let current = vcpu?.number("current")
    let topology = domain.first(["cpu", "topology"])
    let number = { (name: String) in topology?[name].flatMap { Int($0) } }
    var numbers = [
      "cpus": current ?? maximum, "maxcpus": maximum,
      "sockets": number("sockets") ?? (topology == nil ? maximum : 1),
      "cores": number("cores") ?? 1, "threads": number("threads") ?? 1,
    ]
    let items =
      arguments.values(of: "smp").flatMap { argument in
        OptionList(argument.value).items.enumerated().map { index, item in
          (item.key ?? (index == 0 ? "cpus" : nil), item.value, argument.element)
        }
      }
      + arguments.machineArguments.flatMap { argument in
        argument.options.items.map { item in
          let key = item.key.flatMap { $0.hasPrefix("smp.") ? String($0.dropFirst(4)) : nil }
          return (key, item.value, argument.value.element)
        }
      }
    var last: Element?
    for (key, value, element) in items {
      guard let key, let number = Int(value) else { continue }
      numbers[key] = number
      // libvirt writes maxcpus= only where it differs.
      if key == "cpus", current == nil { numbers["maxcpus"] = number }
      last = element
    }
    let product = ["sockets", "cores", "threads"].reduce(1) { product, key in
      product.multipliedReportingOverflow(by: numbers[key] ?? 1).partialValue
    }
    if let last, product != numbers["maxcpus"] {
      found.append(
        NestingRefusal(
          .unrelated,
          "with libvirt's own -smp, sockets, cores and threads multiply to \(product), not to "
            + "\(numbers["maxcpus"] ?? 1)", last))
    }
    let version = guest.machine?.name.dropFirst("pseries-".count).prefix { $0 != "." }
    if let memory = arguments.values(of: "m").last, let wanted = domain.child("memory")?.memorySize,
      domain.first(["cpu", "numa"]) == nil, version.flatMap({ Int($0) }) ?? 5 >= 5
    {
      let text = OptionList(memory.value).items.first { $0.key == nil || $0.key == "size" }?.value
      if let text, let size = try? MemorySize(text), size != wanted {
        found.append(
          NestingRefusal(
            .unrelated, "libvirt gives QEMU a memory of \(wanted), not of \(size)",
            memory.element))
      }
    }
    return found
  }

  /// Values of other capabilities that QEMU does not take; the last one of each counts.
  static func capabilities(
    _ arguments: PassthroughArguments, _ guest: Guest, in domain: Element
  ) -> [NestingRefusal] {
    let htm = domain.first(["features", "htm"])
    if let htm, htm["state"] == "on", guest.domainType == "qemu",
      arguments.machineProperty(PSeriesFeature.htm.qemuProperty) == nil
    {
      return [NestingRefusal(.unrelated, "TCG has no transactional memory (<htm>)", htm)]
    }
    let cpu = arguments.values(of: "cpu").last.map { argument in
      CPU(mode: "custom", model: String(argument.value.prefix { $0 != "," }))
    }
    if let old = oldMachine(arguments, guest, in: domain) { return [old] }
    if let (mode, argument) = arguments.machineProperty("max-cpu-compat"),
      let wanted = CPU(mode: nil, model: mode).powerGeneration,
      let own = (cpu ?? guest.cpu)?.powerGeneration, wanted > own,
      cpu != nil || guest.cpu?.mode != "host-model"
    {
      return [
        NestingRefusal(
          .unrelated, "the CPU cannot be compatible with the later \(mode)",
          argument.value.element)
      ]
    }
    let isOldCPU = ((cpu ?? guest.cpu)?.powerGeneration ?? 9) < 9
    return PSeriesFeature.allCases.compactMap { feature in
      guard let (value, argument) = arguments.machineProperty(feature.qemuProperty) else {
        return nil
      }
      let isOn = QEMUBoolean.parse(value)
      let reason: String
      if feature.allowedValues == ["on", "off"]
        ? isOn == nil : !feature.allowedValues.contains(value)
      {
        reason = "QEMU does not accept '\(value)' for \(feature.qemuProperty)"
      } else if feature == .htm, isOn == true, guest.domainType == "qemu" {
        reason = "TCG has no transactional memory (cap-htm)"
      } else if feature == .largeDecrementer, isOn == true, isOldCPU {
        reason = "cap-large-decr needs POWER9 or later"
      } else {
        return nil
      }
      return NestingRefusal(.excluded, reason, argument.value.element)
    }
  }

  /// pseries-2.11 and older have transactional memory, which TCG has not.
  static func oldMachine(
    _ arguments: PassthroughArguments, _ guest: Guest, in domain: Element
  ) -> NestingRefusal? {
    let version = guest.machine?.name.split(separator: "-").dropFirst().first?.split(separator: ".")
    guard guest.domainType == "qemu", let version, version.count == 2, version[0] == "2",
      let minor = Int(version[1]), minor < 12,
      arguments.machineProperty(PSeriesFeature.htm.qemuProperty) == nil,
      domain.first(["features", "htm"])?["state"] != "off"
    else { return nil }
    return NestingRefusal(
      .unrelated, "TCG has no transactional memory, which pseries-2.\(minor) switches on",
      domain.first(["os", "type"]) ?? domain)
  }
}
