import Foundation
import TestSupport
import Testing

@Suite("diff: the changes that turn A into B")
struct DiffCommandTests {
  /// A guest, and another one with changes.
  private func guests(
    in folder: TemporaryFolder, _ changes: [String]
  ) async throws -> (old: String, new: String) {
    let (old, new) = (folder.file("old.xml"), folder.file("new.xml"))
    for (path, arguments) in [(old, []), (new, changes)] {
      let run = try await VirtNestBinary.run(["create", "fedora", "-q", "-o", path] + arguments)
      try #require(run.succeeded, "\(run.errorText)")
    }
    return (old, new)
  }

  static let changes = [
    "--disk", "/srv/a b,, c.qcow2", "--graphics", "vnc,listen=0.0.0.0", "--rng", "none",
    "--metadata", "title=it's 'here',, \"there\"", "--memory", "4G", "--vcpus", "6", "--tpm",
    "model=tpm-spapr", "--hostdev", "0035:03:00.0", "--qemu-commandline", "-name 'a b,c'",
    "--network", "bridge=br0", "--network", "default", "--cputune",
    "vcpupin0.vcpu=0,vcpupin0.cpuset=1,3",
  ]

  @Test("What is printed, given to patch by xargs, gives what the other one means")
  func both() async throws {
    let folder = try TemporaryFolder()
    let (old, new) = try await guests(in: folder, Self.changes)
    for (from, to) in [(old, new), (new, old)] {
      for (diff, xargs) in [(["diff"], ["xargs"]), (["diff", "-0"], ["xargs", "-0"])] {
        let words = try await VirtNestBinary.run(diff + [from, to])
        #expect(words.status == .exited(1) && words.errorText.isEmpty, "\(words.errorText)")
        let patched = try await TestSupport.run(
          "/usr/bin/env", xargs + [VirtNestBinary.path, "patch", "-q", from], input: words.output)
        #expect(patched.succeeded, "\(words.outputText)\(patched.errorText)")
        let result = folder.file("result.xml")
        try Data(patched.output).write(to: URL(filePath: result))
        let rest = try await VirtNestBinary.run(["diff", result, to])
        #expect(rest.succeeded && rest.output.isEmpty, "\(words.outputText)\(rest.outputText)")
      }
    }
  }

  @Test("Two that mean the same have no difference, however they are written")
  func same() async throws {
    let folder = try TemporaryFolder()
    let (old, _) = try await guests(in: folder, [])
    let text = try String(contentsOfFile: old, encoding: .utf8)
    let other = text.replacing("'", with: "\"").replacing("<rng ", with: "<!-- a -->\n\n<rng ")
    let run = try await VirtNestBinary.run(["diff", old, "-"], input: Array(other.utf8))
    #expect(run.succeeded && run.output.isEmpty && run.errorText.isEmpty, "\(run.outputText)")
  }

  @Test("What no word says, and a file that is not there, are trouble")
  func trouble() async throws {
    let folder = try TemporaryFolder()
    let (old, _) = try await guests(in: folder, [])
    let other = try String(contentsOfFile: old, encoding: .utf8).replacing(
      "</metadata>", with: "<x:a xmlns:x='urn:x'>b</x:a></metadata>")
    let run = try await VirtNestBinary.run(["diff", old, "-"], input: Array(other.utf8))
    #expect(
      run.status == .exited(2) && run.errorText.contains("<x:a>: no word"), "\(run.errorText)")
    let missing = try await VirtNestBinary.run(["diff", old, folder.file("no.xml")])
    #expect(missing.status == .exited(2) && !missing.errorText.isEmpty)
    let lines = try String(contentsOfFile: old, encoding: .utf8).replacing(
      "<metadata>", with: "<title>a\nb</title><metadata>")
    let printed = try await VirtNestBinary.run(["diff", old, "-"], input: Array(lines.utf8))
    #expect(printed.status == .exited(2) && printed.errorText.contains("--null"))
    let null = try await VirtNestBinary.run(["diff", "-0", old, "-"], input: Array(lines.utf8))
    #expect(null.status == .exited(1) && null.outputText == "--edit\0title=a\nb\0")
    let twice = try await VirtNestBinary.run(["diff", "-", "-"])
    #expect(twice.status == .exited(64))
  }
}
