import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// Options of `create` that libvirt has to agree with: it takes what they make, and prints it so
/// that the same guest is read from it.
@Suite("libvirt takes what the options make", .needs("virsh", "qemu-system-ppc64"))
struct OptionTests {
  /// Options as a shell splits them at spaces (`~` stands for one), and what libvirt then prints.
  private static let cases: [(options: String, prints: [String])] = [
    (
      "--uuid 7D4A0D0E-0000-4000-9000-0000000000AB",
      ["<uuid>7d4a0d0e-0000-4000-9000-0000000000ab</uuid>"]
    ),
    ("--memory 3G", ["<memory unit='KiB'>3145728<", "<currentMemory unit='KiB'>3145728<"]),
    (
      "--memory memory=4096,currentMemory=2048",
      ["<memory unit='KiB'>4194304<", "<currentMemory unit='KiB'>2097152<"]
    ),
    ("--vcpus 6,sockets=1,cores=6,threads=1", ["'>6</vcpu>", "cores='6' threads='1'"]),
    (
      "--vcpus 2,maxvcpus=8,sockets=2,cores=4,threads=1",
      ["current='2'>8</vcpu>", "sockets='2' dies='1' cores='4' threads='1'"]
    ),
    ("--cpu POWER10", [">POWER10</model>"]),
    ("--emulator /usr/bin/qemu-system-ppc64", ["<emulator>/usr/bin/qemu-system-ppc64</emulator>"]),
    (
      "--boot cdrom,hd,network",
      ["<boot dev='cdrom'/>\n    <boot dev='hd'/>\n    <boot dev='network'/>"]
    ),
    (
      "--boot kernel=/boot/vmlinux,initrd=/boot/initrd,kernel_args=console=hvc0~a=b&<>\"'",
      [
        "<kernel>/boot/vmlinux</kernel>", "<initrd>/boot/initrd</initrd>",
        "<cmdline>console=hvc0 a=b&amp;&lt;&gt;",
      ]
    ),
    ("--console log.file=/var/log/a~b.log", ["<log file='/var/log/a b.log'"]),
    (
      "--console pty,log.file=/var/log/a.log,log.append=off",
      ["<log file='/var/log/a.log' append='off'/>"]
    ),
    ("--hugepages", ["<hugepages/>"]),
    ("--hugepage-size 16M", ["<page size='16384' unit='KiB'/>"]),
    ("--hugepage-size 1G", ["<page size='1048576' unit='KiB'/>"]),
    (
      "--disk /var/lib/a.qcow2",
      ["<driver name='qemu' type='qcow2'/>\n      <source file='/var/lib/a.qcow2'/>"]
    ),
    (
      "--disk /var/lib/a.raw",
      ["<driver name='qemu' type='raw'/>\n      <source file='/var/lib/a.raw'/>"]
    ),
    (
      "--disk path=/a.img,format=qcow2,bus=scsi,cache=none,io=native,discard=unmap",
      [
        "<driver name='qemu' type='qcow2' cache='none' io='native' discard='unmap'/>",
        "<target dev='sda' bus='scsi'/>",
      ]
    ),
    (
      "--disk path=/dev/vg/a,type=block,serial=abc-1",
      ["<disk type='block'", "type='raw'/>", "<source dev='/dev/vg/a'/>", "<serial>abc-1</serial>"]
    ),
    ("--disk /dev/vg/b", ["<disk type='block'", "type='raw'/>", "<source dev='/dev/vg/b'/>"]),
    (
      "--disk vol=default/a.qcow2,format=qcow2",
      ["<disk type='volume'", "<source pool='default' volume='a.qcow2'/>", "type='qcow2'/>"]
    ),
    ("--disk path=/a.iso,device=cdrom", ["device='cdrom'", "bus='scsi'/>", "<readonly/>"]),
    ("--disk device=cdrom", ["device='cdrom'", "bus='scsi'/>", "<readonly/>"]),
    (
      "--disk /a.qcow2 --disk device=cdrom,bus=scsi,path=/b.iso",
      ["<target dev='vda' bus='virtio'/>", "<target dev='sda' bus='scsi'/>"]
    ),
    ("--disk path=/a.qcow2,readonly=on", ["<readonly/>"]),
    ("--disk path=/a.raw,target=vdq", ["type='raw'/>", "<target dev='vdq' bus='virtio'/>"]),
    (
      "--disk path=/dev/a,device=lun,type=block,bus=scsi",
      ["<disk type='block' device='lun'>", "type='raw'/>", "<target dev='sda' bus='scsi'/>"]
    ),
    (
      "--disk path=/a.raw,bus=scsi --disk /a~b,,c.qcow2 --disk /d'e&f\"<.raw",
      ["<source file='/a b,c.qcow2'/>", "<source file='/d&apos;e&amp;f&quot;&lt;.raw'/>"]
    ),
    ("--seed /var/lib/seed.iso", ["device='cdrom'", "<source file='/var/lib/seed.iso'/>"]),
    ("--network network=default", ["<source network='default'/>", "<model type='virtio'/>"]),
    ("--network user", ["<interface type='user'>", "<model type='virtio'/>"]),
    (
      "--network bridge=br0,mac=52:54:00:AA:BB:CC,model=e1000",
      [
        "<interface type='bridge'>", "<mac address='52:54:00:aa:bb:cc'/>",
        "<source bridge='br0'/>", "<model type='e1000'/>",
      ]
    ),
    ("--network type=direct,source=eno1", ["<source dev='eno1' mode='vepa'/>"]),
    (
      "--network type=direct,source=eno1,source.mode=bridge,target=mv7",
      ["<source dev='eno1' mode='bridge'/>", "<target dev='mv7'/>"]
    ),
    (
      "--network default,target=net7 --network bridge=br0 --network user",
      ["<target dev='net7'/>", "<source bridge='br0'/>", "<interface type='user'>"]
    ),
    (
      "--feature cfpc=broken --feature sbbc=workaround --feature ibs=fixed-na",
      ["<cfpc value='broken'/>", "<sbbc value='workaround'/>", "<ibs value='fixed-na'/>"]
    ),
    (
      "--feature cfpc=fixed --feature sbbc=fixed --feature ibs=fixed-ibs",
      ["<cfpc value='fixed'/>", "<sbbc value='fixed'/>", "<ibs value='fixed-ibs'/>"]
    ),
    (
      "--feature ibs=fixed-ccd --feature ccf-assist=off --feature htm=off",
      ["<ibs value='fixed-ccd'/>", "<ccf-assist state='off'/>", "<htm state='off'/>"]
    ),
    (
      "--feature ccf-assist=on --feature htm=off --feature hpt=disabled",
      ["<ccf-assist state='on'/>", "<htm state='off'/>", "<hpt resizing='disabled'/>"]
    ),
    ("--feature hpt=enabled", ["<hpt resizing='enabled'/>"]),
    ("--feature hpt=required", ["<hpt resizing='required'/>"]),
    (
      "--feature large-decr=off --mechanism commandline",
      ["<qemu:arg value='cap-large-decr=off'/>", "<qemu:arg value='cap-nested-hv=true'/>"]
    ),
    ("--feature large-decr=on --no-nested", ["<qemu:arg value='cap-large-decr=on'/>"]),
    (
      "--name kata-~'quoted'~\"&<>,é --identity site",
      ["<name>kata- &apos;quoted&apos; &quot;&amp;&lt;&gt;,é<"]
    ),
  ]

