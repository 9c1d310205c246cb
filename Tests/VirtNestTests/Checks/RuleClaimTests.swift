import TestSupport
import Testing

@testable import VirtNest

/// What the rules claim, asked of libvirt's QEMU driver and of QEMU itself.
@Suite("What rules claim is what libvirt and QEMU do", .needs("virsh", "qemu-system-ppc64"))
struct RuleClaimTests {
  enum Outcome: String {
    /// libvirt does not define it.
    case refused
    /// It is defined, and does not start.
    case failsToStart
    /// It runs without cap-nested-hv.
    case off
    /// It runs with it.
    case on
  }

  struct Claim {
    var rule: Int
    var outcome: Outcome
    var text: String
  }

  /// An emulated guest with nesting, and replacements in it.
  private static func guest(_ replacements: [(String, String)]) -> String {
    var text = """
      <domain type='qemu'>
        <name>kata</name>
        <memory unit='MiB'>512</memory>
        <vcpu>2</vcpu>
        <os><type arch='ppc64le' machine='pseries-6.2'>hvm</type></os>
        <features><nested-hv state='on'/></features>
        <cpu mode='custom' match='exact'><model>POWER9</model></cpu>
        <devices><controller type='usb' model='none'/></devices>
      </domain>
      """
    for (old, new) in replacements { text = text.replacing(old, with: new) }
    return text
  }

  private static let off = ("<nested-hv state='on'/>", "")
  private static func arguments(_ values: String...) -> (String, String) {
    RuleSample.commandLine(values.map { "<qemu:arg value='\($0)'/>" }.joined())
  }

  /// Rules by number, what happens, and what makes it happen; 0 is a guest with no finding.
  static let claims: [Claim] = {
    let cases: [(Int, Outcome, [(String, String)])] = [
      (0, .on, []),
      (3, .refused, [("pseries-6.2", "pseries-6.2,cap-nested-hv=true")]),
      (4, .refused, [("pseries-6.2", "powernv9")]),
      (5, .failsToStart, [("POWER9", "POWER8")]),
      (6, .on, [arguments("-machine", "max-cpu-compat=power8")]),
      (7, .off, [arguments("-machine", "cap-nested-hv=off")]),
      (8, .on, [("state='on'", "state='off'"), arguments("-machine", "cap-nested-hv=on")]),
      (9, .on, [arguments("-M", "cap-nested-hv=yes")]),
      (10, .failsToStart, [off, arguments("-machine", "cap-nested=true")]),
      (10, .refused, [("nested-hv", "nested_hv")]),
      (11, .failsToStart, [off, arguments("-machine cap-nested-hv=true")]),
      (12, .failsToStart, [off, arguments("-machine", "cap-nested-hv")]),
      (13, .off, [off, arguments("-global", "pseries-6.2-machine.cap-nested-hv=on")]),
      (14, .failsToStart, [off, arguments("cap-nested-hv=true")]),
      (
        15, .off,
        [
          off, arguments("-machine", "cap-nested-hv=true"),
          ("domain/qemu/1.0", "domain/qemu/1.1"),
        ]
      ),
      (
        16, .off,
        [
          off,
          (
            "</domain>",
            "<commandline><arg value='-M'/><arg value='cap-nested-hv=on'/></commandline></domain>"
          ),
        ]
      ),
      (18, .off, [off, ("<devices>", "<nested-hv state='on'/><devices>")]),
      (19, .refused, [("state='on'", "state='yes'")]),
      (20, .failsToStart, [off, arguments("-machine", "cap-nested-hv=ON")]),
      (21, .on, [off, arguments("-machine", "pseries-7.2,cap-nested-hv=on")]),
      (29, .failsToStart, [("</cpu>", "<topology sockets='1' cores='1' threads='2'/></cpu>")]),
      (30, .failsToStart, [("POWER9", "power9")]),
      (30, .failsToStart, [("POWER9", "POWER9_v2.0")]),
      (0, .on, [("POWER9", "power9_v2.0")]),
      (
        32, .failsToStart,
        [("<cpu mode='custom' match='exact'><model>POWER9</model></cpu>", ""), ("6.2", "3.1")]
      ),
      (34, .on, [("<nested-hv", "<acpi/><nested-hv")]),
      (35, .refused, [("pseries-6.2", "pseries-bionic")]),
      (36, .refused, [("ppc64le", "ppc64el")]),
      (39, .on, [("512", "300")]),
      (51, .on, [("</features>", "</features><vcpu>4</vcpu>")]),
      (52, .refused, [("kata", "ka/ta")]),
      (
        53, .refused,
        [
          (
            "</devices>",
            "<interface type='user'><mac address='53:54:0:0:0:1'/></interface></devices>"
          )
        ]
      ),
      (
        74, .refused,
        [
          (
            "</devices>",
            "<disk type='file'><source file='/a.raw'/><target dev='sr0'/></disk></devices>"
          )
        ]
      ),
      (57, .failsToStart, [arguments("-machine", "cap_nested_hv=on")]),
      (0, .on, [off, arguments("-machine", "cap_nested_hv=on")]),
      (64, .failsToStart, [arguments("-machine", "nocap-nested-hv")]),
      (64, .failsToStart, [arguments("-machine", "powernv9")]),
      (64, .failsToStart, [arguments("-machine", "ic-mode=foo")]),
      (0, .on, [arguments("-machine", "ic-mode=xics")]),
      (64, .failsToStart, [arguments("-machine", "max-cpu-compat=power10")]),
      (64, .failsToStart, [arguments("-set", "machine.pseries.cap-nested-hv=on")]),
      (64, .failsToStart, [arguments("-smp", "8")]),
      (64, .failsToStart, [arguments("-machine", "smp.cpus=8")]),
      (0, .on, [arguments("-smp", "2")]),
      (64, .failsToStart, [arguments("-m", "1G")]),
      (0, .on, [arguments("-m", "512")]),
      (64, .failsToStart, [arguments("-bogus")]),
      (64, .failsToStart, [arguments("-no-acpi")]),
      (64, .failsToStart, [arguments("-smbios", "type=1")]),
      (64, .failsToStart, [arguments("-append", "quiet")]),
      (64, .failsToStart, [arguments("-device", "help")]),
      (0, .on, [arguments("-nographic", "-name", "x", "-D", "/dev/null")]),
      (64, .failsToStart, [("<nested-hv", "<htm state='on'/><nested-hv")]),
      (64, .failsToStart, [("pseries-6.2", "pseries-2.11")]),
      (0, .on, [("pseries-6.2", "pseries-2.12")]),
      (72, .refused, [(">hvm<", "> hvm <")]),
      (72, .failsToStart, [("POWER9", " POWER9")]),
      (72, .refused, [("mode='custom'", "mode=' custom'")]),
      (
        66, .refused,
        [
          (
            "</cpu>",
            "<numa><cell id='0' cpus='0' memory='262144'/><cell id='2' cpus='1' memory='262144'/></numa></cpu>"
          )
        ]
      ),
      (66, .refused, [("<os>", "<vcpus><vcpu id='9' enabled='yes'/></vcpus><os>")]),
      (
        67, .failsToStart,
        [
          (
            "</devices>",
            "<channel type='pty'><target type='virtio' name='a'/></channel><channel type='pty'><target type='virtio' name='a'/></channel></devices>"
          )
        ]
      ),
      (67, .refused, [("</devices>", "<console type='pty'/><console type='pty'/></devices>")]),
      (73, .refused, [("<vcpu>", "<maxMemory slots='4' unit='MiB'>256</maxMemory><vcpu>")]),
      (
        73, .refused,
        [
          ("<vcpu>", "<maxMemory slots='4' unit='MiB'>4096</maxMemory><vcpu>"), ("512", "1024"),
          (
            "</cpu>", "<numa><cell id='0' cpus='0-1' memory='524288'/></numa></cpu>"
          ),
          (
            "</devices>",
            "<memory model='dimm'><target><size unit='MiB'>256</size><node>3</node></target></memory></devices>"
          ),
        ]
      ),
    ]
    return cases.map { Claim(rule: $0, outcome: $1, text: guest($2)) }
  }()

