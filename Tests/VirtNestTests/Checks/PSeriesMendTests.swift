import TestSupport
import Testing
import VirtNest

@Suite("A guest of a PC is made one of pseries")
struct PSeriesMendTests {
  private static let pc = #"""
    <domain type='kvm'>
      <name>web</name>
      <memory unit='GiB'>4</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
        <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
        <nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
        <boot dev='hd'/>
        <smbios mode='sysinfo'/>
      </os>
      <features>
        <acpi/>
        <apic/>
        <hyperv mode='custom'><relaxed state='on'/></hyperv>
        <kvm><hidden state='on'/></kvm>
        <vmport state='off'/>
        <smm state='on'/>
      </features>
      <cpu mode='custom' match='exact' check='partial'><model fallback='allow'>Skylake-Server</model><feature policy='require' name='vmx'/></cpu>
      <clock offset='utc'>
        <timer name='rtc' tickpolicy='catchup'/>
        <timer name='pit' tickpolicy='delay'/>
        <timer name='hpet' present='no'/>
        <timer name='hypervclock' present='yes'/>
      </clock>
      <devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source file='/srv/web.qcow2'/>
          <target dev='vda' bus='virtio'/>
          <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
        </disk>
        <disk type='file' device='cdrom'>
          <target dev='hda' bus='ide'/>
          <readonly/>
          <address type='drive' controller='0' bus='0' target='0' unit='0'/>
        </disk>
        <controller type='usb' index='0' model='ich9-ehci1'/>
        <controller type='ide' index='0'/>
        <controller type='pci' index='0' model='pcie-root'/>
        <controller type='pci' index='1' model='pcie-root-port'/>
        <interface type='network'>
          <source network='default'/>
          <model type='e1000e'/>
          <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
        </interface>
        <serial type='pty'>
          <target type='isa-serial' port='0'>
            <model name='isa-serial'/>
          </target>
        </serial>
        <console type='pty'><target type='serial' port='0'/></console>
        <input type='tablet' bus='usb'/>
        <input type='mouse' bus='ps2'/>
        <graphics type='vnc'/>
        <video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1'/></video>
        <watchdog model='ib700' action='reset'/>
        <memballoon model='virtio'/>
        <panic model='isa'><address type='isa' iobase='0x505'/></panic>
        <iommu model='intel'/>
      </devices>
    </domain>
    """#

  private static let changes = {
    var changes = GuestChanges()
    changes.mendsForPSeries = true
    return changes
  }()

  private static func mended(_ text: String) throws -> Patch {
    try DomainDefinition(Array(text.utf8)).patch(changes)
  }

  @Test("nothing that it cannot have is left, the rest stays, and each change is printed")
  func mend() throws {
    let patch = try Self.mended(Self.pc)
    let text = String(decoding: patch.bytes, as: UTF8.self)
    for gone in [
      "x86_64", "q35", "loader", "nvram", "smbios", "acpi", "hyperv", "hidden", "vmport", "smm",
      "Skylake", "vmx", "hypervclock", "'ide'", "pcie", "isa", "qxl", "vgamem", "ib700", "intel",
    ] {
      #expect(!text.contains(gone), "\(gone)")
    }
    for kept in [
      "<boot dev='hd'/>", "<timer name='rtc' tickpolicy='catchup'/>", "file='/srv/web.qcow2'",
      "<model type='e1000e'/>", "<target dev='sda' bus='scsi'/>",
      "<model type='virtio' heads='1'/>",
    ] {
      #expect(text.contains(kept), "\(kept)")
    }
    let errors = CheckedFile.diagnostics(
      of: [CheckedFile("g.xml", patch.bytes, today: ReleaseTable.lastReview)]
    ).filter { $0.severity == .error }
    #expect(errors.isEmpty)
    #expect(patch.diagnostics.count { $0.code.description == "mend" } >= 20)
    #expect(try patch.result.patch(Self.changes).isEmpty)
  }

  @Test("a guest that has nothing of a PC stays as it is")
  func nothing() throws {
    let text = """
      <domain type='kvm'><name>a</name><memory>4194304</memory>
        <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
        <devices><controller type='usb' model='none'/></devices></domain>
      """
    #expect(try Self.mended(text).isEmpty)
  }

  @Test("USB comes back where a device needs it")
  func usb() throws {
    let text = """
      <domain type='kvm'><name>a</name><memory>4194304</memory>
        <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
        <devices>
          <controller type='usb' model='none'/>
          <graphics type='vnc'/>
        </devices></domain>
      """
    let patch = try Self.mended(text)
    #expect(!String(decoding: patch.bytes, as: UTF8.self).contains("usb"))
    #expect(patch.diagnostics.count == 1)
  }
}
