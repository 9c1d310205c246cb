internal import LosslessXML

/// All that a definition says about nesting, and what it comes to.
///
/// It is computed once for a definition. `inspect`, `check`, `patch`, `define` and `verify` only
/// present it, so that they cannot disagree.
public struct NestingFacts: Sendable {
  /// What holds in the end.
  public enum Effective: Hashable, Sendable {
    /// QEMU runs with this capability.
    case on(NestedAPI)
    /// QEMU runs without.
    case off
    /// The emulator is not QEMU itself: it may add the capability, or not.
    case dependsOnWrapper(emulator: String)
    /// A file of the host that QEMU reads behind everything else decides it.
    case dependsOnFile(path: String)
    /// libvirt or QEMU refuses to start the guest.
    case refused(reason: String)
  }

  /// Every contribution, in the order in which QEMU reads them.
  package let contributions: [NestingContribution]
  /// The arguments that are passed through to QEMU.
  package let arguments: PassthroughArguments
  /// What the contributions come to, as QEMU merges them, whatever the machine.
  public let asked: Effective
  /// What libvirt or QEMU refuses in the way that nesting is asked for.
  package let refusals: [NestingRefusal]
  /// Why the guest cannot nest, whatever is asked for.
  package let obstacles: [NestingObstacle]
  /// The emulator, where it is not QEMU itself.
  public let wrapper: String?
  /// Whether anything in the definition tries to switch nesting on, rightly or wrongly.
  public let isAskedFor: Bool

  /// Reads what a definition says about nesting.
  public init(of definition: DomainDefinition) {
    self.init(of: definition, Guest(reading: definition, Property.forNesting))
  }

  /// Reads what a definition says about nesting, where the guest is known.
  init(of definition: DomainDefinition, _ guest: Guest) {
    let domain = definition.domain
    arguments = PassthroughArguments(of: domain)
    contributions = NestingContribution.all(in: domain, arguments)
    refusals = NestingRefusal.all(arguments, contributions, in: domain, guest)
    obstacles = NestingObstacle.all(for: guest, cpuArgument: arguments.values(of: "cpu").last)
    let emulator = domain.first(["devices", "emulator"])?.text.trimmingSpaces
    wrapper = emulator.flatMap { path in
      path.isEmpty || Emulator.isQEMU(path) || !guest.mayBePSeries ? nil : path
    }
    asked =
      refusals.first { $0.kind.isAboutNesting }.map { .refused(reason: $0.reason) }
      ?? arguments.fileThatDecides(behind: contributions).map { .dependsOnFile(path: $0) }
      ?? Self.merged(contributions, wrapper: wrapper)
    isAskedFor =
      contributions.contains { $0.value != .off } || Self.tries(domain)
      || (wrapper != nil && guest.name.map(GuestName.hasKata) ?? false)
  }

  /// What holds in the end: what is asked for, unless the guest cannot start with it.
  public var effective: Effective {
    guard case .on = asked else { return asked }
    let obstacle = obstacles.first { $0.kind != .compatibilityMode }
    return (obstacle?.reason ?? refusals.first?.reason).map { .refused(reason: $0) } ?? asked
  }

  /// Whether the contributions switch nesting on for certain.
  public var isOn: Bool {
    if case .on = asked { true } else { false }
  }

  /// The contributions that disagree with what they come to together.
  package var overruled: [NestingContribution] { contributions.filter(isOverruled) }

  /// Whether a contribution disagrees with what all come to together.
  package func isOverruled(_ contribution: NestingContribution) -> Bool {
    switch asked {
    case .on(let api): (contribution.value == .on) != (contribution.api == api)
    case .off: contribution.value == .on
    case .dependsOnWrapper, .dependsOnFile, .refused: false
    }
  }

  /// The arguments that spell a nested capability with `_`, where it is also spelled with `-`.
  var spelledWithUnderscore: [PassthroughArguments.MachineArgument] {
    let spellings = { (argument: PassthroughArguments.MachineArgument) in
      argument.options.items.compactMap { item in
        NestedCapability.names.contains(item.key ?? "") ? item.spelling : nil
      }
    }
    let all = arguments.machineArguments
    let own = contributions.filter { $0.mechanism == .feature }.map(\.api.machineProperty)
    let plain = Set(all.flatMap(spellings) + own).intersection(NestedCapability.names)
    return all.filter { argument in
      spellings(argument).contains { name in
        name.contains("_") && plain.contains(name.replacing("_", with: "-"))
      }
    }
  }

  /// Merges contributions as QEMU does: the last one to an interface is the one that counts.
  private static func merged(
    _ contributions: [NestingContribution], wrapper: String?
  ) -> Effective {
    var last: [NestedAPI: NestingContribution] = [:]
    for contribution in contributions { last[contribution.api] = contribution }
    // libvirt reads every feature; of QEMU's options, one that is given again is never looked at.
    for contribution in contributions
    where contribution.mechanism == .feature || last[contribution.api] == contribution {
      guard case .invalid(let text) = contribution.value else { continue }
      let who = contribution.mechanism == .feature ? "libvirt" : "QEMU"
      return .refused(
        reason: "\(who) does not accept '\(text)' for \(contribution.api.machineProperty)")
    }
    switch (last[.hv]?.value == .on, last[.papr]?.value == .on) {
    case (true, true): return .refused(reason: "QEMU: Nested-HV APIs are mutually exclusive")
    case (true, false): return .on(.hv)
    case (false, true): return .on(.papr)
    case (false, false):
      guard let wrapper, contributions.isEmpty else { return .off }
      return .dependsOnWrapper(emulator: wrapper)
    }
  }

  /// Whether an element or an argument anywhere looks like an attempt that libvirt does not see.
  private static func tries(_ domain: Element) -> Bool {
    domain.descendants.contains { element in
      if element.hasLocalName("nested-hv") { return element["state"] != "off" }
      guard element.hasLocalName("arg") else { return false }
      return element["value"].map(NestedCapability.isAttempt) ?? false
    }
  }
}

/// How the names of QEMU's nested capabilities look, and what is near them.
enum NestedCapability {
  static let names = NestedAPI.allCases.map(\.machineProperty)

  /// Whether a property's name, with `-` for `_`, means to be one of the capabilities and is not.
  static func isMisspelt(_ key: String) -> Bool {
    !names.contains(key) && key.lowercased().contains("nested")
  }

  /// Whether an argument tries to switch a capability on, in any spelling.
  static func isAttempt(_ argument: String) -> Bool {
    let text = argument.replacing("_", with: "-").lowercased()
    guard let range = text.firstRange(of: "cap-nested") else { return false }
    let rest = text[range.upperBound...].unicodeScalars.drop { $0 != "=" }
    let value = Substring(rest.dropFirst().prefix { $0 != "," })
    return QEMUBoolean.parse(String(value)) != false
  }
}

extension PassthroughArguments {
  /// The last `-readconfig` with no setting for nesting behind it: its `[machine]` may have one.
  fileprivate func fileThatDecides(behind contributions: [NestingContribution]) -> String? {
    guard let file = values(of: "readconfig").last else { return nil }
    let isOverruled = contributions.contains { contribution in
      guard case .argument(_, let element) = contribution.holder else { return false }
      return element.range.lowerBound > file.element.range.lowerBound
    }
    return isOverruled ? nil : file.value
  }
}
