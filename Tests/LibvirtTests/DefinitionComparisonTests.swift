import Foundation
import TestSupport
import Testing
import VirtNest

/// What `define` says would change, beside what a real libvirt prints of a definition.
@Suite("A definition and libvirt's copy of it", .needs("virsh", "qemu-system-ppc64"))
struct DefinitionComparisonTests {
  /// A definition, and what libvirt printed after it was defined.
  private struct Pair {
    var name: String
    var file: DomainDefinition
    var host: DomainDefinition
  }

  @Test("A definition that was just defined changes nothing", .readsLibvirtCorpus)
  func unchanged() async throws {
    var tried = 0
    for pair in try await Self.pairs() {
      let own = DefinitionComparison(pair.host, with: pair.host)
      #expect(own.isEmpty, "\(pair.name) beside itself")
      tried += 1
      if Self.notKept.contains(where: pair.name.contains) { continue }
      let comparison = DefinitionComparison(pair.file, with: pair.host)
      let difference = UnifiedDiff(
        from: comparison.old, to: comparison.new, oldLabel: pair.name, newLabel: "")
      #expect(comparison.isEmpty, "\(String(decoding: difference.bytes(), as: UTF8.self))")
    }
    #expect(tried >= (Corpus.libvirt.isEmpty ? 10 : 300))
    print("defined and compared: \(tried) definitions")
  }

  @Test("An edit of the file, or of libvirt's copy, is a change", .readsLibvirtCorpus)
  func changed() async throws {
    var tried = 0
    for pair in try await Self.pairs() where !Self.notKept.contains(where: pair.name.contains) {
      for word in Self.words {
        for (file, host) in [(pair.file, pair.host), (pair.host, pair.file)] {
          var changes = GuestChanges()
          changes.words = [word]
          changes.force = true
          // What a guest has not, or has already, is no change.
          guard let edited = try? file.patch(changes), !edited.isEmpty else { continue }
          let comparison =
            file == pair.file
            ? DefinitionComparison(edited.result, with: host)
            : DefinitionComparison(pair.file, with: edited.result)
          #expect(!comparison.isEmpty, "\(pair.name): \(word.verb) \(word.text)")
          tried += 1
        }
      }
    }
    #expect(tried >= (Corpus.libvirt.isEmpty ? 10 : 1000))
    print("edits that were seen as a change: \(tried)")
  }

