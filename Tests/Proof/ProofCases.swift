internal import TestSupport
internal import VirtNest

/// Every way of making a definition whose guest is started and watched, and the controls without
/// which the others would show nothing.
let proofCases = patchedCases + templateCases + controls + paprCases + [linuxCase]

private let patchedCases = [
  ProofCase("patched: feature", .nests(by: .nestedHV)) {
    try await patch(plain, $0, "--nested")
  },
  ProofCase("patched: commandline", .nests(by: .nestedHV)) {
    try await patch(plain, $0, "--mechanism", "commandline")
  },
  ProofCase("patched: wrapper", .nests(by: .nestedHV)) { setting in
    let wrapper = setting.folder + "/qemu-system-ppc64-nested"
    try writeExecutable(try EmulatorWrapper().script(), to: wrapper)
    return try await patch(plain, setting, "--mechanism", "wrapper", "--wrapper", wrapper)
  },
  ProofCase("patched: virsh dumpxml of a running guest", .nests(by: .nestedHV)) { setting in
    let definition = setting.folder + "/before.xml"
    try write(try await patch(plain, setting), to: definition)
    let running = try await PrivateLibvirtd.run(in: setting.folder + "/before") { libvirtd in
      try await libvirtd.virsh("create", definition, "--paused")
      return try await libvirtd.virsh("dumpxml", "kata-plain")
    }
    return try await patch(running, setting, "--nested")
  },
]

private let templateCases = ["fedora", "ubuntu", "centos"].map { template in
  ProofCase("the \(template) template", .nests(by: .nestedHV)) {
    try await patch(try text(of: "\(proofFolder)/../../Templates/\(template).xml"), $0)
  }
}

private let controls = [
  ProofCase("nothing switched on", .refuses) { try await patch(plain, $0) },
  ProofCase("feature, switched off by patch", .refuses) {
    try await patch(try await patch(plain, $0, "--nested"), $0, "--no-nested")
  },
  ProofCase("commandline, switched off by patch, in words", .refuses) {
    let on = try await patch(plain, $0, "--mechanism", "commandline")
    return try await patch(on, $0, "--no-nested", "--explicit")
  },
  ProofCase("the feature on, the command line off", .refuses) {
    try await patch(contradictory, $0)
  },
]

private let paprCases = [
  ProofCase("nested-papr, patched: commandline", images: .papr, .nests(by: .nestedPAPR)) {
    try await patch(plain, $0, "--mechanism", "commandline", "--nested-api", "papr")
  },
  ProofCase("nothing switched on, where nested-papr would do", images: .papr, .refuses) {
    try await patch(plain, $0)
  },
]

/// The long variant: Debian's QEMU with accel=kvm inside the L1.
private let linuxCase = ProofCase(
  "patched: feature, and a Linux in the L2", images: .linuxL2, .nests(by: .nestedHV)
) {
  try await patch(plain, $0, "--nested")
}

/// `document` changed by `options`, and by those that let the guest run here.
private func patch(
  _ document: String, _ setting: Setting, _ options: String...
) async throws -> String {
  var common = [
    "--emulated", "--memory", "2GiB", "--vcpus", "1,sockets=1,cores=1,threads=1",
    "--disk", "none", "--network", "none", "--console", "log.file=\(setting.serialLog)",
    "--boot",
    "kernel=\(setting.kernel),initrd=\(setting.initrd),kernel_args=console=hvc0",
  ]
  if let emulator = setting.emulator { common += ["--emulator", emulator] }
  return try await virtNest(["patch", "-", "--quiet"] + common + options, input: document)
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
