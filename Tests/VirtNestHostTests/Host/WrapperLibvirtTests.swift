import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// Guests whose `<emulator>` is the wrapper, started by libvirt's QEMU driver.
@Suite(
  "The wrapper under libvirt",
  .needs("virsh", "qemu-system-ppc64", "powerpc64le-linux-gnu-gcc"))
struct WrapperLibvirtTests {
  struct Guest {
    var name: String
    var machine = "pseries-6.2"
    var features = ""
    var os = ""
    var disk = ""
    var arguments = ""
    var nested: Bool
  }

  private static func guests(in folder: String) -> [Guest] {
    let off = "<features><nested-hv state='off'/></features>"
    let on = "<features><nested-hv state='on'/></features>"
    return [
      Guest(name: "kata-fedora-43-vm-00", nested: true),
      Guest(name: "db", nested: false),
      Guest(name: "BIONIC-KATA-00", nested: true),
      Guest(name: "kata with  spaces", nested: true),
      Guest(name: "a,kata,,b", nested: true),
      Guest(name: "kata \"it's\" $(x) `y` \\ = %", nested: true),
      Guest(name: "plain \"it's\", with a space", nested: false),
      Guest(name: "kata-2.12", machine: "pseries-2.12", nested: true),
      Guest(name: "kata-3.0", machine: "pseries-3.0", nested: true),
      Guest(name: "kata-4.1", machine: "pseries-4.1", nested: true),
      Guest(name: "kata-newest", machine: "pseries", nested: true),
      Guest(name: "path-only", disk: "\(folder)/kata/kata pseries-6.2,x'y\".img", nested: false),
      Guest(name: "kata-path", disk: "\(folder)/kata/kata pseries-6.2,x'y\".img", nested: true),
      Guest(
        name: "kata-kernel",
        os: "<kernel>\(folder)/a kernel, pseries-4.1</kernel>"
          + "<cmdline>-name &quot;a  b&quot; 'c' -machine pseries,cap-nested-hv=off</cmdline>",
        nested: true),
      Guest(
        name: "kernel-only",
        os: "<kernel>\(folder)/a kernel, pseries-4.1</kernel><cmdline>-name kata</cmdline>",
        nested: false),
      Guest(name: "kata-off", features: off, nested: false),
      Guest(name: "kata-on", features: on, nested: true),
      Guest(name: "on", features: on, nested: true),
      Guest(
        name: "kata-argument-off",
        arguments: "<qemu:arg value='-M'/><qemu:arg value='cap-nested-hv=off'/>", nested: false),
    ]
  }

