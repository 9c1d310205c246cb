internal import Testing

/// Where a case's guest finds its parts, for the definition that the case makes.
struct Setting: Sendable {
  /// A folder of the case's own, for files that it needs on the way.
  var folder: String
  var kernel: String
  var initrd: String
  /// The QEMU to name in the definition; `nil` for the one that libvirt chooses.
  var emulator: String?
  /// Where the console has to go for the proof to read it.
  var serialLog: String
}

/// A definition, the way in which it comes about, and what its guest must turn out to be.
struct ProofCase: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable {
    /// kvm-hv loads in the L1 and an L2 runs, by the API of this capability.
    case nests(by: Capability)
    /// The capability is off, kvm-hv says why it does not load, and no L2 runs.
    case refuses
  }

  enum Capability: Sendable {
    case nestedHV
    case nestedPAPR
  }

  var testDescription: String
  var images = GuestImages.Variant.stable
  /// Whether it is run also where the whole proof is not asked for.
  private(set) var isInShortProof = false
  var outcome: Outcome
  /// Makes the bytes of the domain definition.
  var definition: @Sendable (Setting) async throws -> String

  init(
    _ description: String, images: GuestImages.Variant = .stable, _ outcome: Outcome,
    definition: @escaping @Sendable (Setting) async throws -> String
  ) {
    testDescription = description
    self.images = images
    self.outcome = outcome
    self.definition = definition
  }

  /// The same case, which is one of the short proof or not.
  func inShortProof(_ isIn: Bool) -> ProofCase {
    var proof = self
    proof.isInShortProof = isIn
    return proof
  }

  /// What is not as it must be, in a sentence each; nothing where all is.
  func objections(to run: L1Run) -> [String] {
    var objections: [String] = []
    func require(_ holds: Bool, _ otherwise: String) { if !holds { objections.append(otherwise) } }

    switch outcome {
    case .nests(let capability):
      let (hv, papr) = (capability == .nestedHV, capability == .nestedPAPR)
      require(run.nestedHV == hv, "cap-nested-hv is \(run.nestedHV) in QEMU")
      require(
        run.nestedPAPR ?? false == papr,
        "cap-nested-papr is \(run.nestedPAPR.map { "\($0)" } ?? "unknown") in QEMU")
      require(run.kvmHVLoaded, "kvm-hv did not load: \(run.kernelMessages)")
      require(
        !papr || !run.kernelMessages.contains { $0.contains("falling back to nestedv1") },
        "kvm-hv used the other API: \(run.kernelMessages)")
      let computed = [5050, 500_500].map { "ran: computed \($0), expected \($0), stored \($0)" }
      require(run.l2 == computed, "the L2 said \(run.l2) instead of \(computed)")
    case .refuses:
      require(!run.nestedHV, "cap-nested-hv is on in QEMU")
      require(run.nestedPAPR != true, "cap-nested-papr is on in QEMU")
      require(!run.kvmHVLoaded, "kvm-hv loaded")
      let refusal = "kvm-hv: Parent hypervisor does not support nesting"
      require(
        run.kernelMessages.contains { $0.hasPrefix(refusal) },
        "kvm-hv said \(run.kernelMessages) instead of '\(refusal)'")
      let refused = Array(repeating: "refused: KVM_CREATE_VM(HV): Invalid argument", count: 2)
      require(run.l2 == refused, "the L2 said \(run.l2) instead of \(refused)")
    }
    if images == .linuxL2 {
      require(run.linuxL2?.hasPrefix("Linux ") == true, "no Linux booted in the L2")
    }
    return objections
  }
}
