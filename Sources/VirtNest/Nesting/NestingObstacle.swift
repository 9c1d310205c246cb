/// Why a guest cannot nest whatever its definition asks for.
package struct NestingObstacle: Hashable, Sendable {
  /// The reason, as the end of a sentence.
  package var reason: String

  /// Every obstacle that a guest's own definition shows.
  package static func all(for guest: Guest) -> [NestingObstacle] {
    [domainType(guest), architecture(guest), machine(guest), cpu(guest)].compactMap(\.self)
  }

  private static func domainType(_ guest: Guest) -> NestingObstacle? {
    guard let type = guest.domainType, !["kvm", "qemu"].contains(type) else { return nil }
    return NestingObstacle(
      reason: "the domain type is '\(type)', and only QEMU's guests (kvm, qemu) can nest this way")
  }

  private static func architecture(_ guest: Guest) -> NestingObstacle? {
    guard let architecture = guest.architecture else {
      if guest.machine != nil { return nil }
      return NestingObstacle(
        reason: "the definition says neither arch nor machine, so that it may be no pseries guest")
    }
    guard !["ppc64", "ppc64le"].contains(architecture) else { return nil }
    return NestingObstacle(reason: "the architecture is '\(architecture)', not ppc64le or ppc64")
  }

  private static func machine(_ guest: Guest) -> NestingObstacle? {
    // libvirt takes pseries for ppc64 where no machine is said.
    guard let machine = guest.machine, !machine.isPSeries else { return nil }
    return NestingObstacle(
      reason: "the machine type is '\(machine.name)', and only pseries machines have the capability"
    )
  }

  /// QEMU: "Nested-HV only supported on POWER9 and later", at the start of the guest.
  private static func cpu(_ guest: Guest) -> NestingObstacle? {
    guard let model = guest.cpu?.model else { return nil }
    if let generation = guest.cpu?.powerGeneration, generation >= 9 { return nil }
    return NestingObstacle(reason: "the CPU is '\(model)', and nesting needs POWER9 or later")
  }
}

extension Guest {
  /// Whether it says something that decides whether a guest can nest.
  var decidesNesting: Bool {
    cpu != nil || machine != nil || domainType != nil || architecture != nil
  }
}