  @Test("Guests run with the capability that their name and their XML say")
  func guestsRun() async throws {
    let folder = try TemporaryFolder()
    let wrapper = folder.file("a wrapper, it's")
    try await writeExecutable(try EmulatorWrapper().script(), to: wrapper)
    try await prepare(folder)
    let guests = Self.guests(in: folder.path)
    var commands = ""
    for (index, guest) in guests.enumerated() {
      let file = folder.file("\(index).xml")
      try await writeExecutable(definition(guest, index, emulator: wrapper), to: file)
      let get = #"{"execute":"qom-get","arguments":{"path":"/machine","property":"%"}}"#
      commands += "echo 'next' 'guest'\ncreate --paused \(file)\n"
      for property in ["cap-nested-hv", "type", "append"] {
        let question = get.split(separator: "%").joined(separator: property)
        commands += "qemu-monitor-command \(uuid(index)) '\(question)'\n"
      }
      // Two seconds faster than `destroy`.
      commands += "qemu-monitor-command \(uuid(index)) '{\"execute\":\"quit\"}'\n"
    }
    let run = try await run(
      "virsh", ["-q", "-c", "qemu:///embed?root=\(folder.path)"], input: Array(commands.utf8))
    let answers = run.outputText.split(separator: "next guest").dropFirst().map(String.init)
    try #require(answers.count == guests.count, "\(run.outputText)\(run.errorText)")
    for (guest, answer) in zip(guests, answers) {
      #expect(answer.contains("{\"return\":\(guest.nested),"), "\(guest.name): \(answer)")
      let machine = guest.machine == "pseries" ? "pseries-" : "\(guest.machine)-machine\""
      #expect(answer.contains("{\"return\":\"\(machine)"), "\(guest.name): \(answer)")
      if guest.name == "kata-kernel" {
        #expect(
          answer.contains(#""-name \"a  b\" 'c' -machine pseries,cap-nested-hv=off""#), "\(answer)")
      }
    }
  }

  @Test("libvirt finds in the wrapper what it finds in QEMU")
  func capabilities() async throws {
    let folder = try TemporaryFolder()
    try await prepare(folder)
    let wrapper = folder.file("wrapper")
    try await writeExecutable(try EmulatorWrapper(match: "*").script(), to: wrapper)
    let question = "domcapabilities --virttype qemu --arch ppc64le --machine pseries --emulatorbin"
    var answers: [String] = []
    for emulator in ["/usr/bin/qemu-system-ppc64", wrapper] {
      let run = try await run(
        "virsh", ["-q", "-c", "qemu:///embed?root=\(folder.path)", "\(question) \(emulator)"])
      try #require(run.succeeded, "\(run.errorText)")
      answers.append(
        run.outputText.split(separator: "\n").filter { !$0.contains("<path>") }
          .joined(separator: "\n"))
    }
    #expect(answers[0].contains("<domainCapabilities>"))
    #expect(answers[0] == answers[1])
  }

  private func prepare(_ folder: TemporaryFolder) async throws {
    try await writeExecutable(
      """
      user="root"
      group="root"
      stdio_handler="file"
      security_driver="none"
      namespaces=[]
      cgroup_controllers=[]
      seccomp_sandbox=0

      """, to: folder.file("etc/qemu.conf"))
    try await writeExecutable("", to: folder.file("kata/kata pseries-6.2,x'y\".img"))
    // The smallest thing that QEMU takes for a kernel.
    let compiled = try await run(
      "powerpc64le-linux-gnu-gcc",
      ["-nostdlib", "-static", "-x", "c", "-", "-o", folder.file("a kernel, pseries-4.1")],
      input: Array("void _start(void) { for (;;) { } }\n".utf8))
    try #require(compiled.succeeded, "\(compiled.errorText)")
  }

  private func uuid(_ index: Int) -> String {
    "7d4a0d0e-0000-4000-8000-0000000000\(index < 10 ? "0" : "")\(index)"
  }

  private func definition(_ guest: Guest, _ index: Int, emulator: String) -> String {
    func escaped(_ text: String) -> String {
      text.reduce(into: "") {
        $0 += $1 == "\"" ? "&quot;" : $1 == "'" ? "&apos;" : $1 == "&" ? "&amp;" : String($1)
      }
    }
    let disk =
      guest.disk.isEmpty
      ? ""
      : "<disk type='file'><driver name='qemu' type='raw'/><source file='\(escaped(guest.disk))'/>"
        + "<target dev='vda' bus='virtio'/></disk>"
    return """
      <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
        <name>\(escaped(guest.name))</name>
        <uuid>\(uuid(index))</uuid>
        <memory unit='MiB'>256</memory>
        <vcpu>1</vcpu>
        <os><type arch='ppc64le' machine='\(guest.machine)'>hvm</type>\(guest.os)</os>
        \(guest.features)
        <cpu mode='custom'><model>POWER9</model></cpu>
        <devices>
          <emulator>\(escaped(emulator))</emulator>
          \(disk)
          <controller type='usb' model='none'/>
          <memballoon model='none'/>
        </devices>
        <qemu:commandline>\(guest.arguments)</qemu:commandline>
      </domain>

      """
  }
}
