import TestSupport
import Testing

@Suite("What the options of nesting mean in create and patch")
struct NestingOptionTests {
  private func run(_ arguments: String, input: [UInt8] = []) async throws -> Run {
    try await VirtNestBinary.run(arguments.split(separator: " ").map(String.init), input: input)
  }

  @Test(
    "A version of libvirt chooses the mechanism, also where the template nests already",
    arguments: [("4.0.0", false), ("9.0.0", true)])
  func libvirtVersion(_ version: String, hasFeature: Bool) async throws {
    let plain = try await run("create fedora -q")
    let created = try await run("create fedora -q --for-libvirt \(version)")
    let patched = try await run("patch - -q --for-libvirt \(version)", input: plain.output)
    for text in [created.outputText, patched.outputText] {
      #expect(text.contains("<nested-hv state='on'/>") == hasFeature)
      #expect(text.contains("value='cap-nested-hv=true'") != hasFeature)
    }
  }

  @Test(
    "Versions that are wrong, too old or beside the wrong option are usage errors",
    arguments: [
      ("--for-libvirt abc", "is not a version such as 9.0.0"),
      ("--for-qemu 3.0", "cap-nested-hv came with QEMU 3.1.0"),
      ("--no-nested --for-libvirt 9.0", "--no-nested goes with neither"),
      ("--network bridge=", "bridge= has no value"),
      ("--machine pseries-7.2,cap-nested-hv=on", "--machine takes a machine type alone"),
      ("--emulated --virt-type kvm", "--emulated makes a guest of type qemu"),
      ("--emulated --cpu host-model", "--emulated takes a CPU of QEMU's"),
      ("--hugepage-size 3M", "huge pages of 2M and 1G"),
      ("--hugepage-size 64K", "huge pages of 2M and 1G"),
      ("--boot uefi", "a pseries guest has no UEFI"),
    ])
  func wrongVersions(_ options: String, _ message: String) async throws {
    let run = try await run("create fedora \(options)")
    #expect(run.status == .exited(64) && run.outputText == "")
    #expect(run.errorText.contains(message), "\(run.errorText)")
  }

  @Test("Keys of a section go by its own option as well")
  func sectionKeys() async throws {
    let boot = try await run("create fedora -q --boot hd,network,menu=on")
    #expect(boot.outputText.contains("<bootmenu enable='yes'/>"), "\(boot.errorText)")
    #expect(boot.outputText.contains("<boot dev='network'/>"))
    let cpu = try await run("create fedora -q --emulated --cpu POWER10,numa.cell0.memory=2097152")
    #expect(cpu.outputText.contains("<model>POWER10</model>"), "\(cpu.errorText)")
    #expect(cpu.outputText.contains("memory='2097152'"))
  }

  @Test("Facts of a host whose guests cannot nest are warned of, once")
  func unfitHost() async throws {
    let folder = try TemporaryFolder()
    let facts = try await run("doctor --print-facts")
    try writeFile(folder.file("facts"), facts.output)
    let report = try await run("doctor --facts \(folder.file("facts"))")
    try #require(report.outputText.contains("verdict: it cannot"), "this machine can nest")
    let created = try await run("create fedora --for \(folder.file("facts"))")
    #expect(created.status == .exited(0))
    let warnings = created.errorText.split(separator: "\n").filter {
      $0.contains("this host cannot run L1 guests that nest")
    }
    #expect(warnings.count == 1, "\(created.errorText)")
    let quiet = try await run("create fedora -q --for \(folder.file("facts"))")
    #expect(quiet.errorText == "")
  }

  @Test("A misspelt option is the reason that is said, not its value that looks like a file")
  func misspelt() async throws {
    let run = try await run("patch a.xml --memry 4G")
    #expect(run.status == .exited(64))
    #expect(run.errorText.contains("Unknown option '--memry'"), "\(run.errorText)")
    let several = try await self.run("patch a.xml b.xml --nested")
    #expect(several.status == .exited(64))
    #expect(several.errorText.contains("several files need"), "\(several.errorText)")
  }

  @Test("A file that is given twice is changed not once, but never")
  func twice() async throws {
    let folder = try TemporaryFolder()
    let definition = try await run("create fedora -q").output
    try writeFile(folder.file("a.xml"), definition)
    let run = try await run("patch -i \(folder.file("a.xml")) \(folder.file("a.xml")) --memory 9G")
    #expect(run.status == .exited(64) && run.errorText.contains("is given twice"))
    #expect(try readFile(folder.file("a.xml")) == definition)
  }
}
