import TestSupport
import Testing
import VirtNest

@Suite("What is said of nesting is what QEMU says", .needs("virsh", "qemu-system-ppc64"))
struct NestingStateTests {
  @Test("every way to write it, right or wrong")
  func forms() async throws {
    let definitions = NestingForm.all.indices.map { NestingForm.all[$0].definition($0) }
    let outcomes = try await Outcome.all(of: definitions)
    for ((form, bytes), outcome) in zip(zip(NestingForm.all, definitions), outcomes) {
      let claim = NestingFacts(of: try DomainDefinition(bytes)).effective
      #expect(outcome.isClaimed(by: claim), "\(form.title): \(claim), QEMU \(outcome)")
    }
  }

  @Test(
    "every way to write it, switched on and off",
    arguments: [
      NestingChange(.on), NestingChange(.on, mechanism: .commandline),
      NestingChange(.off(explicit: false)),
    ])
  func switched(_ nesting: NestingChange) async throws {
    let isOn = nesting.wish == .on
    var changes = GuestChanges()
    changes.nesting = nesting
    var patches: [(title: String, patch: Patch)] = []
    for (index, form) in NestingForm.all.enumerated() {
      let definition = try DomainDefinition(form.definition(index))
      patches.append((form.title, try definition.patch(changes)))
    }
    let outcomes = try await Outcome.all(of: patches.map(\.patch.bytes))
    for ((title, patch), outcome) in zip(patches, outcomes) {
      let claim = NestingFacts(of: try DomainDefinition(patch.bytes)).effective
      #expect(outcome.isClaimed(by: claim), "\(title): \(claim), QEMU \(outcome)")
      if !outcome.isRefusal { #expect(outcome == (isOn ? .on(.hv) : .off), "\(title)") }
      // What keeps the guest from starting is not ours to take away, and is said.
      let isSaid = patch.diagnostics.contains { $0.message.hasPrefix("the guest does not start") }
      if isOn { #expect(isSaid == outcome.isRefusal, "\(title)") }
    }
  }
}
