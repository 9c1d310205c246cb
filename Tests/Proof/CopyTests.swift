import Foundation
internal import TestSupport
internal import Testing

/// A guest and its copy on one host: both run, or the command has said what they share.
@Suite(
  "A copy runs beside its original, or what they share is said",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"))
struct CopyTests {
  /// What belongs to one guest, in place of `FOLDER` a folder of the test.
  static let parts: [(name: String, device: String, isElsewhere: Bool)] = [
    ("nothing", "", false),
    (
      "a display's port",
      "<graphics type='vnc' port='5997' listen='127.0.0.1'/><video><model type='none'/></video>",
      false
    ),
    (
      "a display's socket",
      "<graphics type='vnc' socket='FOLDER/vnc.sock'/><video><model type='none'/></video>", false
    ),
    (
      "a console's port",
      "<console type='tcp'><source mode='bind' host='127.0.0.1' service='45981'/><target type='serial'/></console>",
      false
    ),
    ("a console's log", "<console type='pty'><log file='FOLDER/c.log'/></console>", false),
    ("a console's file", "<console type='file'><source path='FOLDER/c.txt'/></console>", false),
    (
      "a channel's socket",
      "<channel type='unix'><source mode='bind' path='FOLDER/c.sock'/><target type='virtio' name='a'/></channel>",
      false
    ),
    (
      "an image",
      "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='FOLDER/d.raw'/><target dev='vda' bus='virtio'/></disk>",
      false
    ),
    (
      "a read-only image",
      "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='FOLDER/d.raw'/><target dev='vda' bus='virtio'/><readonly/></disk>",
      false
    ),
    (
      "an interface's socket",
      "<interface type='server'><mac address='52:54:00:01:02:03'/><source address='127.0.0.1' port='45982'/><model type='virtio'/></interface>",
      false
    ),
    (
      "a MAC address",
      "<interface type='user'><mac address='52:54:00:01:02:04'/><model type='virtio'/></interface>",
      false
    ),
    (
      "a tap device",
      "<interface type='ethernet'><mac address='52:54:00:01:02:05'/><target dev='virtnest0'/><model type='virtio'/></interface>",
      false
    ),
    (
      "a tap device that libvirt names",
      "<interface type='ethernet'><mac address='52:54:00:01:02:06'/><target dev='vnet7'/><model type='virtio'/></interface>",
      false
    ),
    (
      "a TPM of swtpm", "<tpm model='tpm-spapr'><backend type='emulator' version='2.0'/></tpm>",
      false
    ),
    ("NVRAM of the machine", "<nvram><address type='spapr-vio' reg='0x3000'/></nvram>", false),
    (
      "an argument's port",
      "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-monitor'/><qemu:arg value='tcp:127.0.0.1:45983,server=on,wait=off'/></qemu:commandline>",
      true
    ),
    (
      "the uuid in sysinfo",
      "<sysinfo type='smbios'><system><entry name='uuid'>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</entry></system></sysinfo>",
      true
    ),
  ]

  /// A guest that has nothing but what every guest has.
  private func plainGuest() async throws -> String {
    try await virtNest([
      "create", "fedora", "--emulated", "--disk", "none", "--network", "none", "--memory", "2G",
      "--name", "kata-a", "--uuid", "6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11", "--quiet",
    ])
  }

  @Test("by create FILE and by --new-identity, for each part that belongs to one guest")
  func sideBySide() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let plain = try await plainGuest()
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      for part in Self.parts {
        try await tryPart(part, plain, folder, libvirtd)
      }
    }
  }

  /// Devices that this host may lack: what a copy shares with its original, and whether it does.
  static let hostDevices: [(name: String, device: String, isShared: Bool)] = [
    ("a vsock's cid", "<vsock model='virtio'><cid auto='no' address='5'/></vsock>", false),
    ("a vsock without a cid", "<vsock model='virtio'><cid auto='yes'/></vsock>", false),
    (
      "a PCI device",
      "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='3' slot='0' function='0'/></source></hostdev>",
      true
    ),
    (
      "a USB device",
      "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>",
      true
    ),
    (
      "a SCSI device",
      "<controller type='scsi' model='virtio-scsi'/><hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source></hostdev>",
      true
    ),
    (
      "a mediated device",
      "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>",
      true
    ),
    (
      "a virtual function of a card",
      "<interface type='hostdev' managed='yes'><mac address='52:54:00:01:02:07'/><source><address type='pci' domain='0' bus='3' slot='2' function='1'/></source></interface>",
      true
    ),
    (
      "the host's TPM",
      "<tpm model='tpm-spapr'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
      true
    ),
    (
      "a TPM behind a socket",
      "<tpm model='tpm-spapr'><backend type='external'><source type='unix' mode='connect' path='/run/tpm.sock'/></backend></tpm>",
      true
    ),
  ]

  @Test("and libvirt defines both, where the host has no such device to start them with")
  func definedSideBySide() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let plain = try await plainGuest().replacing(
      "type='usb' index='0' model='none'", with: "type='usb' model='qemu-xhci'")
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      for part in Self.hostDevices {
        let files = (original: folder.file("a.xml"), copy: folder.file("b.xml"))
        try write(
          plain.replacing("</devices>", with: part.device + "</devices>"), to: files.original)
        let copy = try await VirtNestBinary.run(["create", files.original, "--name", "kata-b"])
        #expect(copy.succeeded, "\(part.name): \(copy.errorText)")
        #expect(
          copy.errorText.contains("is shared with 'kata-a'") == part.isShared,
          "\(part.name): \(copy.errorText)")
        try write(copy.outputText, to: files.copy)
        try await libvirtd.virsh("define", files.original)
        try await libvirtd.virsh("define", files.copy, "--validate")
        let start = { (name: String) in
          try await run("virsh", ["--connect", libvirtd.uri, "start", name, "--paused"])
        }
        if try await start("kata-a").succeeded {
          let started = try await start("kata-b")
          #expect(started.succeeded || part.isShared, "\(part.name): \(started.errorText)")
          if started.succeeded { try await libvirtd.virsh("destroy", "kata-b") }
          try await libvirtd.virsh("destroy", "kata-a")
        }
        for name in ["kata-a", "kata-b"] { try await libvirtd.virsh("undefine", name) }
      }
    }
  }

  private func tryPart(
    _ part: (name: String, device: String, isElsewhere: Bool), _ plain: String,
    _ folder: TemporaryFolder, _ libvirtd: PrivateLibvirtd
  ) async throws {
    // QEMU runs as another user: it has to reach what is in the folder.
    let place = folder.file("d") + "/libvirt"
    let device = part.device.replacing("FOLDER", with: place)
    let original = folder.file("a.xml")
    // A display brings a keyboard, and that needs USB; a console of the template goes for another.
    var text = plain.replacing(
      "type='usb' index='0' model='none'", with: "type='usb' model='qemu-xhci'")
    if part.isElsewhere {
      text = text.replacing("</domain>", with: device + "</domain>")
    } else if device.hasPrefix("<console") {
      text = text.replacing("<console type='pty'/>", with: device)
    } else {
      text = text.replacing("</devices>", with: device + "</devices>")
    }
    try write(text, to: original)
    try write("", to: place + "/d.raw")
    let copy = try await VirtNestBinary.run(["create", original, "--name", "kata-b"])
    let renamed = try await VirtNestBinary.run(
      ["patch", original, "--name", "kata-c", "--new-identity"])
    #expect(
      copy.succeeded && renamed.succeeded, "\(part.name): \(copy.errorText)\(renamed.errorText)")
    try await libvirtd.virsh("create", original, "--paused")
    for (name, made) in [("kata-b", copy), ("kata-c", renamed)] {
      let file = folder.file("b.xml")
      try write(made.outputText, to: file)
      let started = try await run("virsh", ["--connect", libvirtd.uri, "create", file, "--paused"])
      let isSaid = made.errorText.contains("warning: ")
      #expect(started.succeeded || isSaid, "\(part.name), \(name): \(started.errorText)")
      // What is not shared is not called shared.
      if [
        "nothing", "a MAC address", "the uuid in sysinfo", "a read-only image", "a tap device",
        "a tap device that libvirt names", "NVRAM of the machine",
      ]
      .contains(part.name) {
        #expect(
          started.succeeded && !isSaid,
          "\(part.name), \(name): \(started.errorText)\(made.errorText)")
      }
      // Two guests that write one file start all the same.
      if ["an image", "a console's log", "a console's file"].contains(part.name) {
        #expect(isSaid, "\(part.name), \(name): nothing is said")
      }
      if started.succeeded { try await libvirtd.virsh("destroy", name) }
    }
    try await libvirtd.virsh("destroy", "kata-a")
  }
}
