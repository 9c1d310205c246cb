import TestSupport
import Testing

@Suite("virt-install's options of create, and help for words")
struct DeviceOptionTests {
  /// The options of virt-install 4.1 for devices and sections of a guest.
  static let virtInstall = [
    "metadata", "events", "graphics", "controller", "input", "serial", "parallel", "channel",
    "hostdev", "filesystem", "sound", "audio", "watchdog", "video", "smartcard", "redirdev",
    "memballoon", "tpm", "rng", "panic", "shmem", "memdev", "vsock", "iommu", "iothreads",
    "seclabel", "security", "keywrap", "cputune", "numatune", "memtune", "blkiotune",
    "memorybacking", "features", "clock", "pm", "resource", "sysinfo", "launchSecurity",
    "launchsecurity", "idmap", "disk", "network",
  ]

  @Test("Each of virt-install's options is there, and tells its keys", arguments: virtInstall)
  func option(name: String) async throws {
    let run = try await VirtNestBinary.run(["create", "--\(name)=?"])
    #expect(run.succeeded, "\(run.errorText)")
    #expect(run.outputText.split(separator: "\n")[0].contains(name), "\(run.outputText)")
  }

  @Test(
    "An option of create is a change in words",
    arguments: [
      (["--graphics", "vnc,port=5901"], ["--add", "graphics,vnc,port=5901"]),
      (
        ["--cputune", "vcpupin0.vcpu=0,vcpupin0.cpuset=1-3,5"],
        ["--edit", "cputune,vcpupin0.vcpu=0,vcpupin0.cpuset=1-3,5"]
      ),
      (["--memballoon", "none"], ["--edit", "memballoon,model=none"]),
      (["--rng", "none"], ["--remove", "rng"]), (["--sound", "none"], []),
      (["--controller", "usb,model=qemu-xhci"], ["--edit", "controller:usb,model=qemu-xhci"]),
      (["--controller", "scsi,index=3"], ["--add", "controller,scsi,index=3"]),
      (["--controller", "scsi", "--controller", "scsi"], ["--add", "controller,scsi,index=1"]),
      (
        ["--disk", "/a.qcow2", "--disk", "/b.qcow2"],
        ["--edit", "disk:1,path=/a.qcow2", "--add", "disk,path=/b.qcow2"]
      ),
      (["--iothreads", "4"], ["--edit", "iothreads=4"]),
      (["--clock", "offset=localtime"], ["--edit", "clock,offset=localtime"]),
      (["--metadata", "title=a b"], ["--edit", "metadata,title=a b"]),
      (["--seclabel", "type=none"], ["--add", "seclabel,type=none"]),
      (
        ["--hostdev", "0035:03:00.0", "--watchdog", "i6300esb"],
        ["--add", "hostdev,0035:03:00.0", "--add", "watchdog,i6300esb"]
      ),
    ] as [([String], [String])])
  func same(option: [String], words: [String]) async throws {
    let short = try await VirtNestBinary.run(["create", "fedora", "-q"] + option)
    let long = try await VirtNestBinary.run(["create", "fedora", "-q"] + words)
    #expect(short.succeeded && long.succeeded, "\(short.errorText)\(long.errorText)")
    #expect(short.outputText == long.outputText)
  }

  @Test("What does not fit is refused with what does, and none goes alone")
  func refused() async throws {
    for (arguments, reason) in [
      (["--graphics", "vnc,porf=1"], "<graphics> has port"),
      (["--graphics", "vnc", "--graphics", "none"], "goes with no other graphics"),
      (["--video", "none", "--watchdog", "no=ne"], "<watchdog> has"),
    ] {
      let run = try await VirtNestBinary.run(["create", "fedora"] + arguments)
      #expect(run.status == .exited(64) && run.errorText.contains(reason), "\(run.errorText)")
    }
    let bare = try await VirtNestBinary.run(["create"])
    #expect(bare.status == .exited(64) && bare.errorText.contains("<template>"))
  }

  @Test("Words are listed: kinds, and the keys of one with their values")
  func listed() async throws {
    for command in ["create", "patch"] {
      let kinds = try await VirtNestBinary.run([command, "--help-words"])
      #expect(kinds.succeeded && kinds.outputText.contains("\n  hostdev\n"))
      #expect(!kinds.outputText.contains("datacenterpath"))
      for ask in [["--help-words", "disk"], ["--edit", "disk=?"], ["--add", "disk,?"]] {
        let keys = try await VirtNestBinary.run([command] + ask)
        let lines = keys.outputText.split(separator: "\n").map(String.init)
        #expect(keys.succeeded && lines.first?.hasPrefix("disk;") == true, "\(keys.errorText)")
        let cache = lines.first { $0.hasPrefix("  cache ") }
        #expect(cache?.contains("driver.cache: default|directsync|none") == true)
        #expect(lines.contains { $0.hasPrefix("  source.startupPolicy ") })
      }
    }
    let wrong = try await VirtNestBinary.run(["patch", "--help-words", "dsk"])
    #expect(wrong.status == .exited(64) && wrong.errorText.contains("did you mean disk"))
  }

  @Test("Shells complete kinds, keys and values")
  func completed() async throws {
    for (prefix, found) in [
      ("memb", "memballoon"), ("disk,cac", "disk,cache="),
      ("disk,cache=writeb", "disk,cache=writeback"), ("disk:vda,bus=vi", "disk:vda,bus=virtio"),
    ] {
      let run = try await VirtNestBinary.run(
        [
          "---completion", "patch", "--", "--edit", "3", "\(prefix.utf8.count)", "virt-nest",
          "patch", "--edit",
          prefix,
        ],
        environment: ["SAP_SHELL": "fish"])
      #expect(
        run.outputText.split(separator: "\n").contains(Substring(found)),
        "\(prefix): \(run.outputText)\(run.errorText)")
    }
  }
}
