extension RuleSample {
  private static let hostModel = "<cpu mode='host-model'/>"
  private static func os(_ id: String) -> (String, String) {
    ("id='http://fedoraproject.org/fedora/43'", "▸id='\(id)'")
  }

  static let guests = [
    RuleSample(
      29, ("'kvm'", "'qemu'"),
      (hostModel, "<cpu><topology sockets='1' cores='1' ▸threads='2'/></cpu>")),
    RuleSample(29, (hostModel, "<cpu><topology sockets='1' cores='1' threads='2'/></cpu>")),

    RuleSample(30, ("'kvm'", "'qemu'"), (hostModel, "<cpu>▸<model>power9</model></cpu>")),
    RuleSample(30, ("'kvm'", "'qemu'"), (hostModel, "<cpu>▸<model>POWER9_v2.0</model></cpu>")),
    RuleSample(30, ("'kvm'", "'qemu'"), (hostModel, "<cpu><model>power9_v2.0</model></cpu>")),
    RuleSample(30, (hostModel, "<cpu><model>power9</model></cpu>")),

    RuleSample(31, ("'kvm'", "'qemu'"), ("<cpu mode", "<cpu ▸mode")),
    RuleSample(31, ("'kvm'", "'qemu'"), (hostModel, "<cpu><model>POWER9</model></cpu>")),

    RuleSample(
      32, ("'kvm'", "'qemu'"), (hostModel, ""), ("machine='pseries'", "▸machine='pseries-3.1'")),
    RuleSample(
      32, ("'kvm'", "'qemu'"), (hostModel, ""), ("machine='pseries'", "machine='pseries-4.0'")),
    RuleSample(32, (hostModel, ""), ("machine='pseries'", "machine='pseries-3.1'")),

    RuleSample(33, (hostModel, ""), ("<domain", "▸<domain")),
    RuleSample(33, (hostModel, ""), noFeature, ("kata-x", "x")),

    RuleSample(34, ("<nested-hv", "▸<acpi/>▸<apic/>▸<pae/><nested-hv")),
    RuleSample(34, ("<nested-hv", "<acpi/><nested-hv"), ("ppc64le", "x86_64"), ("pseries", "q35")),

    RuleSample(35, ("machine='pseries'", "▸machine='pseries-rhel8.6.0'")),
    RuleSample(35, ("machine='pseries'", "machine='pseries-8.2'")),

    RuleSample(36, ("arch='ppc64le'", "▸arch='ppc64el'")),
    RuleSample(36, ("arch='ppc64le'", "arch='ppc64'")),

    RuleSample(37, ("<type arch='ppc64le'", "▸<type")),
    RuleSample(37, ("<type arch='ppc64le' machine='pseries'", "<type machine='q35'")),

    RuleSample(38, ("<memory unit='MiB'>4096", "▸<memory unit='MiB'>1024")),
    RuleSample(38, (">4096", ">2048")),
    RuleSample(38, (">4096", ">1024"), noFeature),

    RuleSample(39, ("<memory unit='MiB'>4096", "▸<memory unit='MiB'>4000")),
    RuleSample(39, (">4096", ">4352")),
    RuleSample(39, (">4096", ">4000"), (hostModel, "<cpu><numa><cell memory='1'/></numa></cpu>")),

    RuleSample(40, ("<interface", "▸<interface"), ("<model type='virtio'/>", "")),
    RuleSample(
      40, ("<interface type='network'", "<interface type='hostdev'"), ("<model type='virtio'/>", "")
    ),

    RuleSample(41, ("<controller type='scsi' model='virtio-scsi'", "▸<controller type='scsi'")),
    RuleSample(
      41,
      (
        "<controller type='scsi' model='virtio-scsi'/>",
        "▸<disk><target dev='sda' bus='scsi'/></disk>"
      )),
    RuleSample(
      41,
      (
        "<controller type='scsi' model='virtio-scsi'/>",
        "<controller type='scsi'><address type='spapr-vio' reg='0x2000'/></controller>"
      )),
    RuleSample(41, ("<devices>", "<devices><disk><target dev='sda' bus='scsi'/></disk>")),

    RuleSample(42, ("<controller type='usb' model='none'/>", ""), ("<devices>", "▸<devices>")),
    RuleSample(42, ("<controller type='usb' model='none'/>", "<graphics type='vnc'/>")),

    RuleSample(43, ("<devices>", "<devices><graphics ▸type='spice'/>")),
    RuleSample(43, ("<devices>", "<devices><graphics type='vnc'/>")),

    RuleSample(44, os("http://ubuntu.com/ubuntu/18.04")),
    RuleSample(44, ("fedoraproject.org/fedora/43", "ubuntu.com/ubuntu/20.04")),
    RuleSample(44, ("fedoraproject.org/fedora/43", "ubuntu.com/ubuntu/18.04"), noFeature),

    RuleSample(45, os("http://suse.com/sle/15.5")),
    RuleSample(45, ("fedoraproject.org/fedora/43", "suse.com/sle/15.5"), noFeature),

    RuleSample(
      46, os("http://debian.org/debian/12"), noFeature, machine("cap-nested-papr=on")),
    RuleSample(46, ("fedoraproject.org/fedora/43", "debian.org/debian/12")),
    RuleSample(46, noFeature, machine("cap-nested-papr=on")),

    RuleSample(47, os("http://fedoraproject.org/fedora/31")),
    RuleSample(47, ("fedora/43", "fedora/44")),
    RuleSample(47, ("fedora/43", "fedora/31"), ("'kvm'", "'xen'")),

    RuleSample(48, ("<domain type='kvm'", "<domain type='kvm' ▸id='3'")),
    RuleSample(48, ("</interface>", "▸<alias name='net0'/></interface>")),
    RuleSample(48, ("</interface>", "<alias name='ua-mine'/></interface>")),

    RuleSample(
      49, ("<uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>", ""), ("<domain", "▸<domain")),
    RuleSample(49, ("<uuid>", "<uuid>\n")),

    RuleSample(50, ("<uuid>6f1d4f0e", "▸<uuid>6f1d4f0")),
    RuleSample(50, ("<uuid>6f1d4f0e-6f0b", "<uuid> 6F1D4F0E6f0b")),

    RuleSample(51, ("<vcpu>2", "▸<memory>1</memory>▸<memory>1</memory><vcpu>2")),
    RuleSample(51, ("</devices>", "<emulator>/a</emulator>▸<emulator>/b</emulator></devices>")),
    RuleSample(51, ("</features>", "</features><features/>")),

    RuleSample(52, ("<name>kata-x", "▸<name>kata/x")),
    RuleSample(52, ("<name>kata-x", "▸<name>.")),
    RuleSample(52, ("<name>kata-x", "▸<name>kata-x\n")),
    RuleSample(52, ("<domain", "▸<domain"), ("<name>kata-x</name>", "")),
    RuleSample(52, ("kata-x", "  kata \"x\", y.")),

    RuleSample(53, ("<mac address='52:54", "<mac ▸address='53:54")),
    RuleSample(53, ("<mac address='52:54:00", "<mac ▸address='52:54")),
    RuleSample(53, ("<mac address='52:54:00", "<mac address='2:aA:0")),
  ]

