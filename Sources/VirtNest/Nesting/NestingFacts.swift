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

/// One place of a definition that says something about nesting.
package struct NestingContribution: Hashable, Sendable {
  /// What it says.
  package enum Value: Hashable, Sendable {
    case on
    case off
    /// Something that libvirt or QEMU refuses.
    case invalid(String)

    init(_ text: String) {
      switch QEMUBoolean.parse(text) {
      case true?: self = .on
      case false?: self = .off
      case nil: self = .invalid(text)
      }
    }
  }

  /// The way in which it is said.
  package var mechanism: NestingMechanism
  /// Which interface it is about.
  package var api: NestedAPI
  /// What it says.
  package var value: Value
  /// As it is written, shortened to the part that matters.
  package var text: String
  /// Where it stands.
  package var place: Diagnostic.Place { element.place }

  /// The elements that it stands in.
  enum Holder: Hashable, Sendable {
    case feature(Element)
    case argument(option: Element, value: Element)
    case machineAttribute(Element)
  }

  var holder: Holder

  /// The element that it stands in; of an argument, the one with the value.
  var element: Element {
    switch holder {
    case .feature(let element), .machineAttribute(let element): element
    case .argument(_, let value): value
    }
  }

  /// Whether its place says it once, and in no second spelling that QEMU refuses beside the first.
  var isSaidOnce: Bool {
    guard case .argument(_, let element) = holder else { return true }
    let options = MachineOptions(element["value"] ?? "")
    return options.items.count { $0.key == api.machineProperty } == 1
  }

  /// Every contribution, in the order in which QEMU reads them: libvirt's own `-machine`, the type's
  /// properties before the features, then the arguments that are passed through.
  static func all(
    in domain: Element, _ arguments: PassthroughArguments
  ) -> [NestingContribution] {
    machineAttribute(in: domain) + features(in: domain) + passedThrough(arguments)
  }

  private static func machineAttribute(in domain: Element) -> [NestingContribution] {
    guard let type = domain.first(["os", "type"]), let machine = type["machine"],
      machine.utf8.contains(UInt8(ascii: ","))
    else { return [] }
    let options = MachineOptions(machine)
    return NestedAPI.allCases.compactMap { api in
      options.value(of: api.machineProperty).map { value in
        NestingContribution(
          mechanism: .machine, api: api, value: Value(value), text: "machine='\(machine)'",
          holder: .machineAttribute(type))
      }
    }
  }

  private static func features(in domain: Element) -> [NestingContribution] {
    // libvirt looks at the name alone (`virDomainFeaturesDefParse`), whatever the namespace.
    domain.all(["features", "*"]).filter { $0.hasLocalName("nested-hv") }.map { element in
      let state = element["state"]
      // libvirt's own switch takes these two words only (virXMLPropTristateSwitch).
      let value: Value = state == "on" ? .on : state == "off" ? .off : .invalid(state ?? "")
      return NestingContribution(
        mechanism: .feature, api: .hv, value: value,
        text: "<nested-hv" + (state.map { " state='\($0)'" } ?? "") + "/>",
        holder: .feature(element))
    }
  }

  private static func passedThrough(_ arguments: PassthroughArguments) -> [NestingContribution] {
    arguments.machineArguments.flatMap { argument in
      NestedAPI.allCases.compactMap { api in
        argument.options.value(of: api.machineProperty).map { value in
          NestingContribution(
            mechanism: .commandline, api: api, value: Value(value),
            text: "\(argument.option.value) \(argument.value.value)",
            holder: .argument(option: argument.option.element, value: argument.value.element))
        }
      }
    }
  }
}
