import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("What an expression leaves behind is said")
struct StalePartTests {
  private static let definition = """
    <domain type='kvm'>
      <name>kata-a</name>
      <uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>
      <metadata><nova:vm xmlns:nova='urn:nova' id='6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11'>
        <nova:name>kata-a</nova:name></nova:vm></metadata>
      <memory unit='MiB'>4096</memory>
      <vcpu>2</vcpu>
      <memtune><hard_limit unit='GiB'>6</hard_limit></memtune>
      <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
      <cpu mode='host-model'><numa><cell id='0' cpus='0-1' memory='4' unit='GiB'/></numa></cpu>
      <devices>
        <controller type='usb' model='qemu-xhci'/>
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
          <source file='/srv/a.qcow2'><seclabel model='dac' relabel='no'/></source>
          <backingStore type='file'><format type='qcow2'/><source file='/srv/golden.qcow2'/>
            <backingStore/></backingStore>
          <target dev='vda' bus='virtio'/></disk>
        <disk type='network' device='disk'><driver name='qemu' type='raw'/>
          <auth username='u'><secret type='ceph' usage='s'/></auth>
          <source protocol='rbd' name='pool/a'><host name='mon'/><snapshot name='s'/></source>
          <target dev='vdb' bus='virtio'/></disk>
        <interface type='network'><mac address='52:54:00:12:34:56'/>
          <source network='a' portid='6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a12'/>
          <virtualport type='openvswitch'/><model type='virtio'/></interface>
        <interface type='user'><mac address='52:54:00:12:34:57'/><model type='virtio'/></interface>
        <serial type='unix'><source mode='bind' path='/run/a'><reconnect enabled='no'/></source></serial>
        <graphics type='vnc' port='-1' autoport='yes'/>
        <vsock model='virtio'><cid auto='yes'/></vsock>
      </devices>
    </domain>

    """

  private static func patch(
    _ edits: [String], _ change: (inout GuestChanges) throws -> Void = { _ in }
  )
    throws -> Patch
  {
    var changes = GuestChanges()
    for edit in edits {
      changes.xpathEdits.edits.append(
        edit.hasPrefix("-")
          ? XPathEdit(String(edit.dropFirst()), .delete) : try XPathEdit(set: edit))
    }
    try change(&changes)
    return try DomainDefinition(Array(definition.utf8)).patch(changes)
  }

  private static let file = "//disk[1]/source/@file=/srv/b.qcow2"

  /// Edits, and what each warning of the change begins with.
  static let cases: [(edits: [String], said: [String])] = [
    ([file], ["<seclabel> describes the old source", "<backingStore> describes the old source"]),
    ([file, "-//disk[1]/backingStore", "-//seclabel"], []),
    ([file, "//disk[1]/backingStore/source/@file=/srv/c.qcow2", "-//seclabel"], []),
    (["//disk[1]/source/@file=/srv/a.qcow2"], []),
    (["//disk[1]/backingStore/source/@file=/srv/c.qcow2"], []),
    (
      ["//disk[1]/source/@file=/srv/b.raw", "-//seclabel", "-//disk[1]/backingStore"],
      ["the format is still qcow2"]
    ),
    (
      [
        "//disk[1]/source/@file=/srv/b.raw", "//disk[1]/driver/@type=raw", "-//seclabel",
        "-//disk[1]/backingStore",
      ], []
    ),
    // The hosts and the secret are those of the cluster.
    (["//disk[2]/source/@name=pool/b"], ["<snapshot> describes the old source 'pool/a'"]),
    (
      ["//disk[2]/source/host/@name=other"],
      ["<auth> describes", "<snapshot> describes"]
    ),
    (
      ["//interface[1]/source/@network=b"],
      ["portid= describes the old source 'a'", "<virtualport> describes the old source 'a'"]
    ),
    (["//serial/source/@path=/run/b"], []),
    (["//graphics/@port=5999"], ["libvirt chooses another port than 5999"]),
    (["//graphics/@port=5999", "-//graphics/@autoport"], []),
    (["/domain/memory=5120"], ["libvirt takes the memory of the NUMA cells, 4 GiB"]),
    (["/domain/memory=5120", "//cell/@memory=5"], []),
    (["//hard_limit=3"], ["the result has:"]),
    (["//mac/@address=52:54:00:12:34:58"], ["the result has: the same address is in"]),
    (["/domain/name=kata-b"], ["the name in <nova:name> is still the old one"]),
    (
      ["/domain/uuid=11111111-2222-3333-4444-555555555555"],
      ["the uuid in id= of <nova:vm> is still the old one"]
    ),
  ]