  private static let another = guest.replacing("6f1d4f0e", with: "6f1d4f0f")
    .replacing("<name>kata-x", with: "<name>kata-y").replacing("00:01", with: "00:02")

  private static let renamed = guest.replacing("<name>kata-x", with: "<name>kata-z")
  private static let sameAddress = another.replacing("00:02", with: "0:1")

  static let together = [
    RuleSample(54, files: [guest, renamed.replacing("<uuid>", with: "▸<uuid>")]),
    RuleSample(54, files: [guest, another, guest]),
    RuleSample(55, files: [guest, another, guest.replacing("<name>", with: "▸<name>")]),
    RuleSample(55, files: [guest, another]),
    RuleSample(56, files: [guest, sameAddress.replacing("address=", with: "▸address=")]),
    RuleSample(56, files: [guest, guest]),
    RuleSample(
      56,
      ("</devices>", "<interface type='user'><mac ▸address='52:54:0:0:0:1'/></interface></devices>")
    ),
    RuleSample(
      56,
      (
        "</devices>",
        "<interface type='user'><mac address='52:54:0:0:0:1'/><teaming type='transient'/></interface></devices>"
      )),
    RuleSample(62, files: [guest, guest]),
    RuleSample(
      62, files: [withDisk("a", "<readonly/>"), withDisk("b", "<readonly/>")]),
    RuleSample(
      62,
      files: [withDisk("a"), withDisk("b").replacing("<source", with: "▸<source")]),
  ]

  /// A guest of a name and a uuid of its own, with a disk that another has as well.
  private static func withDisk(_ name: String, _ more: String = "") -> String {
    """
    <domain type='kvm'><name>\(name)</name><memory unit='GiB'>4</memory><vcpu>4</vcpu>
    <os><type arch='ppc64le' machine='pseries'>hvm</type></os><devices>
    <disk type='file'><source file='/srv/x.qcow2'/><target dev='vda' bus='virtio'/>\(more)</disk>
    </devices></domain>
    """
  }
}
