import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("What a guest has, in words")
struct InspectionTests {
  private func inspection(_ devices: String, cpu: String = "") throws -> Inspection {
    let text = RuleExample.definition([.devices: devices, .cpu: cpu])
    return Inspection(of: try DomainDefinition(Array(text.utf8)))
  }

  @Test("Every section and device of libvirt's definitions has a line, which changes nothing there")
  func corpus() throws {
    var lines = 0
    var incomplete = 0
    for sample in Corpus.libvirt.enumerated().filter({ $0.offset % 4 == 1 }).map(\.element) {
      guard let definition = try? DomainDefinition(sample.bytes) else { continue }
      let words = GuestWords.all(of: definition)
      let elements =
        definition.domain.children.filter {
          $0.namespace == nil && !["devices", "metadata"].contains($0.localName)
        } + definition.domain.children("devices").flatMap(\.children)
      #expect(words.count >= elements.count, "\(sample.name)")
      for line in words {
        lines += 1
        if !line.isComplete { incomplete += 1 }
        guard !line.values.isEmpty, line.kind != "qemu-commandline" else { continue }
        // Where the cells say another amount, that is the memory, and <memory> said again changes them.
        let cells = definition.domain.memoryOfCells
        if line.kind == "memory", cells != nil,
          cells?.inKibibytes != definition.domain.child("memory")?.memorySize?.inKibibytes
        {
          continue
        }
        var changes = GuestChanges()
        changes.words = [try WordChange(.edit, line.text)]
        do {
          let edits = try definition.edits(for: changes)
          #expect(edits.isEmpty, "\(sample.name): \(line.text)")
        } catch {
          Issue.record("\(sample.name): \(line.text): \(error)")
        }
      }
    }
    print("inspect: \(lines) lines, \(incomplete) with more than words say")
    #expect(lines > 1000 && incomplete * 50 < lines)
  }

  @Test(
    "Disks of every type have a source",
    arguments: [
      ("<disk type='network'><source protocol='rbd' name='pool/a'/></disk>", "rbd pool/a"),
      ("<disk type='network'><source protocol='iscsi' name='iqn.a/1'/></disk>", "iscsi iqn.a/1"),
      (
        "<disk type='nvme'><source type='pci' namespace='1'><address domain='0x0000' bus='0x01' "
          + "slot='0x00' function='0x0'/></source></disk>", "nvme 0000:01:00.0"
      ),
      (
        "<disk type='vhostuser'><source type='unix' path='/tmp/a.sock'/></disk>",
        "vhostuser /tmp/a.sock"
      ),
      ("<disk type='dir'><source dir='/srv'/></disk>", "dir /srv"),
      ("<disk type='file' device='cdrom'><target dev='sda'/></disk>", nil),
    ] as [(String, String?)])
  func disks(text: String, source: String?) throws {
    #expect(try inspection(text).guest.disks.first?.source?.description == source)
  }

  @Test(
    "Interfaces of every type have one, too",
    arguments: [
      ("<interface type='ethernet'><target dev='tap3'/></interface>", "ethernet", "tap3"),
      (
        "<interface type='hostdev'><source><address type='pci' domain='0x0035' bus='0x03' "
          + "slot='0x00' function='0x0'/></source></interface>", "hostdev", "0035:03:00.0"
      ),
      (
        "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", "vdpa",
        "/dev/vhost-vdpa-0"
      ),
      (
        "<interface type='vhostuser'><source type='unix' path='/a.sock'/></interface>",
        "vhostuser", "/a.sock"
      ),
    ])
  func interfaces(text: String, type: String, name: String) throws {
    #expect(
      try inspection(text).guest.interfaces.first?.source == .other(type: type, name: name))
  }

  @Test("With NUMA cells the memory is their sum, as libvirt takes it")
  func cells() throws {
    let cells = """
      <cpu><numa><cell id='0' cpus='0' memory='1024' unit='MiB'/><cell id='1' cpus='1' \
      memory='524288'/></numa></cpu>
      """
    #expect(try inspection("", cpu: cells).guest.memory?.bytes == 1536 << 20)
  }

  @Test("Text and JSON show a device in the words that change it")
  func text() throws {
    let tpm = "<tpm model='tpm-spapr'><backend type='emulator' version='2.0'/></tpm>"
    let all = try inspection(tpm + "<interface type='bridge'><source bridge='a,b'/></interface>")
    let text = all.text()
    #expect(text.contains("  tpm,model=tpm-spapr,type=emulator,version=2.0\n"), "\(text)")
    #expect(text.contains("  network,bridge=a,,b\n"), "\(text)")
    let json = JSONWriter.text(of: all.json(file: "a"))
    #expect(json.contains("\"text\": \"network,bridge=a,,b\""), "\(json)")
  }

  @Test("A guest that cannot start is not called on, and what is empty is no CPU")
  func notOn() throws {
    let parts = [
      "<disk device='cdrom'><source file='/a'/><target dev='hda' bus='ide'/></disk>",
      "<channel type='spicevmc'><target type='virtio' name='a'/></channel>",
      "<rng model=' virtio'><backend model='random'>/dev/urandom</backend></rng>",
    ]
    for part in parts {
      let text = RuleExample.definition([.devices: part])
      let inspection = Inspection(of: try DomainDefinition(Array(text.utf8)))
      #expect(inspection.effective.hasPrefix("the guest does not start: "), "\(part)")
    }
    for cpu in ["<cpu mode='host-model'><model> </model></cpu>", "<cpu mode=''><model/></cpu>"] {
      let text = RuleExample.definition([.cpu: cpu, .features: ""])
      var nested = GuestChanges()
      nested.nesting = NestingChange(.on, mechanism: .feature)
      #expect(throws: Never.self, "\(cpu)") {
        try DomainDefinition(Array(text.utf8)).patch(nested)
      }
    }
  }
}
