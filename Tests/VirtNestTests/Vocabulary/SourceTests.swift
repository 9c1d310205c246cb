import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

/// Every kind of source changed into every other: the result is one of the new kind, and says nothing of
/// the old.
@Suite("The sources of disks and interfaces")
struct SourceTests {
  struct Source: Sendable {
    var type: String
    /// The words that ask for it.
    var words: String
    /// The device in a definition, with as much as describes its source.
    var element: String
    /// What would be a trace of it in another.
    var traces: [String]
  }

  static let disks: [Source] = [
    Source(
      type: "file", words: "type=file,source.file=/srv/new.qcow2",
      element: """
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source file='/srv/trace.qcow2' startupPolicy='optional'>
            <seclabel model='dac' relabel='no'/>
          </source>
          <backingStore type='file'>
            <format type='qcow2'/>
            <source file='/srv/trace-golden.qcow2'/>
            <backingStore/>
          </backingStore>
          <target dev='vda' bus='virtio'/>
          <encryption format='luks'>
            <secret type='passphrase' uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/>
          </encryption>
        </disk>
        """, traces: ["trace", "startupPolicy", "seclabel", "backingStore", "encryption"]),
    Source(
      type: "block", words: "type=block,source.dev=/dev/vg0/new",
      element: """
        <disk type='block' device='disk'>
          <driver name='qemu' type='raw' cache='none'/>
          <source dev='/dev/trace'>
            <reservations managed='yes'/>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "reservations"]),
    Source(
      type: "network",
      words: "type=network,source.protocol=rbd,source.name=pool/new,source.host0.name=mon1",
      element: """
        <disk type='network' device='disk'>
          <driver name='qemu' type='raw'/>
          <auth username='trace'>
            <secret type='ceph' usage='trace'/>
          </auth>
          <source protocol='rbd' name='trace/image'>
            <host name='trace-mon' port='6321'/>
            <snapshot name='trace-snap'/>
            <config file='/etc/ceph/trace.conf'/>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "auth", "6321"]),
    Source(
      type: "network",
      words: "type=network,source.protocol=iscsi,source.name=iqn.2031-01.org:new/1,"
        + "source.host0.name=portal",
      element: """
        <disk type='network' device='disk'>
          <driver name='qemu' type='raw'/>
          <source protocol='iscsi' name='iqn.2013-07.com:trace/1'>
            <host name='trace' port='3260'/>
            <auth username='trace'>
              <secret type='iscsi' usage='trace'/>
            </auth>
            <initiator>
              <iqn name='iqn.2013-07.com:trace'/>
            </initiator>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "auth", "initiator", "3260"]),
    Source(
      type: "network",
      words:
        "type=network,source.protocol=nbd,source.host0.name=host,source.host0.port=10810,format=raw",
      element: """
        <disk type='network' device='disk'>
          <driver name='qemu' type='raw'/>
          <source protocol='nbd' name='trace' tls='yes'>
            <host transport='unix' socket='/run/trace.sock'/>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "tls"]),
    Source(
      type: "volume", words: "type=volume,source.pool=images,source.volume=new.qcow2",
      element: """
        <disk type='volume' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source pool='trace' volume='trace.qcow2' mode='host'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "pool", "mode="]),
    Source(
      type: "nvme",
      words: "type=nvme,source.namespace=1,source.address.domain=0x0000,source.address.bus=0x02,"
        + "source.address.slot=0x00,source.address.function=0x0",
      element: """
        <disk type='nvme' device='disk'>
          <driver name='qemu' type='raw'/>
          <source type='pci' managed='yes' namespace='7'>
            <address domain='0x0000' bus='0x1e' slot='0x00' function='0x0'/>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["0x1e", "namespace='7'"]),
    Source(
      type: "vhostuser", words: "type=vhostuser,source.path=/run/new.sock",
      element: """
        <disk type='vhostuser' device='disk'>
          <driver name='qemu' type='raw'/>
          <source type='unix' path='/run/trace.sock'>
            <reconnect enabled='yes' timeout='10'/>
          </source>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace", "reconnect"]),
    Source(
      type: "dir", words: "type=dir,source.dir=/srv/new",
      element: """
        <disk type='dir' device='disk'>
          <driver name='qemu' type='fat'/>
          <source dir='/srv/trace'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        """, traces: ["trace"]),
  ]

  static let interfaces: [Source] = [
    Source(
      type: "network", words: "network=lab",
      element: """
        <interface type='network' trustGuestRxFilters='yes'>
          <mac address='52:54:00:00:00:01'/>
          <source network='trace' portgroup='trace' portid='11111111-2222-3333-4444-555555555555'/>
          <virtualport type='openvswitch'>
            <parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f' profileid='trace'/>
          </virtualport>
          <target dev='trace0'/>
          <model type='virtio'/>
        </interface>
        """, traces: ["trace", "portid", "virtualport", "trustGuest"]),
    Source(
      type: "bridge", words: "bridge=br9",
      element: """
        <interface type='bridge'>
          <mac address='52:54:00:00:00:01'/>
          <source bridge='trace'/>
          <target dev='trace0'/>
          <model type='virtio'/>
          <filterref filter='clean-traffic'/>
        </interface>
        """, traces: ["trace"]),
    Source(
      type: "direct", words: "type=direct,source=eno1,source.mode=bridge",
      element: """
        <interface type='direct'>
          <mac address='52:54:00:00:00:01'/>
          <source dev='trace' mode='vepa'/>
          <virtualport type='802.1Qbg'>
            <parameters managerid='11' typeid='1193047' typeidversion='2'/>
          </virtualport>
          <model type='virtio'/>
        </interface>
        """, traces: ["trace", "vepa", "802.1Qbg"]),
    Source(
      type: "ethernet", words: "type=ethernet",
      element: """
        <interface type='ethernet'>
          <mac address='52:54:00:00:00:01'/>
          <ip address='192.168.122.3' prefix='24'/>
          <target dev='trace0' managed='no'/>
          <script path='/etc/trace'/>
          <model type='virtio'/>
        </interface>
        """, traces: ["trace", "192.168", "script"]),
    Source(
      type: "hostdev", words: "type=hostdev,source=0035:03:00.0",
      element: """
        <interface type='hostdev' managed='yes'>
          <mac address='52:54:00:00:00:01'/>
          <driver name='vfio'/>
          <source>
            <address type='pci' domain='0x0000' bus='0x1e' slot='0x10' function='0x1'/>
          </source>
        </interface>
        """, traces: ["managed", "0x1e", "vfio"]),
    Source(
      type: "vdpa", words: "type=vdpa,source=/dev/vhost-vdpa-1",
      element: """
        <interface type='vdpa'>
          <mac address='52:54:00:00:00:01'/>
          <source dev='/dev/trace'/>
          <model type='virtio'/>
        </interface>
        """, traces: ["trace"]),
    Source(
      type: "user", words: "type=user",
      element: """
        <interface type='user'>
          <mac address='52:54:00:00:00:01'/>
          <ip family='ipv4' address='172.17.2.0' prefix='24'/>
          <model type='virtio'/>
        </interface>
        """, traces: ["172.17"]),
    Source(
      type: "vhostuser", words: "type=vhostuser,source=/run/new.sock,source.mode=server",
      element: """
        <interface type='vhostuser'>
          <mac address='52:54:00:00:00:01'/>
          <source type='unix' path='/run/trace.sock' mode='client'>
            <reconnect enabled='yes' timeout='10'/>
          </source>
          <model type='virtio'/>
        </interface>
        """, traces: ["trace", "client", "reconnect"]),
  ]

  private static func check(_ kind: String, _ all: [Source]) async throws {
    let folder = try TemporaryFolder()
    var files: [String] = []
    for old in all {
      for new in all {
        let before = try DomainDefinition(
          Array(RuleExample.definition([.devices: "\n    \(old.element)\n  "]).utf8))
        var changes = GuestChanges()
        changes.words = [try WordChange(.edit, kind, parts: new.words)]
        let what = "\(old.type) \(old.traces[0]) to \(new.words)"
        let result = try before.patch(changes)
        let text = String(decoding: result.bytes, as: UTF8.self)
        let device = text[(text.range(of: "<devices>")?.upperBound ?? text.startIndex)...]
        for trace in old.traces where !new.words.contains(trace) && !new.element.contains(trace) {
          #expect(!device.contains(trace), "\(what) leaves \(trace): \(device)")
        }
        #expect(device.contains(" type='\(new.type)'"), "\(what): \(device)")
        #expect(try result.result.patch(changes).isEmpty, "\(what): a second run changes something")
        files.append(folder.file("\(files.count).xml"))
        try writeFile(files[files.count - 1], result.bytes)
      }
    }
    let schema = "/usr/share/libvirt/schemas/domain.rng"
    guard FileManager.default.fileExists(atPath: schema) else { return }
    let validation = try await run("xmllint", ["--noout", "--relaxng", schema] + files)
    let wrong = validation.errorText.split(separator: "\n").filter { $0.contains("fails to") }
    let texts = try wrong.map { try Self.text(of: String($0)) }
    #expect(texts.isEmpty, "\(texts.joined(separator: "\n"))")
  }

  private static func text(of line: String) throws -> String {
    let path = line.split(separator: " ").first.map(String.init) ?? ""
    return String(decoding: try readFile(path), as: UTF8.self)
  }

  @Test("Each kind of disk into each other", .needs("xmllint"))
  func disk() async throws { try await Self.check("disk", Self.disks) }

  @Test("Each kind of interface into each other", .needs("xmllint"))
  func interface() async throws { try await Self.check("interface", Self.interfaces) }

  @Test(
    "What a new source lacks is asked for",
    arguments: [
      ("disk", "type=network", "source.protocol="), ("disk", "type=volume", "source.pool="),
      ("disk", "type=block", "source.dev="), ("disk", "type=nvme", "source.namespace="),
      ("disk", "type=vhostuser", "source.path="), ("disk", "path=/srv/x.img", "format=qcow2"),
      ("disk", "path=/srv/x.vhdx", "format="),
      ("interface", "type=bridge", "source.bridge="), ("interface", "type=direct", "source.dev="),
      ("interface", "type=hostdev", "source=PCI-ADDRESS"),
      ("interface", "type=vhostuser,source=/run/x", "source.mode="),
    ])
  func asked(_ kind: String, _ words: String, _ needed: String) throws {
    let devices = "\n    \(Self.disks[0].element)\n    \(Self.interfaces[6].element)\n  "
    let definition = try DomainDefinition(Array(RuleExample.definition([.devices: devices]).utf8))
    var changes = GuestChanges()
    changes.words = [try WordChange(.edit, kind, parts: words)]
    #expect {
      try definition.patch(changes)
    } throws: {
      "\($0)".contains(needed)
    }
  }

  @Test("Another image of a cluster keeps its hosts and secret, and loses its snapshot")
  func image() throws {
    let devices = "\n    \(Self.disks[2].element)\n  "
    let definition = try DomainDefinition(Array(RuleExample.definition([.devices: devices]).utf8))
    var changes = GuestChanges()
    changes.words = [try WordChange(.edit, "disk", parts: "source.name=pool/other")]
    let text = String(decoding: try definition.patch(changes).bytes, as: UTF8.self)
    #expect(text.contains("<host name='trace-mon' port='6321'/>"))
    #expect(text.contains("<auth username='trace'>"))
    #expect(text.contains("name='pool/other'"))
    #expect(!text.contains("snapshot"))
  }
}
