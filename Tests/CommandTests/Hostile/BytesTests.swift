import Foundation
import TestSupport
import Testing

@Suite("File names, arguments and texts are bytes")
struct BytesTests {
  private static let composed = "\u{E9}"
  private static let decomposed = "e\u{301}"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func definition(name: String = "kata-x", _ more: String = "") -> String {
    """
    <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>\(name)</name>
      <memory unit='GiB'>4</memory>
      <vcpu>2</vcpu>
      <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
      \(more)
    </domain>

    """
  }

  /// Runs the command with arguments in which `\377` stands for a byte that is no UTF-8.
  private func run(_ arguments: String...) async throws -> Run { try await run(arguments) }

  private func run(_ arguments: [String]) async throws -> Run {
    let words = arguments.map { "\"$(printf %b '\($0.replacing("\\377", with: "\\0377"))')\"" }
    return try await TestSupport.run(
      "sh", ["-c", "exec '\(VirtNestBinary.path)' " + words.joined(separator: " ")],
      in: folder.path)
  }

  @Test("A file whose name is no UTF-8 is the one that is changed, and no other")
  func fileNames() async throws {
    let other = folder.file("a\u{FFFD}.xml")
    try writeFile(other, Array(definition().utf8))
    let made = try await TestSupport.run(
      "sh", ["-c", #"cat > "$(printf 'a\377.xml')""#], input: Array(definition().utf8),
      in: folder.path)
    #expect(made.succeeded)
    let patched = try await run("patch", "-i", "--memory", "3G", "--backup", ".\\377", "a\\377.xml")
    #expect(patched.status == .exited(0), "\(patched.errorText)")
    #expect(try readFile(other).elementsEqual(definition().utf8))
    let inspected = try await run("inspect", "a\\377.xml")
    #expect(inspected.outputText.contains("3 GiB"), "\(inspected.outputText)")
    let backup = try await run("inspect", "a\\377.xml.\\377")
    #expect(backup.outputText.contains("4 GiB"), "\(backup.errorText)")
    let missing = try await run("check", "b\\377.xml")
    #expect(missing.errorText.hasPrefix("b\\xff.xml: error: cannot read"), "\(missing.errorText)")
    let diff = try await run("patch", "--diff", "--memory", "2G", "a\\377.xml")
    #expect(diff.outputText.hasPrefix("--- \"a\\377.xml\"\n"), "\(diff.outputText)")
    let sarif = try await run("check", "--format", "sarif", "--no-schema", "a\\377.xml")
    #expect(!sarif.outputText.contains("uri") || sarif.outputText.contains("a%FF.xml"))
    let created = try await run("create", "fedora", "-q", "-o", "new\\377.xml")
    #expect(created.status == .exited(0), "\(created.errorText)")
    let template = try await run("create", "./a\\377.xml", "-q", "--name", "kata-y")
    #expect(template.status == .exited(0), "\(template.errorText)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
  }

  @Test(
    "Text that is no UTF-8 does not go into XML",
    arguments: [
      ["--name", "kata-\\377"], ["--emulator", "/\\377"], ["--machine", "pseries-\\377"],
      ["--cpu", "P\\377"], ["--boot", "kernel=/\\377"], ["--boot", "kernel_args=\\377"],
      ["--console", "log.file=/\\377"], ["--add", "disk,path=/\\377.qcow2"],
      ["--add", "hostdev,\\377"], ["--add", "interface,bridge=\\377"],
      ["--edit", "title=\\377"], ["--edit", "disk:1,serial=\\377"], ["--edit", "\\377=a"],
      ["--remove", "disk:\\377"], ["--set-xpath", "/domain/title=\\377"],
      ["--set-xpath", "/domain/\\377=a"], ["--delete-xpath", "/domain/\\377"],
      ["--insert-xpath", "/domain/devices=<a>\\377</a>"], ["--identity", "\\377"],
      ["--qemu-commandline", "\\377"], ["--wrapper", "/\\377", "--mechanism", "wrapper"],
      ["--uuid", "\\377"], ["--memory", "\\377"], ["--vcpus", "\\377"],
      ["--virt-type", "\\377"], ["--feature", "\\377=on"], ["--feature", "ibs=\\377"],
    ])
  func invalidBytes(_ options: [String]) async throws {
    let file = folder.file("guest.xml")
    let text = definition(
      "<devices><disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/></disk></devices>"
    )
    try writeFile(file, Array(text.utf8))
    let words = ["patch", "-i", "--nested"] + options + ["guest.xml"]
    let run = try await run(words)
    let written = try readFile(file)
    #expect(!written.contains(0xFF) && String(validating: written, as: UTF8.self) != nil)
    #expect(
      !String(decoding: written, as: UTF8.self).unicodeScalars.contains { $0.value >= 0x10FF80 })
    // The text for uuid and addresses is hashed, and never written.
    if options[0] == "--identity" { return }
    #expect(written.elementsEqual(text.utf8), "\(run.errorText)")
    #expect(run.status == .exited(2) || run.status == .exited(64), "\(run.errorText)")
    #expect(!run.errorOutput.contains(0xFF), "\(run.errorText)")
  }

