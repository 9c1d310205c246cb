import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("Changes in words")
struct WordTests {
  static let guest = RuleExample.definition([
    .devices: """

        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2' cache='none'/>
          <source file='/a.qcow2'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        <disk type='file' device='cdrom'>
          <driver name='qemu' type='raw'/>
          <source file='/a.iso'/>
          <target dev='sda' bus='scsi'/>
          <readonly/>
        </disk>
        <controller type='usb' model='none'/>
        <controller type='scsi' index='0' model='virtio-scsi'/>
        <interface type='network'>
          <mac address='52:54:00:aa:bb:cc'/>
          <source network='default'/>
          <model type='virtio'/>
        </interface>
      \u{20}
    """
  ])

  static func patch(_ changes: [(WordChange.Verb, String)]) throws -> Patch {
    try patch(guest, changes)
  }

  static func patch(
    _ text: String, _ changes: [(WordChange.Verb, String)], force: Bool = false
  ) throws -> Patch {
    var all = GuestChanges()
    all.force = force
    all.words = try changes.map { try WordChange($0.0, $0.1) }
    return try DomainDefinition(Array(text.utf8)).patch(all)
  }

  /// The lines that are in the one and not in the other.
  static func lines(_ patch: Patch) -> (gone: [String], new: [String]) {
    let split = { (bytes: [UInt8]) in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
        String(line).trimmingSpaces
      }
    }
    let (old, new) = (split(patch.definition.document.bytes), split(patch.bytes))
    let difference = new.difference(from: old)
    let text = { (change: CollectionDifference<String>.Change) in
      switch change {
      case .insert(_, let text, _), .remove(_, let text, _): text
      }
    }
    return (difference.removals.map(text), difference.insertions.map(text))
  }

  @Test("A system is named in a namespace that is bound, also where there is no <metadata> yet")
  func system() throws {
    let id = "http://fedoraproject.org/fedora/43"
    let patch = try Self.patch(
      "<domain><name>a</name></domain>", [(.edit, "metadata,os_full_id=\(id)")])
    #expect(Guest(reading: patch.result).osinfoID == id)
  }

  @Test(
    "What an option about the guest refuses, the word refuses too",
    arguments: [
      ("boot", "foo", "the devices are"), ("boot", "hd,hd", "each once"),
      ("boot", "kernel=vmlinux", "absolute"), ("boot", "", "no value"), ("memory", ",", "memory"),
      ("memory", "4G,memory=5G", "twice"), ("vcpus", "x", "a number"),
    ])
  func options(kind: String, value: String, reason: String) throws {
    let error = #expect(throws: InvalidValue.self) {
      var guest = Guest()
      _ = try WordChange.option(kind, value, of: &guest)
    }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    guard !value.isEmpty else { return }
    #expect(throws: (any Error).self) { try Self.patch([(.edit, "\(kind),\(value)")]) }
  }

  @Test("One command with many changes, in the order given")
  func many() throws {
    let changes: [(WordChange.Verb, String)] = [
      (.edit, "disk:vda,cache=writeback,driver.iothread=2"), (.add, "hostdev,0035:03:00.0"),
      (.edit, "cputune,vcpupin0.vcpu=0,vcpupin0.cpuset=8-15,17"),
      (.edit, "interface:52:54:00:AA:BB:CC,model=e1000"), (.edit, "clock,offset=localtime"),
      (.edit, "metadata,title='build host'"), (.edit, "iothreads=2"),
    ]
    let patch = try Self.patch(changes)
    let (gone, new) = Self.lines(patch)
    #expect(
      gone == [
        "<driver name='qemu' type='qcow2' cache='none'/>", "<model type='virtio'/>",
      ])
    #expect(
      new == [
        "<title>build host</title>", "<iothreads>2</iothreads>", "<cputune>",
        "<vcpupin vcpu='0' cpuset='8-15,17'/>", "</cputune>", "<clock offset='localtime'/>",
        "<driver name='qemu' type='qcow2' cache='writeback' iothread='2'/>",
        "<model type='e1000'/>", "<hostdev mode='subsystem' type='pci' managed='yes'>",
        "<source>", "<address domain='0x0035' bus='0x03' slot='0x00' function='0x0'/>",
        "</source>", "</hostdev>",
      ])
    let again = try Self.patch(String(decoding: patch.bytes, as: UTF8.self), changes)
    #expect(again.isEmpty)
  }

  @Test(
    "What described the old source goes with it",
    arguments: [
      ("disk:vda,path=/srv/fresh.qcow2", ["backingStore", "auth", "startupPolicy"], "qcow2"),
      (
        "disk:vda,path=/dev/vg0/x", ["backingStore", "auth", "startupPolicy", "type='file'"], "raw"
      ),
      ("disk:vda,vol=default/x.qcow2", ["backingStore", "/srv/snap1"], "qcow2"),
      ("disk:vda,path=/srv/x.QCOW2", ["backingStore"], "qcow2"),
    ])
  func sourceBound(change: String, gone: [String], format: String) throws {
    let chain = """
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>\
      <auth username='x'><secret type='ceph' usage='u'/></auth>\
      <source file='/srv/snap1.qcow2' startupPolicy='optional'/><backingStore type='file'>\
      <format type='qcow2'/><source file='/srv/golden.qcow2'/><backingStore/></backingStore>\
      <target dev='vda' bus='virtio'/></disk>
      """
    let text = RuleExample.definition([.devices: "<controller type='usb' model='none'/>" + chain])
    let patch = try Self.patch(text, [(.edit, change)])
    let result = String(decoding: patch.bytes, as: UTF8.self)
    for part in gone { #expect(!result.contains(part), "\(result)") }
    #expect(result.contains("type='\(format)'"))
    #expect(try Self.patch(result, [(.edit, change)]).isEmpty)
    let same = try Self.patch(text, [(.edit, "disk:vda,path=/srv/snap1.qcow2")])
    #expect(same.isEmpty)
  }

  @Test("An interface of the host becomes one of a bridge, with nothing left of the old")
  func interfaceSource() throws {
    let interface = """
      <interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/><source>\
      <address type='pci' domain='0x0000' bus='0x00' slot='0x07' function='0x0'/></source>\
      <virtualport type='802.1Qbh'><parameters profileid='x'/></virtualport></interface>
      """
    let text = RuleExample.definition([.devices: interface])
    let patch = try Self.patch(text, [(.edit, "interface:1,bridge=br9")])
    let result = String(decoding: patch.bytes, as: UTF8.self)
    #expect(
      result.contains(
        "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br9'></source></interface>"
      ), "\(result)")
  }

  @Test("KEY= removes the key, and what has nothing left")
  func removedKey() throws {
    let (gone, new) = Self.lines(try Self.patch([(.edit, "disk:vda,cache=")]))
    #expect(gone == ["<driver name='qemu' type='qcow2' cache='none'/>"])
    #expect(new == ["<driver name='qemu' type='qcow2'/>"])
    let ejected = Self.lines(try Self.patch([(.edit, "disk:sda,path=")]))
    #expect(ejected.gone == ["<source file='/a.iso'/>"] && ejected.new.isEmpty)
    #expect(try Self.patch([(.edit, "disk:vda,serial=")]).isEmpty)
  }

  @Test(
    "What does not fit is refused with what does",
    arguments: [
      (.edit, "disk:vdq,cache=none", "the guest has disk vda, sda"),
      (.edit, "disk:vda,cach=none", "cache"),
      (.edit, "disk:vda,cache=nonne", "the values are none"),
      (.edit, "dsk:vda,cache=none", "did you mean disk"),
      (.remove, "disk", "it fits 2: vda, sda"), (.remove, "sound", "the guest has no sound"),
      (.remove, "disk:1", "a number picks another device"),
      (.add, "disk,path=/a", "add format="), (.add, "disk,path=a.raw", "absolute paths only"),
      (.add, "network,br0", "network=br0 or bridge=br0"),
      (.add, "disk,path=/b.raw,target=vda", "is already used"),
      (.edit, "disk:vda,bus=ide", "IDE controllers are unsupported"),
    ] as [(WordChange.Verb, String, String)])
  func refused(verb: WordChange.Verb, text: String, reason: String) throws {
    var said = ""
    do { _ = try Self.patch([(verb, text)]) } catch { said = "\(error)" }
    #expect(said.contains(reason), "\(text): \(said)")
  }

  @Test("An equal device is not added again; two equal ones are two")
  func idempotent() throws {
    let once = try Self.patch([(.add, "rng,/dev/random"), (.add, "rng,/dev/random")])
    let text = String(decoding: once.bytes, as: UTF8.self)
    #expect(text.components("<rng") == 2)
    #expect(try Self.patch(text, [(.add, "rng,/dev/random")]).isEmpty)
    #expect(try !Self.patch([(.add, "sound,ac97")]).isEmpty)
  }

  @Test("What hangs on a device comes with it")
  func brought() throws {
    let graphics = try Self.patch([(.add, "graphics,vnc")])
    #expect(Self.lines(graphics).gone == ["<controller type='usb' model='none'/>"])
    let bare = RuleExample.definition()
    let disk = try Self.patch(bare, [(.add, "disk,path=/b.raw,bus=scsi")])
    let result = String(decoding: disk.bytes, as: UTF8.self)
    #expect(result.contains("<controller type='scsi' index='0' model='virtio-scsi'/>"))
    let moved = try Self.patch(
      bare.replacing(
        "</devices>",
        with:
          "<disk type='file'><source file='/b.raw'/><target dev='vda' bus='virtio'/></disk></devices>"
      ),
      [(.edit, "disk:vda,bus=scsi")])
    #expect(
      String(decoding: moved.bytes, as: UTF8.self)
        .contains("<controller type='scsi' index='0' model='virtio-scsi'/>"))
    let network = try Self.patch([(.add, "network,bridge=br0")])
    let mac = GuestIdentity(name: "kata-x").macAddress(ofInterface: 1)
    #expect(String(decoding: network.bytes, as: UTF8.self).contains(mac.description))
  }

  @Test("A definition with nothing but the change differs in nothing but the change")
  func corpus() throws {
    let changes: [(WordChange.Verb, String)] = [
      (.edit, "metadata,title=a"), (.edit, "clock,offset=utc"), (.add, "watchdog,i6300esb"),
      (.edit, "cputune,shares=7"), (.add, "disk,path=/words.raw,target=vdzz"),
      (.edit, "memorybacking,locked=on"), (.add, "vsock,7"),
      (.edit, "pm,suspend-to-mem.enabled=no"),
      (.edit, "iothreads=3"), (.add, "channel,spicevmc,target.name=words"),
    ]
    var tried = 0
    for sample in Corpus.libvirt {
      guard let definition = try? DomainDefinition(sample.bytes) else { continue }
      for change in changes {
        var all = GuestChanges()
        all.force = true
        all.words = [try WordChange(change.0, change.1)]
        let patch: Patch
        do throws(VirtNestError) { patch = try definition.patch(all) } catch {
          #expect(error.diagnostics.allSatisfy { $0.code != "defect" }, "\(sample.name): \(error)")
          continue
        }
        tried += 1
        #expect(patch.edits.applied(to: sample.bytes) == patch.bytes)
        #expect(try patch.result.patch(all).isEmpty, "\(sample.name): \(change.1)")
      }
    }
    print("words: \(tried) changes of \(Corpus.libvirt.count) definitions")
    #expect(tried > 10 * Corpus.libvirt.count / 2)
  }

  @Test(
    "What fits only beside the old value goes with it, unless it is asked for",
    arguments: [
      (
        "<target dev='vda' bus='virtio'/>",
        "<target dev='vda' bus='virtio'/><address type='pci' bus='0' slot='5'/>",
        "disk,bus=scsi", ["<address type='pci'"], ["bus='scsi'"]
      ),
      (
        "cache='none'/>", "cache='none' queues='4' iothread='1' packed='on'/>", "disk,bus=scsi",
        ["queues=", "iothread=", "packed="], ["cache='none'"]
      ),
      (
        "<target dev='sda' bus='scsi'/>",
        "<target dev='sda' bus='scsi' rotation_rate='1'/><vendor>A</vendor><wwn>50014ee2b6c7a001</wwn>",
        "disk:2,bus=virtio,device=disk", ["rotation_rate=", "<vendor>", "<wwn>"], []
      ),
      (
        "cache='none'/>",
        "cache='none'><metadata_cache><max_size unit='bytes'>1</max_size></metadata_cache></driver>",
        "disk,path=/srv/b.raw", ["metadata_cache"], ["type='raw'"]
      ),
      (
        "<model type='virtio'/>",
        "<model type='virtio'/><driver name='vhost' iommu='on'/>", "interface,model=e1000",
        ["iommu="], ["name='vhost'"]
      ),
      (
        "</interface>",
        "</interface><graphics type='vnc' port='-1' sharePolicy='ignore' websocket='5700'/>",
        "graphics,type=spice", ["sharePolicy", "websocket"], ["port='-1'"]
      ),
      (
        "</interface>", "</interface><video><model type='qxl' ram='65536' vgamem='1'/></video>",
        "video,model=virtio", ["ram=", "vgamem="], []
      ),
      (
        "</interface>",
        """
        </interface><hostdev mode='subsystem' type='usb'><source startupPolicy='optional'>\
        <vendor id='0x1234'/><product id='0x5678'/></source><address type='usb' bus='0' port='1'/>\
        </hostdev>
        """,
        "hostdev,type=pci,source.address.domain=0x35,source.address.bus=3,source.address.slot=0,source.address.function=0",
        ["startupPolicy", "<vendor", "<address type='usb'"], ["domain='0x35'"]
      ),
    ])
  func misfits(
    _ old: String, _ with: String, _ words: String, _ gone: [String], _ kept: [String]
  ) throws {
    let before = Self.guest.replacing(old, with: with)
    let patch = try Self.patch(before, [(.edit, words)])
    let text = String(decoding: patch.bytes, as: UTF8.self)
    for part in gone { #expect(before.contains(part) && !text.contains(part), "\(words): \(text)") }
    for part in kept { #expect(text.contains(part), "\(words): \(text)") }
    #expect(try Self.patch(text, [(.edit, words)]).isEmpty)
  }

  @Test(
    "What says by text or by children what it is says it by one of them",
    arguments: [
      (
        "boot,nvram.source.file=/b", "<nvram>/a</nvram>",
        "<nvram type='file'><source file='/b'/></nvram>"
      ),
      (
        "boot,nvram=/a", "<nvram type='file'><source file='/b'/></nvram>", "<nvram>/a</nvram>"
      ),
      ("boot,nvram.template=/t", "<nvram>/a</nvram>", "<nvram template='/t'>/a</nvram>"),
    ])
  func textOrChildren(_ words: String, _ before: String, _ after: String) throws {
    let guest = Self.guest.replacing("</os>", with: before + "</os>")
    let patch = try Self.patch(guest, [(.edit, words)], force: true)
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.contains(after), "\(text)")
    #expect(throws: InvalidValue.self) {
      try Self.patch(guest, [(.edit, "boot,nvram=/a,nvram.source.file=/b")], force: true)
    }
  }

  @Test(
    "A generator of random numbers behind a socket says nothing of its file, and the other way round"
  )
  func backends() throws {
    let file = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    let guest = Self.guest.replacing("</devices>", with: file + "</devices>")
    let socket = try Self.patch(guest, [(.edit, "rng,backend.source.host=h")], force: true)
    let text = String(decoding: socket.bytes, as: UTF8.self)
    #expect(text.contains("<backend model='egd'>") && !text.contains("/dev/urandom"), "\(text)")
    let back = try Self.patch(text, [(.edit, "rng,backend=/dev/urandom")], force: true)
    #expect(String(decoding: back.bytes, as: UTF8.self).contains("<backend model='random'>/dev/ur"))
    #expect(!String(decoding: back.bytes, as: UTF8.self).contains("host='h'"))
  }

  @Test(
    "Of two changes of one place the later counts, at the second run, too",
    arguments: [
      ["disk:vda,cache=none", "disk:vda,cache=writeback"],
      ["disk:all,cache=none", "disk:vda,cache=writeback"],
    ])
  func later(_ words: [String]) throws {
    let changes = words.map { (WordChange.Verb.edit, $0) }
    let once = try Self.patch(changes)
    let text = String(decoding: once.bytes, as: UTF8.self)
    #expect(text.contains("cache='writeback'"), "\(text)")
    #expect(try Self.patch(text, changes).isEmpty)
  }

  @Test("A device brings the I/O threads that it is given, unless a word says how many there are")
  func threads() throws {
    let one: [(WordChange.Verb, String)] = [(.edit, "disk:vda,driver.iothread=2")]
    let once = try Self.patch(one)
    let text = String(decoding: once.bytes, as: UTF8.self)
    #expect(text.contains("<iothreads>2</iothreads>"), "\(text)")
    #expect(once.diagnostics.contains { $0.message.contains("<iothreads> is now 2") })
    #expect(try Self.patch(text, one).isEmpty)
    let more = try Self.patch(one + [(.edit, "iothreads=4")])
    #expect(String(decoding: more.bytes, as: UTF8.self).contains("<iothreads>4</iothreads>"))
    #expect(throws: VirtNestError.self) { try Self.patch([(.edit, "disk:vda,driver.iothread=99")]) }
  }

  @Test("A name in words is the guest's: its identity follows, and two of them are refused")
  func nameInWords() throws {
    for words in ["name,kata-b", "metadata,name=kata-b"] {
      var changes = GuestChanges()
      changes.words = [try WordChange(.edit, words)]
      changes.identity = GuestChanges.Identity()
      let once = try DomainDefinition(Array(Self.guest.utf8)).patch(changes)
      #expect(Guest(reading: once.result).uuid == GuestIdentity(name: "kata-b").uuid)
      #expect(try once.result.patch(changes).isEmpty)
      changes.guest.name = "kata-c"
      #expect(throws: VirtNestError.self) { try once.result.patch(changes) }
    }
  }

  @Test("What empties QEMU's passed-through command line goes with nothing that fills it")
  func emptiedAndFilled() throws {
    let clear = try WordChange(passthrough: "clearxml=yes")
    for empties in [clear, try WordChange(.remove, "qemu-commandline:all")] {
      var changes = GuestChanges()
      changes.words = [empties, try WordChange(passthrough: "-serial mon:stdio")]
      #expect(throws: VirtNestError.self) {
        try DomainDefinition(Array(Self.guest.utf8)).patch(changes)
      }
    }
  }

  @Test("A guest made to run under TCG keeps no emulator, however many it has")
  func emulators() throws {
    let emulator = "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
    let guest = Self.guest.replacing("<devices>", with: "<devices>" + emulator + emulator)
    var changes = GuestChanges()
    changes.emulated = true
    let patch = try DomainDefinition(Array(guest.utf8)).patch(changes)
    #expect(!String(decoding: patch.bytes, as: UTF8.self).contains("<emulator>"))
    #expect(try patch.result.patch(changes).isEmpty)
  }

  @Test("What is asked for and does not fit is done, and said")
  func askedMisfit() throws {
    let patch = try Self.patch([(.edit, "disk:sda,driver.queues=4")])
    #expect(String(decoding: patch.bytes, as: UTF8.self).contains("queues='4'"))
    #expect(patch.diagnostics.contains { $0.code == Rule.pairs.code && $0.severity == .warning })
  }

  @Test(
    "What an edit empties goes, and a device stays",
    arguments: [
      ("<os>", "<clock offset='utc'/><os>", "clock,offset=", "<clock"),
      ("<os>", "<pm><suspend-to-mem enabled='no'/></pm><os>", "pm,suspend_to_mem=", "<pm>"),
      (
        "name='qemu' type='qcow2' cache='none'", "name='qemu'", "disk:vda,driver.name=", "<driver/>"
      ),
      ("</interface>", "</interface><console type='pty'/>", "console,type=", "<console type"),
    ])
  func emptied(_ old: String, _ with: String, _ words: String, _ gone: String) throws {
    let patch = try Self.patch(Self.guest.replacing(old, with: with), [(.edit, words)])
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(!patch.isEmpty && !text.contains(gone), "\(text)")
    #expect(text.contains("<console/>") == words.hasPrefix("console"))
    #expect(try Self.patch(text, [(.edit, words)]).isEmpty)
  }

  @Test("A list without its key is virt-install's")
  func lists() throws {
    let patch = try Self.patch([(.edit, "numatune,1-3,5,memory.mode=preferred")])
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.contains("<memory mode='preferred' nodeset='1-3,5'/>"), "\(text)")
  }

  @Test("libosinfo's id is written with its namespace where there is no metadata")
  func libosinfoID() throws {
    let text = Self.guest.replacing(/<metadata>[\s\S]*<\/metadata>/, with: "")
    #expect(!text.contains("libosinfo"))
    let id = "http://fedoraproject.org/fedora/44"
    let patch = try Self.patch(text, [(.edit, "metadata,os_full_id=\(id)")])
    #expect(Guest(reading: patch.result).osinfoID == id)
    #expect(String(decoding: patch.bytes, as: UTF8.self).contains(DomainNamespace.libosinfo))
  }
}
