internal import LosslessXML

/// A way to ask for nesting that keeps the guest from starting at all.
///
/// Each was seen on libvirt 9.0 and QEMU 7.2; the rules are in QEMU's `util/keyval.c` and
/// `softmmu/vl.c`.
package struct NestingRefusal: Hashable, Sendable {
  /// The kinds, as far as rules tell them apart.
  enum Kind: Hashable, Sendable {
    /// A nested capability in a form that QEMU refuses, which has a rule of its own.
    case nesting
    /// Anything else that libvirt or QEMU cannot read.
    case unreadable
    /// What cannot stand beside what libvirt writes, or beside what the definition says elsewhere.
    case excluded
    /// What keeps the guest from starting, and has nothing to do with how nesting is asked for.
    case unrelated
    /// A word that no option stands before.
    case stray

    /// Whether it decides what comes of asking for nesting.
    var isAboutNesting: Bool { self != .unrelated && self != .stray }
  }

  /// What kind it is.
  let kind: Kind
  /// Who refuses, and why.
  let reason: String
  /// The element that it is about.
  let element: Element

  init(_ kind: Kind, _ reason: String, _ element: Element) {
    self.kind = kind
    self.reason = reason
    self.element = element
  }

  /// Every one of what is passed through, beside what else is said about nesting.
  static func all(
    _ arguments: PassthroughArguments, _ contributions: [NestingContribution],
    in domain: Element, _ guest: Guest
  ) -> [NestingRefusal] {
    arguments.arguments.compactMap { refusal(of: $0) }
      + missingValue(arguments)
      + arguments.machineArguments.compactMap { refusal(of: $0) }
      + conflicts(contributions, arguments)
      + arguments.options.compactMap { refusal(of: $0, guest) }
      + withoutKernel(arguments, in: domain)
      + accelerators(arguments) + machines(arguments) + sizes(arguments, guest, in: domain)
      + capabilities(arguments, guest, in: domain) + deleted(in: domain)
  }

  /// `<qemu:del>` of the capability by which libvirt knows that QEMU has the feature.
  private static func deleted(in domain: Element) -> [NestingRefusal] {
    let name = "machine.pseries.cap-nested-hv"
    guard !domain.all(["features", "nested-hv"]).isEmpty else { return [] }
    return domain.children("capabilities", in: DomainNamespace.qemu).flatMap {
      $0.children("del", in: DomainNamespace.qemu)
    }.filter { $0["capability"] == name }.map { element in
      NestingRefusal(
        .excluded,
        "libvirt refuses <nested-hv> where <\(element.qualifiedName)> takes \(name) away",
        element)
    }
  }

  private static func refusal(of argument: PassthroughArguments.Argument) -> NestingRefusal? {
    if argument.element["value"] == nil {
      return NestingRefusal(
        .unreadable, "libvirt refuses a <qemu:arg> without a value attribute", argument.element)
    }
    guard QEMUOption.isMachineWithValue(argument.value) else { return nil }
    return NestingRefusal(
      .nesting,
      "QEMU reads '\(argument.value)' as the name of an option; option and value must be two "
        + "<qemu:arg>", argument.element)
  }

  private static func missingValue(_ arguments: PassthroughArguments) -> [NestingRefusal] {
    guard let last = arguments.unfinished, QEMUOption.isMachine(last.value) else { return [] }
    return [
      NestingRefusal(
        .unreadable,
        "'\(last.value)' has no value behind it, so it takes libvirt's next argument", last.element)
    ]
  }

  private static func refusal(
    of argument: PassthroughArguments.MachineArgument
  ) -> NestingRefusal? {
    let items = argument.options.items
    return items.indices.lazy.compactMap { refusal(of: items[$0], $0, of: items.count) }.first
      .map { NestingRefusal($0.0, $0.1, argument.value.element) }
  }

  private static func refusal(
    of item: MachineOptions.Item, _ index: Int, of count: Int
  ) -> (Kind, String)? {
    if let spelling = item.spelling, let key = item.key {
      let isKnown = NestedAPI.allCases.contains { $0.machineProperty == key }
      guard !isKnown, looksLikeNesting(key) else { return nil }
      return (.nesting, "QEMU has no property '\(spelling)'; it is \(NestedAPI.hv.machineProperty)")
    }
    guard item.spelling == nil else { return nil }
    // QEMU ignores a comma at the very end.
    if item.value.isEmpty {
      return index < count - 1 ? (.unreadable, "QEMU refuses an empty property") : nil
    }
    let dashed = item.value.replacing("_", with: "-")
    let kind: Kind = NestedCapability.names.contains(dashed) ? .nesting : .unreadable
    if index > 0 {
      return (kind, "QEMU needs a value for '\(item.value)', as in \(item.value)=true")
    }
    guard looksLikeNesting(item.value) else { return nil }
    return (kind, "QEMU reads '\(item.value)' as a machine type; write \(item.value)=true")
  }

  static func looksLikeNesting(_ text: String) -> Bool {
    text.trimmingSpaces.lowercased().replacing("_", with: "-").hasPrefix("cap-nested")
  }

  /// QEMU takes `_` for `-`, and refuses both for one property.
  private static func conflicts(
    _ contributions: [NestingContribution], _ arguments: PassthroughArguments
  ) -> [NestingRefusal] {
    NestedAPI.allCases.compactMap { api in
      let hasElement = contributions.contains { $0.api == api && $0.mechanism == .feature }
      var first = hasElement ? api.machineProperty : nil
      for argument in arguments.machineArguments {
        for item in argument.options.items where item.key == api.machineProperty {
          let spelling = item.spelling ?? api.machineProperty
          if let first, first != spelling {
            return NestingRefusal(
              .nesting, "QEMU refuses '\(first)' and '\(spelling)' beside each other",
              argument.value.element)
          }
          first = spelling
        }
      }
      return nil
    }
  }
}

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
    guard !Guest.powerArchitectures.contains(architecture) else { return nil }
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
  /// The architectures that have pseries machines.
  static let powerArchitectures = ["ppc64", "ppc64le"]

  /// Whether libvirt's QEMU driver runs it as a pseries machine.
  var isPSeries: Bool {
    guard ["kvm", "qemu"].contains(domainType ?? "") else { return false }
    if let machine { return machine.isPSeries }
    return Self.powerArchitectures.contains(architecture ?? "")
  }

  /// Whether architecture and machine type leave it open that it is a pseries machine.
  var mayBePSeries: Bool {
    if let machine, !machine.isPSeries { return false }
    return Self.powerArchitectures.contains(architecture ?? "ppc64le")
  }

  /// Whether it says something that decides whether a guest can nest.
  var decidesNesting: Bool {
    cpu != nil || machine != nil || domainType != nil || architecture != nil
  }
}
