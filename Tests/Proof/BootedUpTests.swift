internal import Glibc
internal import TestSupport
internal import Testing

@Suite(
  "A Debian that up has made on a host behind ssh, and that boots from its disk",
  .enabled(
    if: unmetRequirements.isEmpty,
    "the proof needs \(unmetRequirements.joined(separator: ", "))"),
  .enabled(if: isWholeProofWanted, "is part of the whole proof: VIRT_NEST_PROOF=all"),
  .needs("ssh", "sshd", "nc"))
struct BootedUpTests {
  @Test("It is as its seed says, nests at each boot, and an L2 of create l2 boots in its libvirt")
  func boots() async throws {
    let system: String
    do {
      system = try await debianSystem()
    } catch let error as NotToBeHad {
      print("up, and a Debian that boots: \(error)")
      try Test.cancel("\(error)")
    }
    try await GuestSlots.shared.withSlot {
      try await inFolderKeptOnFailure { folder in
        try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
          try await LoopbackSSH.run(in: folder.file("ssh")) { host in
            try await show(
              Booted(libvirtd: libvirtd, host: host, folder: folder.path, system: system))
          }
        }
      }
    }
  }

  private func show(_ guest: Booted) async throws {
    let start = ContinuousClock.now
    try await guest.prepare()

    // Killed when it has started the guest; each step before that is in UpTests, without a system that boots.
    let killed = try await guest.up(
      trick: #"case " $* " in *" start "*) "$virsh" "$@"; kill -9 $PPID; exit 1 ;; esac"#)
    #expect(killed.status == .signaled(SIGKILL), "\(killed.errorText)")
    let first = try await guest.up()
    #expect(first.outputText.contains(Booted.nests), "\(first.outputText)\(first.errorText)")
    #expect(first.status == .exited(0))
    let made =
      "up, killed (\(start.duration(to: .now))):\n\(killed.errorText)up:\n\(first.errorText)\(first.outputText)"

    let second = try await guest.up()
    #expect(second.errorText.hasPrefix("kata-up: everything is there\n"), "\(second.errorText)")
    #expect(second.outputText == first.outputText)

    // By ssh, with the key, over the address that the seed gives it.
    let seen = try await guest.ssh(
      """
      hostname; cat /etc/debian_version; getconf PAGESIZE; ip -4 -brief address show scope global
      cloud-init status; sudo grep 'virt-nest:' /var/log/cloud-init-output.log
      """)
    for words in [
      "kata-up\n", "192.168.122.50/24", "status: done", "virt-nest: kvm-hv is loaded",
      "virt-nest: the libvirt network 'default' has the addresses 192.168.123.0/24",
    ] {
      #expect(seen.contains(words), "\(words) is not in: \(seen)")
    }
    let password = try await guest.ssh(
      """
      sudo python3 -W ignore -c 'import crypt, spwd
      hash = spwd.getspnam("debian").sp_pwdp
      print(hash[:3], crypt.crypt("\(Booted.password)", hash) == hash)'
      """)
    #expect(password == "$6$ True")

    let l2 = try await showL2(in: guest)

    // By what the seed has written, and without the seed's script, which runs at the first boot only.
    let boot = try await guest.ssh("cat /proc/sys/kernel/random/boot_id")
    _ = try? await guest.ssh("sudo systemctl reboot")
    var again = boot
    while again == boot || again == "" {
      try await Task.sleep(for: .seconds(2))
      again = (try? await guest.ssh("cat /proc/sys/kernel/random/boot_id")) ?? ""
      try #require(start.duration(to: .now) < .seconds(7200), "it does not boot a second time")
    }
    let third = try await guest.up()
    #expect(third.outputText == first.outputText, "\(third.errorText)")
    let loader = try await guest.ssh("sudo journalctl -b -o cat -t systemd-modules-load")
    #expect(loader.contains("Inserted module 'kvm_hv'"), "\(loader)")

    let down = try await guest.virtNest(["down", "kata-up", "--yes"])
    #expect(down.status == .exited(0), "\(down.errorText)")
    #expect(try await guest.libvirtd.virsh("list", "--all", "--name") == "")
    #expect(try await run("ls", ["-A", guest.folder + "/pool"]).outputText == "")
    print(
      "\(made)\(seen)\n\(l2)\ndown (\(start.duration(to: .now))):\n\(down.errorText)")
  }

  /// What an L2 says in the libvirt of the guest, made as an administrator makes it.
  private func showL2(in guest: Booted) async throws -> String {
    let folder = "/var/lib/libvirt/images"
    let definition = try await virtNest([
      "create", "l2", "--quiet", "--memory", "1GiB", "--console", "log.file=/var/log/l2.log",
      "--boot",
      "kernel=\(folder)/vmlinux,initrd=\(folder)/initramfs,kernel_args=console=hvc0 virt-nest-proof=l2",
    ])
    try write(definition, to: guest.folder + "/l2.xml")
    try await guest.copy([
      guest.folder + "/l2.xml", guest.system + "/vmlinux", guest.system + "/initramfs",
    ])
    return try await guest.ssh(
      """
      sudo mv vmlinux initramfs \(folder)/
      sudo qemu-img create -q -f qcow2 \(folder)/l2-vm-00.qcow2 1G
      export LIBVIRT_DEFAULT_URI=qemu:///system
      sudo virsh net-start default && sudo virsh define --validate l2.xml && sudo virsh start l2-vm-00 || exit
      for second in $(seq 1800); do
        [ "$(sudo virsh domstate l2-vm-00)" != 'shut off' ] || break
        sleep 1
      done
      sudo grep -a -o 'virt-nest-proof: L2 booted: .*' /var/log/l2.log && sudo virsh undefine l2-vm-00
      """)
  }
}

