internal import LosslessXML

/// Why a guest cannot nest whatever its definition asks for.
package struct NestingObstacle: Hashable, Sendable {
  /// What it is about.
  package enum Kind: Hashable, Sendable {
    /// The domain type, the architecture or the machine type.
    case machine
    /// A processor for which QEMU refuses the capability.
    case processor
    /// A compatibility mode: QEMU starts, but kvm-hv cannot be loaded in the guest.
    case compatibilityMode
  }

  /// What it is about.
  package var kind: Kind
  /// The reason, as the end of a sentence.
  package var reason: String
  /// The argument that it is about, where a passed-through one replaces the element.
  var argument: Element?

  /// Every obstacle that a guest's own definition shows.
  ///
  /// - Parameter cpuArgument: the value of the last `-cpu` that is passed through, which replaces
  ///   what libvirt makes of `<cpu>`.
  static func all(
    for guest: Guest, cpuArgument: PassthroughArguments.Argument? = nil
  ) -> [NestingObstacle] {
    let processor = cpuArgument.map { cpu($0) } ?? cpu(guest)
    return [domainType(guest), architecture(guest), machine(guest), processor].compactMap(\.self)
  }

  private static func cpu(_ argument: PassthroughArguments.Argument) -> NestingObstacle? {
    let model = String(argument.value.prefix { $0 != "," })
    guard let generation = CPU(mode: "custom", model: model).powerGeneration, generation < 9 else {
      return nil
    }
    return NestingObstacle(
      kind: .processor, reason: "the CPU is '\(model)' (-cpu), and nesting needs POWER9 or later",
      argument: argument.element)
  }

  private static func domainType(_ guest: Guest) -> NestingObstacle? {
    guard let type = guest.domainType, !["kvm", "qemu"].contains(type) else { return nil }
    return NestingObstacle(
      kind: .machine,
      reason: "the domain type is '\(type)', and only QEMU's guests (kvm, qemu) can nest this way")
  }

  private static func architecture(_ guest: Guest) -> NestingObstacle? {
    guard let architecture = guest.architecture else {
      if guest.machine != nil { return nil }
      return NestingObstacle(
        kind: .machine,
        reason: "the definition gives neither arch nor machine, so it may not be a pseries guest")
    }
    guard !["ppc64", "ppc64le"].contains(architecture) else { return nil }
    return NestingObstacle(
      kind: .machine, reason: "the architecture is '\(architecture)', not ppc64le or ppc64")
  }

  private static func machine(_ guest: Guest) -> NestingObstacle? {
    // libvirt takes pseries for ppc64 where no machine is said.
    guard let machine = guest.machine, !machine.isPSeries else { return nil }
    return NestingObstacle(
      kind: .machine,
      reason: "the machine type is '\(machine.name)', and only pseries machines have the capability"
    )
  }

  /// QEMU: "Nested-HV only supported on POWER9 and later", at the start of the guest.
  private static func cpu(_ guest: Guest) -> NestingObstacle? {
    // libvirt drops the model beside these modes (src/conf/cpu_conf.c, virCPUDefParseXML).
    guard let cpu = guest.cpu, let model = cpu.model,
      !["host-passthrough", "maximum"].contains(cpu.mode ?? "")
    else { return nil }
    if let generation = cpu.powerGeneration, generation >= 9 { return nil }
    return NestingObstacle(
      kind: cpu.mode == "host-model" ? .compatibilityMode : .processor,
      reason: "the CPU is '\(model)', and nesting needs POWER9 or later")
  }
}

extension Guest {
  /// Whether libvirt's QEMU driver runs it as a pseries machine.
  var isPSeries: Bool {
    guard ["kvm", "qemu"].contains(domainType ?? "") else { return false }
    if let machine { return machine.isPSeries }
    return ["ppc64", "ppc64le"].contains(architecture ?? "")
  }

  /// Whether architecture and machine type leave it open that it is a pseries machine.
  var mayBePSeries: Bool {
    if let machine, !machine.isPSeries { return false }
    return ["ppc64", "ppc64le"].contains(architecture ?? "ppc64le")
  }

  /// Whether it says something that decides whether a guest can nest.
  var decidesNesting: Bool {
    cpu != nil || machine != nil || domainType != nil || architecture != nil
  }
}
