internal import Glibc
internal import TestSupport
internal import Testing

@Suite(
  "verify asks QEMU itself",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"))
struct VerifyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func definition(_ options: [String] = [], name: String = "guest.xml") async throws
    -> String
  {
    let file = folder.file(name)
    let made = try await VirtNestBinary.run(["create", "fedora", "--quiet", "-o", file] + options)
    #expect(made.succeeded, "\(made.errorText)")
    return file
  }

  @Test(
    "A copy of a definition says what QEMU was given",
    arguments: [
      (["--mechanism", "feature"], Int32(0), "cap-nested-hv=on"),
      (["--mechanism", "commandline"], 0, "cap-nested-hv=on"),
      (["--no-nested"], 0, "cap-nested-hv=off"),
      (["--mechanism", "wrapper"], 1, "cap-nested-hv=off"),
      // libvirt refuses the machine type with a property behind it.
      (["--mechanism", "machine"], 1, "does not start under TCG"),
      // TCG is given a POWER9; the guest's own host is not.
      (["--cpu", "POWER8", "--force"], 1, "nesting needs POWER9 or later"),
      // QEMU warns first; the line that ends it is the one that counts.
      (
        ["--qemu-commandline", "-machine cap-cfpc=fixed -cpu POWER8", "--force"], 1,
        "does not start under TCG: QEMU: Nested-HV only supported on POWER9 and later; Try"
      ),
    ])
  func emulated(_ options: [String], _ status: Int32, _ words: String) async throws {
    let verified = try await VirtNestBinary.run([
      "verify", "--emulated", try await definition(options),
    ])
    #expect(verified.status == .exited(status), "\(verified.outputText)\(verified.errorText)")
    #expect(verified.outputText.contains(words), "\(verified.outputText)")
    #expect(verified.errorText == "")
  }

  @Test("What binds a guest to its host is not in the copy, and is said with its line")
  func boundGuest() async throws {
    let file = folder.file("bound.xml")
    try write(bound, to: file)
    let verified = try await VirtNestBinary.run(["verify", "--emulated", file])
    #expect(verified.status == .exited(0), "\(verified.outputText)\(verified.errorText)")
    for line in [
      "the machine type is pseries, because the QEMU on this machine does not have 'pseries-rhel8.6.0'",
      "<memoryBacking> in line 4 is removed", "<kernel> in line 8 is removed",
      "memory is 1 GiB", "the disk in line 15 is an empty file",
      "the interface in line 19 is not connected to the host's network",
      "<hostdev> in line 23 is removed", "the console in line 26 is a pseudo terminal",
      "the QEMU option -drive in line 29 is removed",
    ] {
      #expect(verified.outputText.contains("  \(line)\n"), "\(verified.outputText)")
    }
  }

  @Test("Several runs at once, for guests of one name, disturb neither each other nor the machine")
  func parallel() async throws {
    let on = try await definition()
    let off = try await definition(["--no-nested"], name: "off.xml")
    async let first = VirtNestBinary.run(
      ["verify", "--emulated", on, off], environment: ["TMPDIR": folder.path])
    async let second = VirtNestBinary.run(
      ["verify", "--emulated", off, on], environment: ["TMPDIR": folder.path])
    for run in try await [first, second] {
      #expect(run.status == .exited(0), "\(run.outputText)\(run.errorText)")
    }
    #expect(leftovers() == [])
  }

  @Test(
    "An interruption leaves nothing, neither files nor QEMU",
    arguments: [
      ("INT", Run.Status.exited(130)), ("TERM", .exited(143)), ("KILL", .signaled(SIGKILL)),
    ])
  func interrupted(_ signal: String, _ status: Run.Status) async throws {
    let tools = try TemporaryFolder()
    defer { tools.remove() }
    let emulator = tools.file("emulator")
    let file = try await definition(["--emulator", emulator])
    // The signal comes when libvirt starts its first QEMU, which goes on and would stay.
    try await writeExecutable(
      """
      #!/bin/sh
      if mv '\(tools.file("pid"))' '\(tools.file("sent"))' 2>/dev/null; then
        kill -s \(signal) "$(cat '\(tools.file("sent"))')"
      fi
      exec qemu-system-ppc64 "$@"

      """, to: emulator)
    let ended = try await TestSupport.run(
      "sh",
      [
        "-c", #"echo $$ >"$1"; exec "$2" verify --emulated --wrapper "$3" "$4""#, "sh",
        tools.file("pid"),
        VirtNestBinary.path, emulator, file,
      ], environment: ["TMPDIR": folder.path])
    #expect(ended.status == status, "\(ended.outputText)\(ended.errorText)")
    try await wait("everything to be gone") { leftovers() == [] }
  }

  /// What there is in the folder that is not a definition, and which processes name it.
  private func leftovers() -> [String] {
    names(in: folder.path).filter { !$0.hasSuffix(".xml") }
      + names(in: "/proc").filter { name in
        guard name.allSatisfy(\.isNumber), let line = try? readFile("/proc/\(name)/cmdline") else {
          return false
        }
        return String(decoding: line, as: UTF8.self).contains(folder.path + "/virt-nest.")
      }
  }

  @Test("What is not installed is named with its package")
  func missingTools() async throws {
    let file = try await definition()
    let tools = folder.file("bin")
    mkdir(tools, 0o755)
    for tool in ["sh", "rm", "find", "cat", "kill"] {
      symlink("/usr/bin/\(tool)", "\(tools)/\(tool)")
    }
    let withoutQEMU = try await VirtNestBinary.run(
      ["verify", "--emulated", file], environment: ["PATH": tools])
    #expect(withoutQEMU.status == .exited(2))
    #expect(withoutQEMU.errorText.contains("install the package qemu-system-ppc "))
    symlink("/usr/bin/qemu-system-ppc64", "\(tools)/qemu-system-ppc64")
    let withoutVirsh = try await VirtNestBinary.run(
      ["verify", "--emulated", file], environment: ["PATH": tools])
    #expect(withoutVirsh.status == .exited(2))
    #expect(withoutVirsh.errorText.contains("install the package libvirt-clients "))
  }

  @Test("Of a running guest the monitor is asked, and the agent where there is one")
  func running() async throws {
    let file = try await definition(
      ["--emulated", "--name", "kata-a", "--disk", "none", "--network", "none", "--memory", "2G"])
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      let verify = { (arguments: [String]) in
        try await VirtNestBinary.run(["verify", "--connect", libvirtd.uri] + arguments)
      }
      let unknown = try await verify(["kata-a"])
      #expect(unknown.status == .exited(2))
      #expect(unknown.errorText.hasPrefix("kata-a: error: failed to get domain 'kata-a'"))
      try await libvirtd.virsh("define", file)
      let inactive = try await verify(["kata-a"])
      #expect(inactive.status == .exited(2))
      #expect(inactive.errorText.contains("the guest is shut off"))
      try await libvirtd.virsh("start", "kata-a", "--paused")
      let active = try await verify(["kata-a"])
      #expect(active.status == .exited(0), "\(active.outputText)\(active.errorText)")
      #expect(active.outputText.contains("under TCG with cap-nested-hv=on"), "\(active.outputText)")
      #expect(active.outputText.contains("no guest agent answers"), "\(active.outputText)")
      let json = try await verify(["--json", "kata-a"])
      #expect(json.outputText.contains(#""asAsked": true"#), "\(json.outputText)")
    }
  }

  private let bound = """
    <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>kata bound &amp; far</name>
      <memory unit='GiB'>512</memory>
      <memoryBacking><hugepages/></memoryBacking>
      <vcpu cpuset='64-127'>16</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries-rhel8.6.0'>hvm</type>
        <kernel>/nowhere/vmlinux</kernel>
        <cmdline>console=hvc0</cmdline>
      </os>
      <features><nested-hv state='on'/><htm state='on'/></features>
      <cpu mode='host-model' check='partial'><topology sockets='1' cores='2' threads='8'/></cpu>
      <devices>
        <emulator>/usr/libexec/qemu-kvm</emulator>
        <disk type='block' device='lun'>
          <driver name='qemu' type='raw' cache='none'/><source dev='/dev/mapper/nowhere'/>
          <target dev='sda' bus='scsi'/>
        </disk>
        <interface type='bridge'>
          <mac address='52:54:00:00:00:01'/><source bridge='br-nowhere'/><target dev='tap7'/>
          <model type='virtio'/>
        </interface>
        <hostdev mode='subsystem' type='pci' managed='yes'>
          <source><address domain='0x0004' bus='0x01' slot='0x00' function='0x0'/></source>
        </hostdev>
        <console type='tcp'><source mode='bind' host='10.9.8.7' service='1'/><target port='0'/></console>
      </devices>
      <qemu:commandline>
        <qemu:arg value='-drive'/>
        <qemu:arg value='file=/nowhere/disk,if=none,id=x'/>
      </qemu:commandline>
    </domain>

    """
}

/// The names in a folder; none where it cannot be read.
private func names(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Waits until `condition` holds; half an hour, after which it never will.
private func wait(_ what: String, until condition: () -> Bool) async throws {
  let start = ContinuousClock.now
  while !condition() {
    guard start.duration(to: .now) < .seconds(1800) else {
      Issue.record("waited half an hour for \(what)")
      return
    }
    try await Task.sleep(for: .milliseconds(50))
  }
}
