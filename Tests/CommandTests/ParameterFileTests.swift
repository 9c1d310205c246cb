import Foundation
import TestSupport
import Testing

@Suite("create --parameters")
struct ParameterFileTests {
  private func create(_ text: String, _ arguments: String...) async throws -> Run {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Data(text.utf8).write(to: URL(filePath: folder.file("site.parameters")))
    return try await VirtNestBinary.run(
      ["create", "fedora", "-q", "--parameters", "site.parameters"] + arguments, in: folder.path)
  }

  @Test("lines of name=value; comments and empty lines are passed over; --set goes before")
  func values() async throws {
    let run = try await create(
      "# our hosts\n\nmemory=6G\nvcpus=2\nname=kata-a=b\n", "--set", "vcpus=3")
    #expect(run.succeeded, "\(run.errorText)")
    #expect(run.outputText.contains("<memory unit='MiB'>6144</memory>"))
    #expect(run.outputText.contains("<vcpu placement='static'>3</vcpu>"))
    #expect(run.outputText.contains("<name>kata-a=b</name>"))
  }

  @Test("what is wrong is said with the file and its line")
  func mistakes() async throws {
    let twice = try await create("memory=6G\nmemory=7G\n")
    #expect(twice.status == .exited(64))
    #expect(twice.errorText.contains("site.parameters:2: the parameter 'memory' is given twice"))
    let broken = try await create("memory 6G\n")
    #expect(broken.errorText.contains("site.parameters:1: 'memory 6G' is not parameter=value"))
    let wrong = try await create("memory=1G\n")
    #expect(wrong.status == .exited(2))
    #expect(wrong.errorText.contains("'1G' is not a valid memory"))
    let missing = try await VirtNestBinary.run(["create", "fedora", "--parameters", "/nosuch"])
    #expect(missing.status == .exited(2))
    #expect(missing.errorText.contains("/nosuch: error: cannot read"))
  }
}