  @Test("by a warning, and nothing else is", arguments: cases)
  func said(_ one: (edits: [String], said: [String])) throws {
    let patch = try Self.patch(one.edits)
    let messages = patch.diagnostics.map(\.message)
    #expect(messages.count == one.said.count, "\(messages)")
    for (message, start) in zip(messages, one.said) {
      #expect(message.hasPrefix(start), "\(message)")
    }
  }

  @Test("The advice removes it")
  func advice() throws {
    let patch = try Self.patch([Self.file])
    let paths = patch.diagnostics.compactMap { diagnostic -> String? in
      diagnostic.advice?.parts.lazy.compactMap {
        if case .change(.delete(let xpath)) = $0 { xpath } else { nil }
      }.first
    }
    #expect(paths.count == 2)
    #expect(try Self.patch([Self.file] + paths.map { "-" + $0 }).diagnostics.isEmpty)
  }

  @Test(
    "A word takes along what is bound",
    arguments: [
      ("disk:vda,path=/srv/b.raw", ["golden", "seclabel", "qcow2"]),
      ("disk:vda,source.file=/srv/b.raw", ["golden", "seclabel", "qcow2"]),
      ("disk:vdb,source.name=pool/b", ["snapshot"]),
      ("interface:1,network=b", ["portid", "virtualport"]),
      ("interface:1,source.network=b", ["portid", "virtualport"]),
      ("vsock,cid.address=5", ["cid auto='yes'"]), ("vsock,cid=5", ["cid auto='yes'"]),
    ])
  func words(word: String, gone: [String]) throws {
    let patch = try Self.patch([]) { $0.words = [try WordChange(.edit, word)] }
    let text = String(decoding: patch.bytes, as: UTF8.self)
    for part in gone { #expect(!text.contains(part), "\(part): \(text)") }
    #expect(patch.diagnostics.isEmpty, "\(patch.diagnostics)")
  }

  @Test("A uuid in <sysinfo> that is not the guest's is refused")
  func sysinfo() throws {
    let text = Self.definition.replacing(
      "<os>",
      with: """
        <sysinfo type='smbios'><system><entry name='uuid'>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</entry>\
        </system></sysinfo><os>
        """)
    var changes = GuestChanges()
    changes.xpathEdits.edits = [try XPathEdit(set: "/domain/uuid=\(UUIDs.other)")]
    let definition = try DomainDefinition(Array(text.utf8))
    let error = #expect(throws: VirtNestError.self) { try definition.patch(changes) }
    #expect(error?.diagnostics.map(\.code) == [Rule.unreadableUUID.code])
    changes.xpathEdits.edits.append(try XPathEdit(set: "//entry=\(UUIDs.other)"))
    let patch = try definition.patch(changes)
    #expect(
      patch.diagnostics.map(\.message) == ["the uuid in id= of <nova:vm> is still the old one"])
  }

  private enum UUIDs { static let other = "11111111-2222-3333-4444-555555555555" }

  @Test("Metadata that repeats name and uuid follows a copy, a rename and a template's guests")
  func metadata() throws {
    let definition = try DomainDefinition(Array(Self.definition.utf8))
    var changes = GuestChanges()
    changes.guest.name = "kata-b"
    let renamed = String(decoding: try definition.patch(changes).bytes, as: UTF8.self)
    #expect(renamed.contains("<nova:name>kata-b</nova:name>"))
    #expect(renamed.contains("id='6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11'"))
    changes.identity = GuestChanges.Identity()
    let copy = String(decoding: try definition.patch(changes).bytes, as: UTF8.self)
    #expect(copy.contains("<nova:name>kata-b</nova:name>"))
    #expect(copy.contains("id='\(GuestIdentity(name: "kata-b").uuid)'"))
    let template = try TemplateAuthor(name: "t", from: definition).template()
    let text = String(decoding: template, as: UTF8.self)
    #expect(!text.contains("6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11"))
    var request = GuestRequest()
    request.parameters = ["name": "kata-c"]
    let guest = try Template(DomainDefinition(template)).create(request)
    #expect(String(decoding: guest.bytes, as: UTF8.self).contains("<nova:name>kata-c</nova:name>"))
  }

  @Test("A parameter that sets an expression leaves as much behind, and says so")
  func parameter() throws {
    let block = """
      <nest:template xmlns:nest='urn:virt-nest:template:1' name='t' version='1'><nest:parameter name='disk' \
      type='path'><nest:help>A</nest:help><nest:set select='/domain/devices/disk[1]/source/@file' value='{disk}'/>\
      </nest:parameter></nest:template></metadata>
      """
    let text = Self.definition.replacing("</metadata>", with: block)
    var request = GuestRequest()
    request.parameters = ["disk": "/srv/n.qcow2"]
    let guest = try Template(DomainDefinition(Array(text.utf8))).create(request)
    #expect(
      guest.diagnostics.contains { $0.message.hasPrefix("<backingStore> describes the old source") }
    )
  }
}