  @Test("Each rule speaks of a guest to which just that happens")
  func claims() async throws {
    let folder = try TemporaryFolder()
    let settings = """
      user="root"
      group="root"
      stdio_handler="file"
      security_driver="none"
      namespaces=[]
      cgroup_controllers=[]
      seccomp_sandbox=0

      """
    try await writeExecutable(settings, to: folder.file("etc/qemu.conf"))
    var commands = ""
    for (index, claim) in Self.claims.enumerated() {
      let file = folder.file("\(index).xml")
      try await writeExecutable(
        claim.text.replacing("<name>k", with: "<name>\(index)-k"), to: file)
      let name = "\(index)-kata"
      commands += "echo 'next' 'claim'\ndefine \(file)\nstart --paused \(name)\n"
      let get = #"{"execute":"qom-get","arguments":{"path":"/machine","property":"cap-nested-hv"}}"#
      commands += "qemu-monitor-command \(name) '\(get)'\n"
      commands += "qemu-monitor-command \(name) '{\"execute\":\"quit\"}'\n"
    }
    let run = try await run(
      "virsh", ["-q", "-c", "qemu:///embed?root=\(folder.path)"], input: Array(commands.utf8))
    let answers = run.outputText.split(separator: "next claim").dropFirst().map(String.init)
    let errors = run.errorText
    try #require(answers.count == Self.claims.count, "\(run.outputText)\(errors)")
    for (index, (claim, answer)) in zip(Self.claims, answers).enumerated() {
      let outcome: Outcome =
        if errors.contains("Failed to define domain from \(folder.file("\(index).xml"))") {
          .refused
        } else if answer.contains("\"return\":true") {
          .on
        } else if answer.contains("\"return\":false") {
          .off
        } else {
          .failsToStart
        }
      #expect(outcome == claim.outcome, "rule \(claim.rule): \(claim.text)\n\(answer)\(errors)")
      try expectFinding(claim)
    }
  }

  private func expectFinding(_ claim: Claim) throws {
    let found = try diagnostics([("x", Array(claim.text.utf8))])
    if claim.rule == 0 {
      #expect(found.allSatisfy { $0.severity < .error }, "\(found)")
    } else {
      #expect(found.contains { $0.code == .init(claim.rule) }, "\(claim.text)\n\(found)")
      let severest = found.map(\.severity).max()
      let mustBeError = claim.outcome != .on
      #expect(!mustBeError || severest == .error || claim.rule == 35, "\(found)")
    }
  }
}