/// A guest on a libvirt of its own, whose pool and network are named default.
private struct Booted: Sendable {
  var libvirtd: PrivateLibvirtd
  /// Where it is, for virt-nest.
  var host: LoopbackSSH
  var folder: String
  /// What `make-system` has made.
  var system: String

  static let password = "kata proof 7"
  static let nests = """
    L1       kvm_hv is loaded
    L2       a KVM-HV guest can be created, 0 running now
    nesting  as asked

    """

  func prepare() async throws {
    mkdir(folder + "/pool", 0o755)
    try await libvirtd.virsh("pool-define-as", "default", "dir", "--target", folder + "/pool")
    try await libvirtd.virsh("pool-start", "default")
    // Without names and DHCP, so that it needs no dnsmasq, and open, so that it needs no firewall.
    try write(
      """
      <network><name>default</name><forward mode='open'/><bridge name='virbr0' stp='off' delay='0'/>
        <dns enable='no'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>
      """, to: folder + "/network.xml")
    try await libvirtd.virsh("net-define", folder + "/network.xml")
    try await libvirtd.virsh("net-start", "default")
    try write(Self.password + "\n", to: folder + "/password")
    let key = try await run(
      "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder + "/key"])
    try #require(key.succeeded, "\(key.errorText)")
  }

  /// Brings the guest up; before each virsh command, `trick` is run with the real one as `$virsh`.
  func up(trick: String? = nil) async throws -> Run {
    try await virtNest(
      [
        "up", "debian", "--release", "12", "--name", "kata-up", "--emulated", "--memory", "3GiB",
        "--vcpus", "2", "--image", system + "/debian-ppc64el.qcow2", "--disk-size", "8GiB",
        "--ssh-key", folder + "/key.pub", "--password-file", folder + "/password", "--address",
        "192.168.122.50/24,gateway=192.168.122.1", "--no-packages", "--console",
        "log.file=\(folder)/serial.log",
      ], trick: trick)
  }

  func virtNest(_ arguments: [String], trick: String? = nil) async throws -> Run {
    var environment = host.environment
    if let trick {
      let virsh = try await run("sh", ["-c", "command -v virsh"]).outputText.trimmed
      let tools = folder + "/tools"
      mkdir(tools, 0o755)
      try await writeExecutable(
        "#!/bin/sh\nvirsh=\(virsh)\n\(trick)\nexec $virsh \"$@\"\n", to: tools + "/virsh")
      environment["PATH"] = tools + ":" + ((environment["PATH"] ?? nil) ?? "")
    }
    return try await VirtNestBinary.run(
      arguments + [
        "--connect", "qemu+ssh://power-host/system?socket=\(folder)/d/libvirt/run/libvirt-sock",
      ], environment: environment)
  }

  /// What a script prints that the image's user runs by ssh, without white space at its ends.
  func ssh(_ script: String) async throws -> String {
    let ended = try await inNetwork(["ssh"] + sshOptions + ["debian@192.168.122.50", script])
    guard ended.succeeded else { throw SSHFailed(run: ended) }
    return ended.outputText.trimmed
  }

  /// Copies files into the home of the image's user.
  func copy(_ files: [String]) async throws {
    let ended = try await inNetwork(["scp"] + sshOptions + files + ["debian@192.168.122.50:"])
    guard ended.succeeded else { throw SSHFailed(run: ended) }
  }

  private var sshOptions: [String] {
    [
      "-q", "-i", folder + "/key", "-o", "StrictHostKeyChecking=no", "-o",
      "UserKnownHostsFile=\(folder)/known_hosts", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60",
    ]
  }

  private func inNetwork(_ command: [String]) async throws -> Run {
    try await run("nsenter", ["--net=/proc/\(libvirtd.process)/ns/net"] + command)
  }
}

/// A command by ssh that did not do its work.
private struct SSHFailed: Error, CustomStringConvertible {
  var run: Run

  var description: String {
    "'\(run.command.last ?? "")' failed (\(run.status)): \(run.outputText)\(run.errorText)"
  }
}

/// The folder with the disk of a Debian, as `make-system` makes it on its first use on this machine.
/// - Throws: ``NotToBeHad``, ``CannotMakeImages``.
private func debianSystem() async throws -> String {
  let made = try await run(proofFolder + "/make-system", hangGuard: .seconds(7200))
  switch made.status {
  case .exited(0): return String(made.outputText.prefix { $0 != "\n" })
  case .exited(3): throw NotToBeHad(reason: made.errorText)
  default: throw CannotMakeImages(reason: made.errorText)
  }
}
