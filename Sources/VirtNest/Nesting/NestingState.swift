internal import LosslessXML

/// What a definition's contributions come to, as QEMU sees them.
package struct NestingState: Hashable, Sendable {
  /// What holds in the end.
  package enum Effective: Hashable, Sendable {
    /// QEMU runs with this capability.
    case on(NestedAPI)
    /// QEMU runs without.
    case off
    /// The emulator is not QEMU itself: it may add the capability, or not.
    case dependsOnWrapper(emulator: String)
    /// libvirt or QEMU refuses to start the guest.
    case refused(reason: String)
  }

  /// Every contribution, in the order in which QEMU comes to see them.
  package let contributions: [NestingContribution]
  /// What holds in the end.
  package let effective: Effective
  /// The emulator, where it is not QEMU itself.
  package let wrapper: String?

  /// Reads the state that a definition describes.
  package init(of definition: DomainDefinition) {
    let domain = definition.domain
    let arguments = PassthroughArguments(of: domain)
    contributions = NestingContribution.all(in: domain, arguments)
    let emulator = domain.first(["devices", "emulator"])?.text.trimmingSpaces
    wrapper = emulator.flatMap { $0.isEmpty || Emulator.isQEMU($0) ? nil : $0 }
    let refusal = NestingRefusal.all(arguments, contributions).first
    effective =
      refusal.map { .refused(reason: $0.reason) }
      ?? Self.effective(contributions, wrapper: wrapper)
  }

  /// The last contribution to an interface is the one that counts.
  private static func effective(
    _ contributions: [NestingContribution], wrapper: String?
  ) -> Effective {
    // libvirt reads every feature; of QEMU's options, one that is said again is never looked at.
    let read = contributions.indices.filter { index in
      let contribution = contributions[index]
      return contribution.mechanism == .feature
        || !contributions[(index + 1)...].contains { $0.api == contribution.api }
    }
    for contribution in read.map({ contributions[$0] }) {
      guard case .invalid(let text) = contribution.value else { continue }
      let who = contribution.mechanism == .feature ? "libvirt" : "QEMU"
      return .refused(reason: "\(who) takes no '\(text)' for \(contribution.api.machineProperty)")
    }
    let last = { (api: NestedAPI) in contributions.last { $0.api == api }?.value == .on }
    switch (last(.hv), last(.papr)) {
    case (true, true): return .refused(reason: "QEMU: Nested-HV APIs are mutually exclusive")
    case (true, false): return .on(.hv)
    case (false, true): return .on(.papr)
    case (false, false):
      guard let wrapper, contributions.isEmpty else { return .off }
      return .dependsOnWrapper(emulator: wrapper)
    }
  }

  /// Whether QEMU runs with a capability for certain.
  package var isOn: Bool {
    if case .on = effective { true } else { false }
  }

  /// The contributions that disagree with what holds in the end.
  package var overruled: [NestingContribution] {
    switch effective {
    case .on(let api): contributions.filter { ($0.value == .on) != ($0.api == api) }
    case .off: contributions.filter { $0.value == .on }
    case .dependsOnWrapper, .refused: []
    }
  }
}