  @Test("and prints the guest that was asked for")
  func options() async throws {
    let virsh = try Virsh()
    var made: [[UInt8]] = []
    var commands: [String] = []
    for (index, (options, _)) in Self.cases.enumerated() {
      let words = options.split(separator: " ").map { String($0.replacing("~", with: " ")) }
      var arguments = ["create", "fedora", "--emulated", "-q", "--machine", "pseries-6.2"] + words
      if !words.contains("--name") { arguments += ["--name", "kata-\(index)"] }
      let run = try await VirtNestBinary.run(arguments)
      try #require(run.succeeded, "\(options): \(run.errorText)")
      made.append(run.output)
      let name = try #require(Guest(reading: try DomainDefinition(run.output)).name).quoted
      let file = try virsh.file("\(index).xml", run.output).quoted
      commands += ["define --validate \(file)", "dumpxml --inactive \(name)", "undefine \(name)"]
    }
    let answers = try await virsh.answers(to: commands)
    for (index, (options, prints)) in Self.cases.enumerated() {
      let define = answers[3 * index]
      guard define.succeeded else {
        Issue.record("\(options): \(define.report)")
        continue
      }
      let text = answers[3 * index + 1].output
      for part in prints { #expect(text.contains(part), "\(options): \(text)") }
      let printed = Array(text.utf8)
      var asked = Guest(reading: try DomainDefinition(made[index]))
      var read = Guest(reading: try DomainDefinition(printed))
      complete(&asked, as: &read)
      #expect(asked == read, "\(options)")
      #expect(
        NestingFacts(of: try DomainDefinition(made[index])).effective
          == NestingFacts(of: try DomainDefinition(printed)).effective, "\(options)")
    }
  }

  /// Says of the guest what libvirt says where nothing is asked for.
  private func complete(_ asked: inout Guest, as read: inout Guest) {
    asked.currentMemory = asked.currentMemory ?? asked.memory
    asked.emulator = asked.emulator ?? read.emulator
    for index in asked.disks.indices where asked.disks[index].format == nil {
      asked.disks[index].format = "raw"
    }
    for index in asked.interfaces.indices {
      if case .direct(let device, nil)? = asked.interfaces[index].source {
        asked.interfaces[index].source = .direct(device: device, mode: "vepa")
      }
    }
    if asked.vcpus?.topology?.dies == nil { read.vcpus?.topology?.dies = nil }
  }
}
