import TestSupport
import Testing

@testable import VirtNest

@Suite("What belongs to one guest")
struct IdentityPartTests {
  /// A guest with something of every kind that two guests cannot share.
  static let guest = Array(
    """
    <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>kata-a</name>
      <uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>
      <genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid>
      <memory unit='GiB'>4</memory>
      <vcpu>4</vcpu>
      <sysinfo type='smbios'><system>
        <entry name='uuid'>6F1D4F0E-6F0B-5E0C-8A51-3C5D3F0C7A11</entry>
        <entry name='serial'>abc</entry>
      </system></sysinfo>
      <os><type arch='ppc64le' machine='pseries'>hvm</type><nvram>/var/nvram/a</nvram></os>
      <devices>
        <disk type='file' device='disk'><source file='/srv/a.qcow2'/>
          <target dev='vda' bus='virtio'/><serial>S1</serial><wwn>5000c50015ea71aa</wwn></disk>
        <disk type='network' device='disk'><source protocol='rbd' name='pool/img'>
          <host name='mon1'/></source><target dev='vdb' bus='virtio'/></disk>
        <disk type='nvme' device='disk'><source type='pci' namespace='1'>
          <address domain='0x0001' bus='0x02' slot='0x00' function='0x0'/></source>
          <target dev='vdc' bus='virtio'/></disk>
        <disk type='file' device='disk'><source file='/srv/shared.raw'/>
          <target dev='vdd' bus='virtio'/><shareable/></disk>
        <disk type='file' device='cdrom'><source file='/srv/a.iso'/>
          <target dev='sda' bus='scsi'/><readonly/></disk>
        <interface type='bridge'><mac address='52:54:00:12:34:56'/><source bridge='br0'/>
          <target dev='tap-a'/><model type='virtio'/></interface>
        <interface type='hostdev' managed='yes'><mac address='52:54:00:12:34:57'/><source>
          <address type='pci' domain='0' bus='4' slot='0' function='1'/></source></interface>
        <interface type='vhostuser'><source type='unix' path='/run/ovs/a' mode='server'/></interface>
        <serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/></serial>
        <console type='pty'><log file='/var/log/a.log'/></console>
        <channel type='unix'><source mode='bind' path='/run/a.agent'/>
          <target type='virtio' name='org.qemu.guest_agent.0'/></channel>
        <tpm model='tpm-spapr'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>
        <graphics type='vnc' port='5901' websocket='5701' autoport='no'/>
        <hostdev mode='subsystem' type='pci' managed='yes'><source>
          <address domain='0x0035' bus='0x03' slot='0x00' function='0x0'/></source></hostdev>
        <memory model='nvdimm'><source><path>/srv/nv</path></source></memory>
        <vsock model='virtio'><cid auto='no' address='5'/></vsock>
      </devices>
      <qemu:commandline><qemu:arg value='-chardev'/>
        <qemu:arg value='socket,path=/run/q.sock,id=q'/></qemu:commandline>
    </domain>
    """.utf8)

  private static let kept = [
    "the serial number in <sysinfo>", "the image /srv/a.qcow2", "the serial of disk vda",
    "the wwn of disk vda", "the image rbd:mon1/pool/img",
    "the image nvme 0001:02:00.0, namespace 1",
    "the host's device 0000:04:00.1", "the socket /run/ovs/a", "the port 4555",
    "the log file /var/log/a.log", "the host's TPM /dev/tpm0", "the host's device 0035:03:00.0",
    "the memory image /srv/nv", "the argument 'socket,path=/run/q.sock,id=q'",
  ]

  private static func copy(_ change: (inout GuestChanges) throws -> Void = { _ in }) throws -> Patch
  {
    var changes = GuestChanges()
    changes.guest.name = "kata-b"
    changes.identity = GuestChanges.Identity()
    try change(&changes)
    return try DomainDefinition(guest).patch(changes)
  }

  @Test("A copy has its own of what libvirt can choose, and says what it shares")
  func copied() throws {
    let patch = try Self.copy()
    let text = String(decoding: patch.bytes, as: UTF8.self)
    let uuid = GuestIdentity(name: "kata-b").uuid.description
    #expect(text.contains("<entry name='uuid'>\(uuid)</entry>"))
    #expect(text.contains("<graphics type='vnc' port='-1' websocket='-1' autoport='yes'/>"))
    #expect(text.contains("<cid auto='yes'/>"))
    for gone in [
      "tap-a", "/run/a.agent", "/var/nvram/a", "43dc0cf8", "6F1D4F0E", "5901", "52:54:00",
    ] {
      #expect(!text.contains(gone), "\(gone)")
    }
    let shared = patch.diagnostics.map(\.message).filter { $0.contains("is shared with 'kata-a'") }
    #expect(shared == Self.kept.map { "\($0) is shared with 'kata-a'" })
    let again = try patch.result.patch(
      {
        var changes = GuestChanges()
        changes.identity = GuestChanges.Identity()
        return changes
      }())
    #expect(again.isEmpty)
  }