  @Test("The current memory that libvirt fills in is shown as it will be")
  func currentMemory() throws {
    let definition = { (memory: String) in
      try DomainDefinition(Array("<domain type='kvm'><name>a</name>\(memory)</domain>".utf8))
    }
    let host = try definition(
      "<memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>2097152</currentMemory>")
    let same = DefinitionComparison(try definition("<memory unit='GiB'>2</memory>"), with: host)
    #expect(same.isEmpty)
    let other = DefinitionComparison(try definition("<memory unit='GiB'>3</memory>"), with: host)
    #expect(
      String(decoding: other.new, as: UTF8.self).contains(
        "<currentMemory unit='GiB'>3</currentMemory>"))
  }

  /// Definitions of which libvirt keeps something else than they say, each time they are defined.
  private static let notKept = [
    // Another type of an empty drive, of a serial port, of a random number's source.
    "disk-cdrom-empty-network-invalid", "cdrom-ide-empty-2", "serial-compat", "virtio-rng-multiple",
    // A controller that a device of the host needs.
    "hostdev-scsi-virtio-scsi",
    // What libvirt ignores: duplicates, an unlimited limit, a nodeset beside auto, a bad backend,
    // the elements of other hypervisors.
    "metadata-duplicate", "memtune-unlimited", "numatune-auto-nodeset-invalid",
    "tap-vhost-incorrect", "xml2vmx-datacenterpath",
    // Labels of a run that was.
    "securityselinuxlabeldata__kernel",
  ]

  private static var words: [WordChange] {
    let texts: [(WordChange.Verb, String)] = [
      (.edit, "disk:1,cache=unsafe"), (.edit, "disk:1,driver.type=qed"),
      (.edit, "disk:1,device=lun"), (.edit, "graphics:1,port=5999"), (.edit, "cpu,mode=host-model"),
      (.add, "disk,path=/new.qcow2,target=vdzz,bus=virtio"),
      (.remove, "disk:all"), (.remove, "interface:all"), (.edit, "interface:1,model=e1000"),
      (.remove, "hostdev:all"), (.remove, "channel:all"), (.remove, "rng:all"),
      (.remove, "graphics:all"), (.edit, "metadata,title=another"), (.edit, "cputune,shares=77"),
      (.edit, "numatune,memory.mode=preferred,memory.nodeset=7"), (.remove, "cputune"),
      (.edit, "vcpu=33"), (.edit, "memballoon:1,model=none"), (.add, "sound,model=usb"),
      (.edit, "clock,offset=variable"), (.remove, "memtune"), (.edit, "os,cmdline=other"),
    ]
    return texts.compactMap { try? WordChange($0.0, $0.1) }
  }

  private static func pairs() async throws -> [Pair] {
    let virsh = try Virsh(.qemu)
    var commands: [String] = []
    var files: [(name: String, definition: DomainDefinition)] = []
    let own = Corpus.samples(in: Corpus.checkout.appending(path: "libvirt-xmls"))
    for sample in Corpus.libvirt + own {
      let text = onPSeries(String(decoding: sample.bytes, as: UTF8.self), name: "g\(files.count)")
      guard let definition = try? DomainDefinition(Array(text.utf8)) else { continue }
      commands += [
        "define \(try virsh.file("\(files.count).xml", Array(text.utf8)).quoted)",
        "dumpxml --inactive --security-info g\(files.count)", "undefine --nvram g\(files.count)",
      ]
      files.append((sample.name, definition))
    }
    let answers = try await virsh.answers(to: commands)
    return try files.indices.compactMap { index in
      let (define, dump) = (answers[3 * index], answers[3 * index + 1])
      guard define.succeeded, dump.succeeded else { return nil }
      return Pair(
        name: files[index].name, file: files[index].definition,
        host: try DomainDefinition(Array(dump.output.utf8)))
    }
  }

  /// A definition for any machine as one for a pseries guest under TCG, as far as replacing words
  /// makes it one.
  private static func onPSeries(_ text: String, name: String) -> String {
    var text = text.replacing(/(<domain[^>]*type=)['"]\w+['"]/) { "\($0.1)'qemu'" }
    let isPower = text.contains("pseries")
    text.replace(
      /<type[^>]*>hvm<\/type>/, with: "<type arch='ppc64le' machine='pseries'>hvm</type>")
    text.replace(/<name>[^<]*<\/name>/, with: "<name>\(name)</name>", maxReplacements: 1)
    text.replace(/<uuid>[^<]*<\/uuid>/, with: "", maxReplacements: 1)
    text.replace(/<emulator>[^<]*<\/emulator>/, with: "")
    if !isPower {
      text.replace(/<features>[\s\S]*?<\/features>/, with: "")
      text.replace(/<cpu [\s\S]*?<\/cpu>|<cpu [^>]*\/>/, with: "")
    }
    text.replace(/bus=['"](ide|sata|fdc)['"]/, with: "bus='scsi'")
    text.replace("dev='hda'", with: "dev='sda'")
    text.replace("dev='hdc'", with: "dev='sdc'")
    text.replace(/<address type='(drive|pci|ide)'[^>]*\/>/, with: "")
    text.replace(/<controller type='(pci|usb|ide)'[^>]*[^\/]>[\s\S]*?<\/controller>/, with: "")
    text.replace(/<controller type='(pci|usb|ide)'[^>]*\/>/, with: "")
    text.replace(/<input type='\w+' bus='ps2'\/>/, with: "")
    return text
  }
}