  @Test(
    "A change between the two Unicode forms is a change",
    arguments: [
      ["--name", "kata-%"], ["--boot", "kernel=/%"], ["--boot", "kernel_args=%"],
      ["--emulator", "/%"], ["--edit", "disk:1,path=/%.qcow2"], ["--edit", "interface:1,bridge=%"],
      ["--edit", "title=%"], ["--edit", "description=%"], ["--set-xpath", "/domain/title=%"],
      ["--edit", "disk:1,serial=%"], ["--console", "log.file=/%"],
      ["--set-xpath", "/domain/devices/disk/@snapshot=%"], ["--machine", "p%"],
    ])
  func forms(_ options: [String]) async throws {
    let file = folder.file("guest.xml")
    let with = { (form: String) in options.map { $0.replacing("%", with: form) } }
    try writeFile(
      file,
      Array(
        definition(
          """
          <devices>
            <disk type='file' snapshot='x'><driver name='qemu' type='qcow2'/><source file='/a'/><target dev='vda' bus='virtio'/></disk>
            <interface type='bridge'><source bridge='b'/></interface>
            <console type='pty'/>
          </devices>
          """
        ).replacing("<memory", with: "<title>t</title><memory").utf8))
    let (a, b) = (Self.composed, Self.decomposed)
    for (form, other) in [(a, b), (b, a), (a, b)] {
      let run = try await VirtNestBinary.run(["patch", "-i", "--force"] + with(form) + [file])
      #expect(run.status == .exited(0), "\(run.errorText)")
      let bytes = try readFile(file)
      let (isThere, isOld) = (
        bytes.contains(sequence: Array(form.utf8)), bytes.contains(sequence: Array(other.utf8))
      )
      #expect(isThere && !isOld, "\(with(form))")
      let again = try await VirtNestBinary.run(
        ["patch", "--check", "--force"] + with(form) + [file])
      #expect(again.status == .exited(0), "\(again.errorText)")
    }
  }

  @Test("Names in two forms are two guests, two files, two targets")
  func two() async throws {
    let names = [Self.composed, Self.decomposed]
    let files = names.map { folder.file("\($0).xml") }
    for (name, file) in zip(names, files) {
      try writeFile(
        file,
        Array(
          definition(
            name: "kata-\(name)",
            """
            <devices>
              <emulator>/usr/bin/qemu-system-ppc64</emulator>
              <disk type='file'><source file='/\(Self.composed)'/><target dev='vd\(Self.composed)' bus='virtio'/></disk>
              <disk type='file'><source file='/\(Self.decomposed)'/><target dev='vd\(Self.decomposed)' bus='virtio'/></disk>
            </devices>
            """
          ).utf8))
    }
    let patched = try await VirtNestBinary.run(["patch", "-i", "--nested"] + files)
    #expect(patched.status == .exited(0), "\(patched.errorText)")
    let checked = try await VirtNestBinary.run(["check", "--no-schema"] + files)
    #expect(!checked.outputText.contains("VN055"), "\(checked.outputText)")
    #expect(!checked.outputText.contains("already used in line"), "\(checked.outputText)")
    // Only one of the disks is that of the selector.
    let edited = try await VirtNestBinary.run(
      ["patch", "--edit", "disk:vd\(Self.decomposed),cache=none", files[0]])
    let lines = edited.outputText.split(separator: "\n").filter { $0.contains("cache=") }
    #expect(
      edited.status == .exited(0) && lines.count == 1, "\(edited.outputText)\(edited.errorText)")
  }

  @Test("A guest of a libvirt is found by its bytes", .needs("virsh"))
  func domains() async throws {
    let xml = folder.file("node.xml")
    try writeFile(
      xml,
      Array(
        """
        <node><domain type='test'><name>kata-\(Self.composed)</name>
        <uuid>10fad874-b7ed-412a-bb95-76f84e26f69b</uuid><memory>4096</memory>
        <os><type>hvm</type></os></domain></node>
        """.utf8))
    let found = try await VirtNestBinary.run(
      ["patch", "-c", "test://\(xml)", "--domain", "kata-\(Self.composed)", "--dry-run"]
        + ["--edit", "title=x"])
    #expect(found.status == .exited(0), "\(found.errorText)")
    let other = try await VirtNestBinary.run(
      ["patch", "-c", "test://\(xml)", "--domain", "kata-\(Self.decomposed)", "--dry-run"]
        + ["--edit", "title=x"])
    #expect(other.status == .exited(2) && other.errorText.contains("there is no such guest"))
  }

  @Test("KELVIN SIGN and ata is not kata")
  func kelvin() async throws {
    let run = try await VirtNestBinary.run([
      "create", "fedora", "--mechanism", "wrapper", "--name", "\u{212A}ata-x",
    ])
    #expect(run.status == .exited(2) || run.status == .exited(64), "\(run.errorText)")
    #expect(run.errorText.contains("kata"))
    let unit = folder.file("unit.xml")
    try writeFile(unit, Array(definition().replacing("GiB", with: "\u{212A}iB").utf8))
    let inspected = try await VirtNestBinary.run(["inspect", unit])
    #expect(!inspected.outputText.contains("4 KiB"), "\(inspected.outputText)")
  }

  @Test(
    "A mark on a comma or an equals sign belongs to what follows it",
    arguments: [
      ("pseries,\u{301}cap-nested-hv=on", false), ("pseries,cap-nested-hv=\u{301}on", false),
      ("pseries,cap-nested-hv=on", true), ("x=y,\u{301}z=a,cap-nested-hv=on", true),
    ])
  func marks(_ value: String, _ isOn: Bool) async throws {
    let file = folder.file("guest.xml")
    let arguments =
      "<qemu:commandline><qemu:arg value='-machine'/><qemu:arg value='\(value)'/></qemu:commandline>"
    try writeFile(file, Array(definition(arguments).utf8))
    let run = try await VirtNestBinary.run(["inspect", file])
    #expect(run.outputText.contains("nesting  on") == isOn, "\(run.outputText)")
  }
}

extension [UInt8] {
  fileprivate func contains(sequence: [UInt8]) -> Bool {
    guard count >= sequence.count else { return false }
    return (0...count - sequence.count).contains { self[$0...].starts(with: sequence) }
  }
}