  /// Devices, what of them is gone in a copy, and what a warning says.
  static let devices: [(device: String, gone: String?, said: String?)] = [
    (
      """
      <interface type='network'><mac address='52:54:00:12:34:56'/><source network='n' \
      portid='6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a12'/></interface>
      """, "portid", nil
    ),
    (
      """
      <interface type='bridge'><mac address='52:54:00:12:34:56'/><source bridge='b'/><virtualport \
      type='openvswitch'><parameters interfaceid='6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a12'/>\
      </virtualport></interface>
      """, "interfaceid", nil
    ),
    (
      """
      <interface type='network'><mac address='52:54:00:12:34:56'/><source network='n'/><filterref \
      filter='f'><parameter name='MAC' value='52:54:00:12:34:56'/><parameter name='IP' \
      value='10.0.0.7'/></filterref></interface>
      """, "52:54:00:12:34:56", "the address 10.0.0.7 in a filter"
    ),
    ("<graphics type='vnc' socket='/run/v'/>", nil, "the socket /run/v"),
    (
      """
      <hostdev mode='subsystem' type='scsi'><source protocol='iscsi' name='iqn.a/1'>\
      <host name='h'/></source></hostdev>
      """, nil, "the remote device iqn.a/1"
    ),
    (
      """
      <tpm><backend type='external'><source type='unix' mode='connect' path='/run/t'/></backend>\
      </tpm>
      """, nil, "the socket /run/t"
    ),
    (
      """
      <rng model='virtio'><backend model='egd' type='unix'><source mode='bind' path='/run/e'/>\
      </backend></rng>
      """, nil, "the socket /run/e"
    ),
    (
      """
      <filesystem type='mount'><driver type='virtiofs'/><source socket='/run/f'/><target dir='t'/>\
      </filesystem>
      """, nil, "the socket /run/f"
    ),
    (
      """
      <redirdev bus='usb' type='tcp'><source mode='bind' host='127.0.0.1' service='4600'/>\
      </redirdev>
      """, nil, "the port 4600"
    ),
  ]

  @Test("A copy has its own of what rarer devices have, or it is said", arguments: devices)
  func rare(_ one: (device: String, gone: String?, said: String?)) throws {
    let text = """
      <domain type='kvm'><name>kata-a</name><devices>\(one.device)</devices></domain>
      """
    var changes = GuestChanges()
    changes.guest.name = "kata-b"
    changes.identity = GuestChanges.Identity()
    let patch = try DomainDefinition(Array(text.utf8)).patch(changes)
    if let gone = one.gone { #expect(!String(decoding: patch.bytes, as: UTF8.self).contains(gone)) }
    #expect(
      patch.diagnostics.filter { $0.severity == .warning }.map(\.message)
        == [one.said.map { "\($0) is shared with 'kata-a'" }].compactMap(\.self))
  }

  /// Arguments of QEMU's, and whether another guest can have them as well.
  static let arguments: [(arguments: [String], isShared: Bool)] = [
    (["-D", "/var/log/q.log"], true), (["-pidfile", "/run/q.pid"], true),
    (["-hda", "/srv/q.raw"], true), (["-drive", "file=/srv/q.raw,if=none"], true),
    (["-blockdev", #"{"driver":"file","filename":"/srv/q.raw"}"#], true),
    (["-netdev", "user,id=n,hostfwd=tcp::45985-:22"], true),
    (["-device", "vfio-pci,host=0001:02:00.0"], true),
    (["-device", "vhost-vsock-pci,guest-cid=7"], true),
    (["-device", "virtio-net-pci,mac=52:54:00:77:77:77"], true),
    (["-machine", "cap-nested-hv=on"], false), (["-kernel", "/boot/vmlinux"], false),
    (["-append", "root=/dev/vda1 file=/x"], false), (["-bios", "/usr/share/slof.bin"], false),
  ]

  @Test("Arguments that name what one guest alone can have are said", arguments: arguments)
  func passedThrough(_ one: (arguments: [String], isShared: Bool)) throws {
    let list = one.arguments.map { "<qemu:arg value='\($0)'/>" }.joined()
    let text = """
      <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>a</name>\
      <qemu:commandline>\(list)</qemu:commandline></domain>
      """
    let parts = try DomainDefinition(Array(text.utf8)).identityParts
    #expect(parts.map(\.what) == (one.isShared ? ["the argument '\(one.arguments[1])'"] : []))
  }

  @Test("A template's parameter that names one image for all is said until it is given")
  func constantDefault() throws {
    let text = """
      <domain type='kvm'><name>a</name><memory>1</memory><devices><disk type='file' device='disk'>\
      <driver name='qemu' type='raw'/><source file='/srv/one.raw'/><target dev='vda' bus='virtio'/>\
      </disk></devices></domain>
      """
    let author = try TemplateAuthor(name: "t", from: DomainDefinition(Array(text.utf8)))
    let template = try Template(DomainDefinition(author.template()))
    var request = GuestRequest(parameters: ["name": "b"])
    let said = try template.create(request).diagnostics.map(\.message)
    #expect(said.contains("the image /srv/one.raw is shared with every guest of this template"))
    request.parameters["disk"] = "/srv/b.raw"
    #expect(try template.create(request).diagnostics.filter { $0.severity == .warning }.isEmpty)
  }

  @Test("What a change gives the copy is neither renewed nor reported")
  func given() throws {
    let patch = try Self.copy { changes in
      changes.words = [
        try WordChange(.edit, "disk:vda,path=/srv/b.qcow2"),
        try WordChange(.edit, "graphics,port=5999"), try WordChange(.remove, "hostdev:all"),
        try WordChange(.edit, "vsock,cid=9"),
      ]
    }
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.contains("port='5999'") && text.contains("address='9'"))
    let said = patch.diagnostics.map(\.message).joined(separator: "\n")
    #expect(!said.contains("a.qcow2") && !said.contains("0035") && !said.contains("cid"))
  }

  @Test("The uuid in <sysinfo> follows a uuid that is given")
  func follows() throws {
    var changes = GuestChanges()
    changes.guest.uuid = DomainUUID("11111111-2222-3333-4444-555555555555")
    let patch = try DomainDefinition(Self.guest).patch(changes)
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.contains("<entry name='uuid'>11111111-2222-3333-4444-555555555555</entry>"))
    #expect(patch.edits.count == 2)
  }

