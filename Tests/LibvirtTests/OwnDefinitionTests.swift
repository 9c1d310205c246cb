import Foundation
import Templates
import TestSupport
import Testing
import VirtNest
import VirtNestHost

@Suite(
  "The project's own definitions are libvirt's",
  .needs("virsh", "virt-xml-validate", "xmllint", "qemu-system-ppc64"))
struct OwnDefinitionTests {
  static let samples =
    Corpus.samples(in: Corpus.checkout.appending(path: "libvirt-xmls"))
    + BuiltInTemplates.all.map { Sample(name: $0.name, bytes: $0.bytes) }

  /// libvirt once took properties behind the machine type; neither it nor its schema do today.
  private func isRefused(_ sample: Sample) throws -> Bool {
    Guest(reading: try DomainDefinition(sample.bytes)).machine?.text.contains(",") == true
      || sample.name.hasSuffix("-machine.xml")
  }

  @Test("the schema takes every one, but the machine type with a property", arguments: samples)
  func schema(_ sample: Sample) async throws {
    let folder = try TemporaryFolder()
    let file = folder.file("domain.xml")
    try writeFile(file, sample.bytes)
    let validation = try await run("virt-xml-validate", [file, "domain"])
    #expect(validation.succeeded == !(try isRefused(sample)), "\(validation.errorText)")
    if try isRefused(sample) { #expect(validation.errorText.contains("fails to validate")) }
  }

  @Test("libvirt defines every one in the form that runs anywhere, but that one")
  func define() async throws {
    let virsh = try Virsh()
    var commands: [String] = []
    for sample in Self.samples {
      let patched = try await VirtNestBinary.run(
        ["patch", "-", "--emulated", "-q"], input: sample.bytes)
      try #require(patched.succeeded, "\(sample.name): \(patched.errorText)")
      let file = try virsh.file(sample.name, patched.output)
      commands.append("define --validate \(file.quoted)")
      let name = try #require(Guest(reading: try DomainDefinition(patched.output)).name)
      commands.append("undefine \(name.quoted)")
    }
    let answers = try await virsh.answers(to: commands)
    #expect(try Self.samples.contains { try isRefused($0) })
    for (index, sample) in Self.samples.enumerated() {
      let answer = answers[2 * index]
      #expect(answer.succeeded == !(try isRefused(sample)), "\(sample.name): \(answer.report)")
      if try isRefused(sample) { #expect(answer.report.contains("machine")) }
    }
  }
}
