import TestSupport
import Testing
import VirtNest

@Suite("What is said of nesting is what QEMU says", .needs("virsh", "qemu-system-ppc64"))
struct NestingStateTests {
  @Test("every way to write it, right or wrong", .timeLimit(.minutes(3)))
  func forms() async throws {
    let definitions = NestingForm.all.indices.map { NestingForm.all[$0].definition($0) }
    let outcomes = try await Outcome.all(of: definitions)
    for ((form, bytes), outcome) in zip(zip(NestingForm.all, definitions), outcomes) {
      let claim = NestingState(of: try DomainDefinition(bytes)).effective
      #expect(outcome.isClaimed(by: claim), "\(form.title): \(claim), QEMU \(outcome)")
    }
  }
}