  @Test("check finds what two guests share")
  func together() throws {
    let other = String(decoding: Self.guest, as: UTF8.self)
      .replacing("kata-a", with: "kata-b").replacing("6f1d4f0e", with: "6f1d4f0f")
      .replacing("52:54:00:12:34:5", with: "52:54:00:12:35:5")
    let day = ReleaseTable.lastReview
    let found = CheckedFile.diagnostics(of: [
      CheckedFile("a.xml", Self.guest, today: day),
      CheckedFile("b.xml", Array(other.utf8), today: day),
    ]).filter { $0.code == Rule.sharedPart.code }
    let keyed = try DomainDefinition(Self.guest).identityParts.filter {
      if case .derived = $0.renewal { false } else { $0.key != nil }
    }
    #expect(found.count == keyed.count && keyed.count > 15)
    #expect(found.allSatisfy { $0.message.contains("is also in a.xml:") && $0.source == "b.xml" })
    #expect(!found.contains { $0.message.contains("shared.raw") || $0.message.contains("a.iso") })
  }

  @Test("A template keeps nothing that libvirt or create can choose, and lint names the rest")
  func template() throws {
    let author = try TemplateAuthor(name: "site", from: DomainDefinition(Self.guest))
    let bytes = try author.template()
    let text = String(decoding: bytes, as: UTF8.self)
    for gone in [
      "6f1d4f0e", "6F1D4F0E", "tap-a", "/run/a.agent", "5901", "address='5'", "52:54:00",
    ] {
      #expect(!text.contains(gone), "\(gone)")
    }
    let left = TemplateLint.diagnostics(of: "site.xml", bytes, today: ReleaseTable.lastReview)
      .filter { [Rule.identityLeftIn.code, Rule.sharedByGuests.code].contains($0.code) }.map(
        \.message)
    #expect(left.contains { $0.contains("rbd:mon1/pool/img") })
    #expect(!left.contains { $0.contains("the uuid") })
    let guest = try Template(DomainDefinition(bytes)).create(GuestRequest())
    #expect(
      guest.diagnostics.contains {
        $0.message == "the image rbd:mon1/pool/img is shared with every guest of this template"
      })
  }

  @Test("A series does not give one image to all its guests")
  func series() throws {
    let template = try Template(DomainDefinition(#require(Template.builtIn("fedora"))))
    var request = GuestRequest()
    #expect(try template.sharedParts(of: request).isEmpty)
    request.changes.words = [try WordChange(.edit, "disk:1,path=/srv/one.qcow2")]
    #expect(
      try template.sharedParts(of: request).map(\.message) == [
        "the image /srv/one.qcow2 is shared with every guest of the series"
      ])
    request.changes.words = [try WordChange(.edit, "interface:1,mac=52:54:00:0A:0B:01")]
    #expect(
      try template.sharedParts(of: request).map(\.message) == [
        "the MAC address is shared with every guest of the series"
      ])
    request.changes.words = [try WordChange(.edit, "interface:1,target.dev=tap0")]
    #expect(
      try template.sharedParts(of: request).map(\.message) == [
        "the tap device tap0 is shared with every guest of the series"
      ])
    request.changes.words = [try WordChange(.edit, "disk:1,path=/srv/{name}.qcow2")]
    #expect(try template.sharedParts(of: request).isEmpty)
    let guest = try template.create(request)
    #expect(String(decoding: guest.bytes, as: UTF8.self).contains("/srv/\(guest.name).qcow2"))
  }
}
