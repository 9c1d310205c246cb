import Templates
import TestSupport
import Testing
import VirtNest

struct CreationCostTests {
  // It is some 20 of them; each place compared with each binding made it more than 100.
  @Test("A guest costs a bounded number of readings of its template")
  func guests() throws {
    let bytes = try #require(BuiltInTemplates.bytes(of: "fedora"))
    let template = try Template(DomainDefinition(bytes))
    _ = try template.create(GuestRequest(index: 0))
    let reading = try processorSeconds {
      for _ in 0..<50 { _ = try DomainDefinition(bytes) }
    }
    let making = try processorSeconds {
      for index in 0..<50 { _ = try template.create(GuestRequest(index: index)) }
    }
    #expect(making < 60 * reading)
  }
}
