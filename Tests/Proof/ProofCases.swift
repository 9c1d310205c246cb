internal import TestSupport
internal import VirtNest
internal import VirtNestHost

/// Every way of making a definition whose guest is started and watched, and the controls without
/// which the others would show nothing.
///
/// Where `VIRT_NEST_PROOF` is not `all`, only one guest that was created, one that was patched, and
/// one in which the same kernel refuses.
let proofCases =
  isWholeProofWanted
  ? createdCases + patchedCases + controls + paprCases + [firstBootCase, linuxCase]
  : (createdCases + patchedCases + controls).filter { $0.isInShortProof }

private let mechanisms = ["feature", "commandline", "wrapper"]

private let createdCases =
  mechanisms.map { mechanism in
    ProofCase("created: fedora, \(mechanism)", .nests(by: .nestedHV)) {
      try await create("fedora", $0, try by(mechanism, $0))
    }.inShortProof(mechanism == "feature")
  }
  + ["ubuntu", "centos"].map { template in
    ProofCase("created: \(template)", .nests(by: .nestedHV)) { try await create(template, $0) }
  }

private let patchedCases =
  mechanisms.map { mechanism in
    ProofCase("patched: \(mechanism)", .nests(by: .nestedHV)) {
      try await patch(plain, $0, try by(mechanism, $0))
    }.inShortProof(mechanism == "commandline")
  } + [
    ProofCase("patched: virsh dumpxml of a running guest", .nests(by: .nestedHV)) { setting in
      let definition = setting.folder + "/before.xml"
      try write(try await patch(plain, setting), to: definition)
      let running = try await PrivateLibvirtd.run(in: setting.folder + "/before") { libvirtd in
        try await libvirtd.virsh("create", definition, "--paused")
        return try await libvirtd.virsh("dumpxml", "kata-plain")
      }
      return try await patch(running, setting, ["--nested"])
    }
  ]

private let controls = [
  ProofCase("created: fedora without nesting", .refuses) {
    try await create("fedora", $0, ["--no-nested"])
  },
  ProofCase("nothing switched on", .refuses) { try await patch(plain, $0) },
  ProofCase("feature, switched off by patch", .refuses) {
    let on = try await patch(plain, $0, try by("feature", $0))
    return try await patch(on, $0, ["--no-nested"])
  }.inShortProof(true),
  ProofCase("commandline, switched off by patch, in words", .refuses) {
    let on = try await patch(plain, $0, try by("commandline", $0))
    return try await patch(on, $0, ["--no-nested", "--explicit"])
  },
  ProofCase("wrapper, switched off by patch", .refuses) {
    let on = try await patch(plain, $0, try by("wrapper", $0))
    return try await patch(on, $0, ["--no-nested"])
  },
  ProofCase("the feature on, the command line off", .refuses) {
    try await patch(contradictory, $0)
  },
]

private let paprCases = [
  ProofCase("created: fedora, nested-papr", images: .papr, .nests(by: .nestedPAPR)) {
    try await create("fedora", $0, papr)
  },
  ProofCase("patched: nested-papr", images: .papr, .nests(by: .nestedPAPR)) {
    try await patch(plain, $0, papr)
  },
  ProofCase("nothing switched on, where nested-papr would do", images: .papr, .refuses) {
    try await patch(plain, $0)
  },
]

private let papr = ["--mechanism", "commandline", "--nested-api", "papr"]

/// The L1 loads kvm-hv by what `virt-nest first-boot` prints for it, and by nothing else.
private let firstBootCase = ProofCase(
  "created: fedora, kvm-hv loaded by first-boot's script", .nests(by: .nestedHV)
) { setting in
  let definition = try await create("fedora", setting)
  let guest = setting.folder + "/guest.xml"
  try write(definition, to: guest)
  let script = try await virtNest(["first-boot", guest, "--no-packages", "--script"])
  try write(script, to: setting.folder + "/first-boot")
  let initrd = try await initramfs(setting.initrd, with: ["first-boot"], in: setting.folder)
  return try await patch(
    definition, setting, ["--boot", "kernel=\(setting.kernel),initrd=\(initrd)"])
}

/// The long variant: Debian's QEMU with accel=kvm inside the L1.
private let linuxCase = ProofCase(
  "created: fedora, and a Linux in the L2", images: .linuxL2, .nests(by: .nestedHV)
) {
  try await create("fedora", $0, ["--nested"])
}

/// The options of a mechanism; the wrapper is the project's own, for this case alone.
private func by(_ mechanism: String, _ setting: Setting) throws -> [String] {
  guard mechanism == "wrapper" else { return ["--mechanism", mechanism] }
  let wrapper = setting.folder + "/qemu-system-ppc64-nested"
  try writeExecutable(try EmulatorWrapper().script(), to: wrapper)
  return ["--mechanism", mechanism, "--wrapper", wrapper]
}

/// A guest of a template, with those options that let it run here.
func create(
  _ template: String, _ setting: Setting, _ options: [String] = []
) async throws -> String {
  try await virtNest(
    ["create", template, "--quiet", "--disk", "none", "--network", "none"] + emulated(setting)
      + options)
}

/// `document` changed by `options`, and by those that let the guest run here.
private func patch(
  _ document: String, _ setting: Setting, _ options: [String] = []
) async throws -> String {
  try await virtNest(
    ["patch", "-", "--quiet", "--remove", "disk:all", "--remove", "interface:all", "--if-present"]
      + emulated(setting) + options, input: document)
}

/// The options, and no other edits, that make a Power host's guest one that runs under TCG.
private func emulated(_ setting: Setting) -> [String] {
  let emulator = setting.emulator.map { ["--emulator", $0] } ?? []
  return emulator + [
    "--emulated", "--memory", "2GiB", "--vcpus", "1,sockets=1,cores=1,threads=1",
    "--console", "log.file=\(setting.serialLog)",
    "--boot",
    "kernel=\(setting.kernel),initrd=\(setting.initrd),kernel_args=console=hvc0",
  ]
}

/// A guest of a Power host as an administrator keeps it, without nesting.
private let plain = """
  <!-- kept in git -->
  <domain type='kvm'>
    <name>kata-plain</name>
    <memory unit='GiB'>8</memory>
    <vcpu placement='static'>8</vcpu>
    <os>
      <type arch='ppc64le' machine='pseries'>hvm</type>
      <boot dev='hd'/>
    </os>
    <features>
      <htm state='off'/>
    </features>
    <cpu mode='host-model'>
      <topology sockets='1' cores='1' threads='8'/>
    </cpu>
    <devices>
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2'/>
        <source file='/var/lib/libvirt/images/kata-plain.qcow2'/>
        <target dev='vda' bus='virtio'/>
      </disk>
      <controller type='usb' index='0' model='none'/>
      <interface type='network'>
        <source network='default'/>
        <model type='virtio'/>
      </interface>
      <console type='pty'/>
      <memballoon model='virtio'/>
    </devices>
  </domain>

  """

/// Libvirt's feature says on, the command line off, and QEMU takes the last word.
private let contradictory =
  plain
  .replacing("<features>", with: "<features><nested-hv state='on'/>")
  .replacing(
    "</domain>",
    with: """
        <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <qemu:arg value='-machine'/>
          <qemu:arg value='cap-nested-hv=false'/>
        </qemu:commandline>
      </domain>
      """)
