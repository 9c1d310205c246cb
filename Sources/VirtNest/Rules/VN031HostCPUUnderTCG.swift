internal import LosslessXML

extension Rule {
  static let hostCPUUnderTCG = Rule(
    31, .warning, "The host's CPU for an emulated guest",
    reason: """
      TCG emulates any CPU, and libvirt defines such a guest, but on a host of another architecture \
      it refuses to start it: "CPU mode 'host-model' for ppc64le qemu domain on x86_64 host is not \
      supported by hypervisor".
      """,
    source: "libvirt, src/qemu/qemu_process.c, qemuProcessStartValidateGuest; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.isPSeries, subject.isEmulated, let mode = subject.guest.cpu?.mode,
      mode == "host-model" || mode == "host-passthrough", let element = subject.domain.child("cpu")
    else { return [] }
    return [
      Hit(
        element, attribute: "mode", "the CPU is the host's, and type='qemu' runs on any host",
        do: "Write <cpu mode='custom' match='exact'><model>POWER9</model></cpu>, or type='kvm'.")
    ]
  }
}
