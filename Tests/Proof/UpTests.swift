import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

@Suite(
  "A guest is brought up on a libvirt, and taken down again",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"),
  .needs("qemu-img", "qemu-io", "xorriso", "sha256sum", "sfdisk", "ssh-keygen"))
struct UpTests {
  /// A libvirt with a pool, an image and a key.
  struct Setting: Sendable {
    let libvirtd: PrivateLibvirtd
    let folder: String

    var image: String { folder + "/base.qcow2" }
    var pool: String { folder + "/pool" }

    /// Runs the command with a virsh that does what `trick` says before the real one.
    func virtNest(_ arguments: [String], trick: String? = nil) async throws -> Run {
      var environment: [String: String?] = [:]
      if let trick {
        let virsh = try await TestSupport.run("sh", ["-c", "command -v virsh"]).outputText.trimmed
        let tools = folder + "/tools"
        try FileManager.default.createDirectory(
          atPath: tools, withIntermediateDirectories: true)
        // What runs virsh: the command itself, or its shell.
        let command =
          #"command=$PPID; case $(cat /proc/$PPID/comm) in sh) command=$(cut -d ' ' -f 4 /proc/$PPID/stat) ;; esac"#
        try write(
          "#!/bin/sh\nvirsh=\(virsh)\n\(command)\n\(trick)\nexec $virsh \"$@\"\n",
          to: tools + "/virsh")
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: tools + "/virsh")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        environment["PATH"] = "\(tools):\(path)"
      }
      return try await VirtNestBinary.run(
        arguments.prefix(1) + ["--connect", libvirtd.uri] + arguments.dropFirst(),
        environment: environment, in: folder)
    }

    /// Brings up a small guest.
    func up(
      _ name: String = "kata-a", _ options: String..., image: String = "base.qcow2",
      trick: String? = nil
    ) async throws -> Run {
      try await virtNest(
        [
          "up", "fedora", "--name", name, "--emulated", "--memory", "2G", "--network", "none",
          "--image", image, "--no-login", "--no-wait",
        ] + options, trick: trick)
    }

    /// Everything that the libvirt and the pool have, as text.
    func state() async throws -> String {
      let guests = try await libvirtd.virsh("list", "--all", "--name").split(separator: "\n")
      var state = try await libvirtd.virsh("list", "--all", "--name")
      for guest in guests {
        state += try await libvirtd.virsh("domstate", "\(guest)")
        // libvirt chooses these anew for each guest that it defines.
        state += try await libvirtd.virsh("dumpxml", "--inactive", "\(guest)")
      }
      let files = try await TestSupport.run(
        "sh", ["-c", "cd pool && for f in *.iso base*; do [ ! -e $f ] || sha256sum $f; done; ls"],
        in: folder)
      return state + files.outputText
    }
  }

  /// - Parameter poolSize: of a file system of its own for the pool, as `mount` takes it.
  private func withSetting(
    poolSize: String? = nil, _ body: @escaping @Sendable (Setting) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let pool = folder.file("pool")
    try FileManager.default.createDirectory(atPath: pool, withIntermediateDirectories: false)
    if let poolSize {
      let mounted = try await TestSupport.run(
        "mount", ["-t", "tmpfs", "-o", "size=\(poolSize)", "tmpfs", pool])
      try #require(mounted.succeeded, "\(mounted.errorText)")
    }
    defer { if poolSize != nil { umount2(pool, Int32(MNT_DETACH)) } }
    let made = try await TestSupport.run(
      "sh",
      [
        "-c",
        """
        qemu-img create -q -f qcow2 base.qcow2 64M && qemu-io -c 'write -P 7 0 1M' base.qcow2 >/dev/null
        """,
      ], in: folder.path)
    try #require(made.succeeded, "\(made.errorText)")
    try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      let setting = Setting(libvirtd: libvirtd, folder: folder.path)
      try await libvirtd.virsh("pool-define-as", "default", "dir", "--target", setting.pool)
      try await libvirtd.virsh("pool-start", "default")
      try await body(setting)
    }
    folder.remove()
  }

  @Test(
    "It makes disk and seed, starts the guest, changes nothing the second time, and down leaves nothing"
  )
  func whole() async throws {
    try await withSetting { setting in
      let dry = try await setting.up("kata-a", "--dry-run")
      #expect(dry.status == .exited(0), "\(dry.errorText)")
      #expect(dry.outputText.split(separator: "\n").filter { $0.contains("to do: ") }.count == 5)
      #expect(try await setting.state() == "")

      let first = try await setting.up()
      #expect(first.status == .exited(0), "\(first.errorText)")
      let state = try await setting.state()
      #expect(state.contains("running"))
      #expect(state.contains("<source file='\(setting.pool)/kata-a.qcow2'/>"))
      #expect(state.contains("<source file='\(setting.pool)/kata-a-seed.iso'/>"))
      let volume = try await setting.libvirtd.virsh(
        "vol-dumpxml", "--pool", "default", "kata-a.qcow2")
      #expect(
        volume.contains("<path>\(setting.pool)/base.qcow2</path>\n    <format type='qcow2'/>"))

      let second = try await setting.up()
      #expect(second.status == .exited(0) && second.errorText == "kata-a: everything is there\n")
      #expect(try await setting.state() == state)

      // Another definition is another definition.
      let more = try await setting.up("kata-a", "--vcpus", "2")
      #expect(more.errorText.contains("redefine the guest kata-a"), "\(more.errorText)")
      #expect(try await setting.state().contains("<vcpu placement='static'>2</vcpu>"))

      let unasked = try await setting.virtNest(["down", "kata-a"])
      #expect(unasked.status == .exited(2) && unasked.errorText.contains("no terminal to ask at"))
      #expect(try await setting.state().contains("running"))
      let down = try await setting.virtNest(["down", "kata-a", "--yes"])
      #expect(down.status == .exited(0), "\(down.errorText)")
      #expect(try await setting.state() == "")
    }
  }

  @Test(
    "Killed before or after any step, the same command ends in the same state, and down leaves nothing"
  )
  func killed() async throws {
    try await withSetting { setting in
      // Each command of virsh that changes something, by its number.
      let counted = { @Sendable (number: Int, isAfter: Bool) in
        """
        case " $* " in
        *" metadata "*|*" vol-create"*|*" vol-upload "*|*" start "*|*"define --validate"*)
          echo >>\(setting.folder)/count
          if [ "$(wc -l <\(setting.folder)/count)" = \(number) ]; then
            \(isAfter ? "$virsh \"$@\" >/dev/null 2>&1" : ":")
            kill -9 $command
            exit 1
          fi ;;
        esac
        """
      }
      let reset = { @Sendable in try write("", to: setting.folder + "/count") }
      try reset()
      let whole = try await setting.up(trick: counted(0, false))
      #expect(whole.status == .exited(0), "\(whole.errorText)")
      let wanted = try await setting.state()
      let steps = try readFile(setting.folder + "/count").count
      #expect(steps > 8)
      _ = try await setting.virtNest(["down", "kata-a", "--yes"])
      // A short part of it unless the whole proof is wanted.
      for number in stride(from: 1, through: steps, by: isWholeProofWanted ? 1 : 4) {
        for isAfter in [false, true] {
          try reset()
          let killed = try await setting.up(trick: counted(number, isAfter))
          #expect(killed.status == .signaled(9), "\(number): \(killed.errorText)")
          // Down takes away whatever is there, or there is nothing yet.
          if number % 5 == 0 {
            let down = try await setting.virtNest(["down", "kata-a", "--yes"])
            #expect(down.status == .exited(0), "\(number): \(down.errorText)")
            #expect(try await setting.state() == "", "\(number)")
            continue
          }
          let again = try await setting.up()
          #expect(again.status == .exited(0), "\(number) \(isAfter): \(again.errorText)")
          let state = try await setting.state()
          #expect(state == wanted, "\(number) \(isAfter)")
          let down = try await setting.virtNest(["down", "kata-a", "--yes"])
          #expect(down.status == .exited(0), "\(down.errorText)")
          #expect(try await setting.state() == "", "\(number)")
        }
      }
    }
  }

  @Test("An upload that is cut off at half, with exit status 0, is found, and made again")
  func cutOff() async throws {
    try await withSetting { setting in
      let half = """
        case " $* " in *" vol-upload "*)
          for word; do case $word in --file=*) file=${word#--file=} ;; esac; done
          cat "$file" >\(setting.folder)/whole
          size=$(stat -c %s \(setting.folder)/whole)
          head -c $((size / 2)) \(setting.folder)/whole >\(setting.folder)/half
          set -- $(for word; do case $word in --file=*) echo "--file=\(setting.folder)/half" ;;
            *) echo "$word" ;; esac; done)
        ;; esac
        """
      let cut = try await setting.up(trick: half)
      #expect(cut.status == .exited(2))
      #expect(cut.errorText.contains("is not what was uploaded"), "\(cut.errorText)")
      #expect(
        cut.errorText.contains(
          "made so far: the guest, the volume base.qcow2 of the pool default (incomplete)"))
      #expect(cut.errorText.contains("virt-nest down --connect"))
      let again = try await setting.up()
      #expect(again.status == .exited(0), "\(again.errorText)")
      #expect(try readFile(setting.pool + "/base.qcow2") == readFile(setting.image))
    }
  }

  @Test(
    "A pool that is full is an error that says so; with more space the same command works",
    .enabled(if: geteuid() == 0, "mounts a file system"))
  func fullPool() async throws {
    try await withSetting(poolSize: "600k") { setting in
      let full = try await setting.up()
      #expect(full.status == .exited(2))
      #expect(full.errorText.contains("has 614400 free bytes, and "), "\(full.errorText)")
      #expect(try await setting.state() == "")
      let grown = try await TestSupport.run(
        "mount", ["-o", "remount,size=64m", setting.pool])
      try #require(grown.succeeded, "\(grown.errorText)")
      let again = try await setting.up()
      #expect(again.status == .exited(0), "\(again.errorText)")
      #expect(try readFile(setting.pool + "/base.qcow2") == readFile(setting.image))
      #expect(try await setting.virtNest(["down", "kata-a", "--yes"]).status == .exited(0))
      #expect(try await setting.state() == "")
    }
  }

  @Test(
    "A pool that fills while the image is uploaded is an error, and with space again the same command works",
    .enabled(if: geteuid() == 0, "mounts a file system"))
  func poolFilledMeanwhile() async throws {
    try await withSetting(poolSize: "4m") { setting in
      let fill = #"case " $* " in *" vol-upload "*) head -c 8m /dev/zero >FOLDER/fill ;; esac"#
        .replacing("FOLDER", with: setting.pool)
      let full = try await setting.up(trick: fill)
      #expect(full.status == .exited(2))
      #expect(full.errorText.contains("kata-a: error: "), "\(full.errorText)")
      #expect(
        full.errorText.contains("made so far: the guest, the volume base.qcow2 of the pool default")
      )
      try FileManager.default.removeItem(atPath: setting.pool + "/fill")
      let again = try await setting.up()
      #expect(again.status == .exited(0), "\(again.errorText)")
      #expect(try readFile(setting.pool + "/base.qcow2") == readFile(setting.image))
    }
  }

  @Test("--json of up and down: what is done for each guest, and where it ends", .needs("python3"))
  func json() async throws {
    try await withSetting { setting in
      func object(_ run: Run) throws -> [[String: Any]] {
        try #require(
          JSONSerialization.jsonObject(with: Data(run.output)) as? [[String: Any]],
          "\(run.outputText)\(run.errorText)")
      }
      func steps(_ guest: [String: Any]) -> [String] {
        (guest["steps"] as? [[String: Any]] ?? []).map {
          "\($0["step"] ?? "") \($0["state"] ?? "")"
        }
      }
      func isValid(_ run: Run) async throws -> Bool {
        let schema = URL(filePath: #filePath).deletingLastPathComponent()
          .appending(path: "../../Documentation/guests.schema.json").path
        let judge = try await TestSupport.run(
          "python3",
          [
            "-c",
            "import json, jsonschema, sys; jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))",
            schema,
          ], input: run.output)
        return judge.succeeded
      }
      let dry = try await setting.up("kata-a", "--json", "--dry-run")
      #expect(try await isValid(dry))
      let plan = try object(dry)
      #expect(
        steps(plan[0]) == ["define", "image", "disk", "seed", "start"].map { $0 + " to do" })
      #expect(plan[0]["changed"] as? Bool == true && plan[0]["before"] as? String == "absent")

      // It ends at the seed, which the user has meanwhile.
      let failed = try await setting.up(
        "kata-a", "--json",
        trick:
          #"case " $* " in *" vol-create "*) [ ! -e FOLDER/kata-a.qcow2 ] || echo mine >FOLDER/kata-a-seed.iso ;; esac"#
          .replacing("FOLDER", with: setting.pool))
      #expect(failed.status == .exited(2) && failed.errorText.contains("made so far: "))
      #expect(try await isValid(failed))
      let half = try object(failed)
      #expect(
        steps(half[0]) == [
          "define done", "image done", "disk done", "seed failed", "start to do",
        ])
      #expect(half[0]["error"] is String && half[0]["after"] as? String == "shut off")
      #expect(try readFile(setting.pool + "/kata-a-seed.iso") == Array("mine\n".utf8))
      try FileManager.default.removeItem(atPath: setting.pool + "/kata-a-seed.iso")

      let made = try object(try await setting.up("kata-a", "--json"))
      #expect(
        steps(made[0]) == [
          "define done before", "image done before", "disk done before", "seed done", "start done",
        ])
      #expect(made[0]["error"] is NSNull && made[0]["after"] as? String == "running")
      let again = try object(try await setting.up("kata-a", "--json"))
      #expect(again[0]["changed"] as? Bool == false && again[0]["diff"] as? String == "")
      for (run, reason) in [
        (try await setting.up("kata-b", "--json", image: "none.qcow2"), "cannot read the image"),
        (try await setting.up("kata-b", "--json", "--pool", "none"), "there is no storage pool"),
        (try await setting.up("kata-b", "--json", "--disk-size", "1M"), "as large as the image"),
      ] {
        #expect(run.status == .exited(2))
        let error = try object(run)[0]["error"] as? String ?? ""
        #expect(error.contains(reason), "\(error)")
        #expect(try await isValid(run))
      }

      // Several at once: the last one takes the image with it. One that is not there is no error.
      #expect(try await setting.up("kata-b").status == .exited(0))
      let names = ["kata-a", "kata-b", "kata-none"]
      let look = try await setting.virtNest(["down", "--json"] + names)
      #expect(look.status == .exited(0), "\(look.errorText)")
      #expect(try await isValid(look))
      let looked = try object(look)
      let own = ["stop to do", "disk to do", "seed to do", "undefine to do"]
      #expect(steps(looked[0]) == own && steps(looked[2]) == [])
      #expect(steps(looked[1]) == own.dropLast() + ["image to do", "undefine to do"])
      #expect(looked[2]["before"] as? String == "absent")
      let cut = try await setting.virtNest(
        ["down", "--json", "--yes"] + names,
        trick: #"case " $* " in *" undefine "*) kill -9 $command; exit 1 ;; esac"#)
      #expect(cut.status == .signaled(9))
      for isChanged in [true, false] {
        let down = try await setting.virtNest(["down", "--json", "--yes"] + names)
        #expect(down.status == .exited(0), "\(down.errorText)")
        #expect(try await isValid(down))
        let done = try object(down)
        #expect(
          done.map { $0["changed"] as? Bool } == [isChanged, isChanged, false], "\(down.outputText)"
        )
        #expect(done.map { $0["after"] as? String } == ["absent", "absent", "absent"])
        #expect(try await setting.state() == "")
      }
    }
  }

  @Test("Names are names", arguments: ["a&b<c", "-x '7\"", "$(id);{index}"])
  func names(_ name: String) async throws {
    try await withSetting { setting in
      let up = [
        "up", "fedora", "--name=" + name, "--emulated", "--memory", "2G", "--network", "none",
      ]
      for _ in 0..<2 {
        let run = try await setting.virtNest(
          up + ["--image", "base.qcow2", "--no-login", "--no-wait"])
        #expect(run.status == .exited(0), "\(run.errorText)")
      }
      #expect(try await setting.state().contains("\n\(name)-seed.iso\n"))
      let down = try await setting.virtNest(["down", "--yes", "--", name])
      #expect(down.status == .exited(0), "\(down.errorText)")
      #expect(try await setting.state() == "")
    }
  }

  @Test("An image is read back once, and not for each guest that is made of it")
  func imageReadOnce() async throws {
    try await withSetting { setting in
      let count = #"case " $* " in *" vol-download "*"base.qcow2"*) echo >>FOLDER/read ;; esac"#
        .replacing("FOLDER", with: setting.folder)
      let run = try await setting.virtNest(
        [
          "up", "fedora", "--release", "44", "--emulated", "--memory", "2G", "--network", "user",
          "--image", "base.qcow2", "--no-login", "--no-wait", "--count", "3",
        ], trick: count)
      #expect(run.status == .exited(0), "\(run.errorText)")
      #expect(try readFile(setting.folder + "/read").count == 1)
    }
  }

  @Test(
    "A connection that is lost in the middle of an upload is an error, and the next run goes on")
  func lostConnection() async throws {
    try await withSetting { setting in
      let proxy = setting.folder + "/proxy.py"
      try write(
        """
        import select, socket, sys
        own, real, left = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX), 300_000
        own.bind(sys.argv[1])
        own.listen(1)
        print("ready", flush=True)
        near, _ = own.accept()
        real.connect(sys.argv[2])
        while True:
          for end in select.select([near, real], [], [])[0]:
            data = end.recv(65536)
            left -= len(data) if end is near else 0
            if not data or left < 0:
              sys.exit()
            (real if end is near else near).sendall(data)

        """, to: proxy)
      let lose = """
        case " $* " in *" vol-upload "*)
          for word; do case $word in *socket=*) real=${word#*socket=} ;; esac; done
          python3 \(proxy) \(setting.folder)/cut "$real" >\(setting.folder)/ready &
          until [ -s \(setting.folder)/ready ]; do sleep 0.05; done
          set -- $(for word; do case $word in *socket=*) echo "${word%socket=*}socket=\(setting.folder)/cut" ;;
            *) echo "$word" ;; esac; done)
        ;; esac
        """
      let lost = try await setting.up(trick: lose)
      #expect(lost.status == .exited(2))
      #expect(lost.errorText.contains("error: "), "\(lost.errorText)")
      #expect(lost.errorText.contains("made so far: the guest, the volume base.qcow2"))
      let again = try await setting.up()
      #expect(again.status == .exited(0), "\(again.errorText)")
      #expect(try readFile(setting.pool + "/base.qcow2") == readFile(setting.image))
    }
  }

  @Test("What is the user's is never written to or removed")
  func users() async throws {
    try await withSetting { setting in
      // A volume of the guest's names, before anything is made.
      for name in ["kata-a.qcow2", "kata-a-seed.iso", "base.qcow2"] {
        try write("mine", to: "\(setting.pool)/\(name)")
        let run = try await setting.up()
        #expect(run.status == .exited(2))
        #expect(run.errorText.contains("has a volume '\(name)'"), "\(run.errorText)")
        #expect(try await setting.libvirtd.virsh("list", "--all", "--name") == "")
        #expect(try readFile("\(setting.pool)/\(name)") == Array("mine".utf8))
        try FileManager.default.removeItem(atPath: "\(setting.pool)/\(name)")
      }
      // One of the same name and size that the user makes while the guest is half made.
      _ = try await setting.up(
        trick: #"case " $* " in *" vol-create"*) kill -9 $command; exit 1 ;; esac"#)
      let size = try readFile(setting.image).count
      try writeFile(setting.pool + "/base.qcow2", [UInt8](repeating: 65, count: size))
      let run = try await setting.up()
      #expect(run.status == .exited(2))
      #expect(run.errorText.contains("that virt-nest up has not made"), "\(run.errorText)")
      let down = try await setting.virtNest(["down", "kata-a", "--yes"])
      #expect(down.status == .exited(0) && down.errorText.contains("stays, because"))
      #expect(try readFile(setting.pool + "/base.qcow2") == [UInt8](repeating: 65, count: size))
      try FileManager.default.removeItem(atPath: setting.pool + "/base.qcow2")

      // A guest of the user's.
      let definition = try await VirtNestBinary.run(
        ["create", "fedora", "--name", "kata-a", "--emulated", "-q", "--network", "none"])
      try writeFile(setting.folder + "/a.xml", definition.output)
      try await setting.libvirtd.virsh("define", setting.folder + "/a.xml")
      let taken = try await setting.up()
      #expect(taken.status == .exited(2))
      #expect(taken.errorText.contains("is there already and was not made by virt-nest up"))
      let kept = try await setting.virtNest(["down", "kata-a", "--yes"])
      #expect(kept.status == .exited(2) && kept.errorText.contains("nothing is removed"))
      #expect(try await setting.state().contains("shut off"))
    }
  }

  @Test("Guests share an image, which stays until the last of them is taken down")
  func shared() async throws {
    try await withSetting { setting in
      for name in ["kata-a", "kata-b"] {
        let run = try await setting.up(name)
        #expect(run.status == .exited(0), "\(run.errorText)")
      }
      let first = try await setting.virtNest(["down", "kata-a", "--yes"])
      #expect(first.errorText.contains("stays, because the guest 'kata-b'"), "\(first.errorText)")
      #expect(try await setting.state().contains("base.qcow2\nkata-b-seed.iso\nkata-b.qcow2\n"))
      // The user's own disk on top of the image.
      let overlay = try await TestSupport.run(
        "qemu-img",
        [
          "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", setting.pool + "/base.qcow2",
          setting.pool + "/own.qcow2",
        ])
      #expect(overlay.succeeded)
      let held = try await setting.virtNest(["down", "kata-b", "--dry-run"])
      #expect(held.errorText.contains("the volume 'own.qcow2' uses it"), "\(held.errorText)")
      try FileManager.default.removeItem(atPath: setting.pool + "/own.qcow2")
      let last = try await setting.virtNest(["down", "kata-b", "--yes"])
      #expect(last.status == .exited(0), "\(last.errorText)")
      #expect(try await setting.state() == "")

      // A volume that was there is no part of what is removed.
      try FileManager.default.copyItem(atPath: setting.image, toPath: setting.pool + "/mine.qcow2")
      let run = try await setting.up(image: "vol=mine.qcow2")
      #expect(run.status == .exited(0), "\(run.errorText)")
      let down = try await setting.virtNest(["down", "kata-a", "--yes"])
      #expect(down.status == .exited(0), "\(down.errorText)")
      #expect(try readFile(setting.pool + "/mine.qcow2") == readFile(setting.image))
    }
  }

  @Test("Several guests, by number and out of a table with what is each one's own")
  func several() async throws {
    try await withSetting { setting in
      let common = [
        "up", "fedora", "--release", "44", "--emulated", "--memory", "2G", "--network", "user",
        "--image", "base.qcow2",
        "--no-login", "--no-wait",
      ]
      let two = try await setting.virtNest(common + ["--count", "2"])
      #expect(two.status == .exited(0), "\(two.errorText)")
      let state = try await setting.state()
      #expect(state.contains("kata-fedora-44-vm-01-seed.iso\nkata-fedora-44-vm-01.qcow2\n"))
      #expect(try await setting.virtNest(common + ["--count", "2"]).status == .exited(0))
      #expect(try await setting.state() == state)

      let table = setting.folder + "/guests.csv"
      try write("name,memory,address\nkata-x,3G,10.0.0.5/24\nkata-y,,10.0.0.6/24\n", to: table)
      let rows = try await setting.virtNest(common + ["--from", table])
      #expect(rows.status == .exited(0), "\(rows.errorText)")
      let memory = try await setting.libvirtd.virsh("dumpxml", "kata-x")
      #expect(memory.contains("<memory unit='KiB'>3145728</memory>"))
      for (name, address) in [("kata-x", "10.0.0.5/24"), ("kata-y", "10.0.0.6/24")] {
        let seed = try readFile(setting.pool + "/\(name)-seed.iso")
        #expect(String(decoding: seed, as: UTF8.self).contains(address), "\(name)")
      }

      // JSON says the same; an image, a disk, a key and a host name may be each guest's own.
      for name in ["kata-u", "kata-v"] {
        let key = try await TestSupport.run(
          "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name],
          in: setting.folder)
        try #require(key.succeeded, "\(key.errorText)")
      }
      try FileManager.default.copyItem(
        atPath: setting.image, toPath: setting.folder + "/kata-v-base.qcow2")
      try write(
        """
        [{"name": "kata-u", "disk-size": "45G"},
         {"name": "kata-v", "image": "{name}-base.qcow2", "hostname": "{name}.example.org"}]
        """, to: table)
      let own = try await setting.virtNest(
        common.filter { $0 != "--no-login" }
          + ["--from", table, "--ssh-key", "{name}.pub", "--console", "log.file=/tmp/{name}.log"]
      )
      #expect(own.status == .exited(0), "\(own.errorText)")
      for (name, size, image, host) in [
        ("kata-u", "48318382080", "base.qcow2", "kata-u"),
        ("kata-v", "42949672960", "kata-v-base.qcow2", "kata-v.example.org"),
      ] {
        let disk = try await setting.libvirtd.virsh(
          "vol-dumpxml", "--pool", "default", name + ".qcow2")
        #expect(disk.contains("<capacity unit='bytes'>\(size)</capacity>"), "\(disk)")
        #expect(disk.contains("/\(image)</path>"), "\(disk)")
        let seed = String(
          decoding: try readFile(setting.pool + "/\(name)-seed.iso"), as: UTF8.self)
        #expect(seed.contains(" \(name)\"") && seed.contains("local-hostname: \"\(host)\""))
        let definition = try await setting.libvirtd.virsh("dumpxml", name)
        #expect(definition.contains("<log file='/tmp/\(name).log'/>"), "\(definition)")
      }
      try write(#"[{"name": "kata-u", "wait-limit": 3}]"#, to: table)
      let forAll = try await setting.virtNest(common + ["--from", table])
      #expect(forAll.errorText.contains("[0].wait-limit: 'wait-limit' is for all guests"))

      // One that is wrong: none is made.
      try write("name,address\nkata-p,10.0.0.7/24\nkata-q,10.0.0/24\n", to: table)
      let before = try await setting.state()
      let wrong = try await setting.virtNest(common + ["--from", table])
      #expect(wrong.status == .exited(2) && wrong.errorText.contains("guests.csv:3:8: error: "))
      #expect(try await setting.state() == before)
      let shared = try await setting.virtNest(
        common + ["--count", "2", "--address", "10.0.0.5/24"])
      #expect(shared.status == .exited(64) && shared.errorText.contains("columns of --from"))
    }
  }

  @Test("An address that another has is refused: of a network, a lease, a guest, or the same table")
  func addressInUse() async throws {
    try await withSetting { setting in
      try write(
        """
        <network><name>inner</name><uuid>7b1bd6ba-9a07-4d4c-9f6d-3b2d7c1d2a10</uuid>
        <ip address='10.0.0.1' netmask='255.255.255.0'><dhcp><range start='10.0.0.100' end='10.0.0.200'/>
        <host mac='52:54:00:00:00:01' ip='10.0.0.7'/><host name='kata-o' ip='10.0.0.8'/></dhcp></ip></network>

        """, to: setting.folder + "/inner.xml")
      try await setting.libvirtd.virsh("net-define", setting.folder + "/inner.xml")
      // As dnsmasq's leases are printed; no network is started here.
      let leases = """
        case " $* " in *net-dhcp-leases*)
          set -- "$(printf '%s' "$*" | sed "s/net-dhcp-leases --network 'inner'/echo \\
          '2026-11-26 12:00:00  52:54:00:00:00:02  ipv4  10.0.0.9\\/24  kata-d  01:52:54:00:00:00:02'/;
          s/.*--quiet *//; s/--connect[= ][^ ]* //")"
          exec $virsh --quiet --connect '\(setting.libvirtd.uri)' "$1" ;;
        esac
        """
      func up(_ address: String, _ name: String = "kata-a") async throws -> Run {
        try await setting.virtNest(
          [
            "up", "fedora", "--name", name, "--emulated", "--memory", "2G", "--network",
            "network=inner", "--image", "base.qcow2", "--no-login", "--no-wait", "--dry-run",
            "--address", address,
          ], trick: leases)
      }
      for (address, owner) in [
        ("10.0.0.1/24", "the network 'inner' has it on the host itself"),
        ("10.0.0.7/24", "the network 'inner' keeps it for 52:54:00:00:00:01"),
        ("10.0.0.8/24", "the network 'inner' keeps it for kata-o"),
        ("10.0.0.9/24", "the DHCP server of the network 'inner' has given it to 52:54:00:00:00:02"),
      ] {
        let run = try await up(address)
        #expect(run.status == .exited(2) && run.errorText.contains(owner), "\(run.errorText)")
        #expect(run.errorText.contains("give the guest another address"))
      }
      // A free one: then what is left is that nobody has started the network.
      let free = try await up("10.0.0.10/24")
      #expect(
        free.status == .exited(2) && free.errorText.contains("not running: virsh net-start inner"),
        "\(free.errorText)")
      let missing = try await setting.virtNest([
        "up", "fedora", "--name", "kata-a", "--emulated", "--network", "network=none", "--image",
        "base.qcow2", "--no-login", "--dry-run",
      ])
      #expect(
        missing.errorText.contains("there is no network 'none' on"), "\(missing.errorText)")

      // Another guest that up has made, which need not run; the guest itself is no other.
      let own = ["--network", "user", "--address", "10.0.0.10/24"]
      let made = try await setting.virtNest(
        [
          "up", "fedora", "--name", "kata-b", "--emulated", "--memory", "2G", "--image",
          "base.qcow2",
        ]
          + ["--no-login", "--no-wait"] + own)
      #expect(made.status == .exited(0), "\(made.errorText)")
      let again = try await setting.virtNest(
        [
          "up", "fedora", "--name", "kata-b", "--emulated", "--memory", "2G", "--image",
          "base.qcow2",
        ]
          + ["--no-login", "--no-wait"] + own)
      #expect(again.errorText == "kata-b: everything is there\n")
      let taken = try await up("10.0.0.10/24")
      #expect(taken.status == .exited(2))
      #expect(
        taken.errorText.contains("10.0.0.10 is in use: the guest 'kata-b' has it"),
        "\(taken.errorText)")

      let table = setting.folder + "/guests.csv"
      try write("name,address\nkata-x,10.0.0.5/24\nkata-y,10.0.0.5/24\n", to: table)
      let twice = try await setting.virtNest([
        "up", "fedora", "--emulated", "--network", "user", "--image", "base.qcow2", "--no-login",
        "--no-wait", "--from", table,
      ])
      #expect(twice.status == .exited(2))
      #expect(
        twice.errorText.contains("kata-x and kata-y have the same address 10.0.0.5"),
        "\(twice.errorText)")
    }
  }

  @Test(
    "A password is made once for each guest, when nothing else is wrong, and kept for its owner")
  func generatedPassword() async throws {
    try await withSetting { setting in
      func up(_ options: String...) async throws -> Run {
        try await setting.virtNest(
          [
            "up", "fedora", "--release", "44", "--emulated", "--memory", "2G", "--network", "none",
            "--image", "base.qcow2", "--no-wait", "--count", "2",
            "--password-file", "{name}.password", "--generate-password",
          ] + options)
      }
      let file = setting.folder + "/kata-fedora-44-vm-01.password"
      for options in ["--dry-run", "--pool=none"] {
        _ = try await up(options)
        #expect(!FileManager.default.fileExists(atPath: file), "\(options)")
      }
      let first = try await up()
      #expect(first.status == .exited(0), "\(first.errorText)")
      #expect(
        first.errorText.contains(
          "made a password for kata-fedora-44-vm-01, kept in kata-fedora-44-vm-01.password"))
      let password = try readFile(file)
      #expect(
        password.count == 21
          && !first.errorText.contains(String(decoding: password.dropLast(), as: UTF8.self)))
      #expect(try readFile(setting.folder + "/kata-fedora-44-vm-00.password") != password)
      let mode = try await TestSupport.run("stat", ["-c", "%a", file])
      #expect(mode.outputText == "600\n")
      let second = try await up()
      #expect(second.status == .exited(0), "\(second.errorText)")
      #expect(second.errorText.contains("kata-fedora-44-vm-01: everything is there"))
      #expect(!second.errorText.contains("made a password"))
      #expect(try readFile(file) == password)
    }
  }

  @Test("A terminal shows how far an upload is", .needs("script"))
  func progress() async throws {
    try await withSetting { setting in
      let made = try await TestSupport.run(
        "sh",
        [
          "-c",
          "qemu-img create -q -f qcow2 base.qcow2 64M && qemu-io -c 'write -P 7 0 16M' base.qcow2",
        ], in: setting.folder)
      try #require(made.succeeded, "\(made.errorText)")
      // Half of the image, and the rest when at least one look has come in between.
      let slow = """
        case " $* " in *" vol-upload "*" --vol=base.qcow2 "*)
          { head -c 8388608; sleep 3; cat; } | $virsh "$@"
          exit ;;
        esac
        """
      _ = try await setting.up("kata-a", "--dry-run", trick: slow)
      let script = """
        PATH='\(setting.folder)/tools':$PATH '\(VirtNestBinary.path)' up fedora --name kata-a --emulated \
          --memory 2G --network none --image base.qcow2 --no-login --no-wait \
          --connect '\(setting.libvirtd.uri)'
        """
      let run = try await TestSupport.run(
        "script", ["-qec", script, "/dev/null"], environment: ["TERM": "xterm"], in: setting.folder)
      #expect(run.succeeded, "\(run.outputText)")
      #expect(run.outputText.contains("8 of 16 MiB, "), "\(run.outputText)")
    }
  }

  @Test("What cannot be made is refused before anything is made, with the reason")
  func refused() async throws {
    try await withSetting { setting in
      let folder = setting.folder
      let whole = try readFile(setting.image)
      try writeFile(folder + "/cut.qcow2", whole.prefix(100_000))
      try writeFile(folder + "/noble-server-cloudimg-amd64.img", whole)
      try write(String(repeating: "x", count: 1000), to: folder + "/text.img")
      _ = try await TestSupport.run(
        "qemu-img",
        ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", setting.image, folder + "/over.qcow2"])
      let disks = try await TestSupport.run(
        "sh",
        [
          "-c",
          """
          make() {
            truncate -s 32M $1.raw && printf '%s\n' "$2" | sfdisk -q $1.raw &&
              qemu-img convert -c -O qcow2 $1.raw $1.qcow2
          }
          make efi 'label: gpt
          size=8M,type=uefi' && make bios 'label: gpt
          size=1M,type=21686148-6449-6E6F-744E-656564454649' && make dos 'label: dos
          size=8M,type=ef' && make prep 'label: gpt
          size=8M,type=9E1A2D38-C612-4316-AA26-8B49521E5A8B
          size=8M,type=uefi'
          """,
        ], in: folder)
      try #require(disks.succeeded, "\(disks.errorText)")
      for image in ["prep.qcow2", "prep.raw"] {
        let power = try await setting.up("kata-a", "--dry-run", image: image)
        #expect(power.status == .exited(0), "\(power.errorText)")
      }
      for (image, options, reason) in [
        ("none.qcow2", [], "none.qcow2: cannot read the image: No such file"),
        ("pool", [], "pool: it is not a file"), ("cut.qcow2", [], "the image is cut off"),
        ("over.qcow2", [], "it is on top of another image"), ("text.img", [], "neither a qcow2"),
        ("noble-server-cloudimg-amd64.img", [], "made for amd64, and the guest is ppc64le"),
        ("vol=noble-amd64.img", [], "made for amd64, and the guest is ppc64le"),
        ("efi.raw", [], "made for another architecture"),
        ("efi.qcow2", [], "made for another architecture"),
        ("bios.qcow2", [], "made for another architecture"),
        ("dos.qcow2", [], "made for another architecture"),
        ("base.qcow2", ["--pool", "none"], "there is no storage pool 'none'"),
        ("vol=none", [], "has no volume 'none'"),
        ("base.qcow2", ["--disk-size", "1M"], "the disk must be as large as the image"),
        ("base.qcow2", ["--address", "10.0.0.5/24"], "the guest has no interface 1"),
        (
          "base.qcow2", ["--virt-type", "kvm"], "nothing is made; use --unchecked-host"
        ),
      ] as [(String, [String], String)] {
        let isKVM = options.first == "--virt-type"
        let run = try await setting.virtNest(
          [
            "up", "fedora", "--name", "kata-a", "--memory", "2G", "--network", "none", "--image",
            image, "--no-login", "--no-wait",
          ] + (isKVM ? [] : ["--emulated"] + options))
        #expect(run.status == .exited(2), "\(image) \(options)")
        #expect(run.errorText.contains(reason), "\(image) \(options): \(run.errorText)")
      }
      let noLogin = try await setting.virtNest([
        "up", "fedora", "--emulated", "--image", "base.qcow2", "--no-wait",
      ])
      #expect(noLogin.errorText.contains("nobody could log in"), "\(noLogin.errorText)")
      try await setting.libvirtd.virsh("pool-destroy", "default")
      let stopped = try await setting.up()
      #expect(stopped.errorText.contains("virsh pool-start default"), "\(stopped.errorText)")
      #expect(try await setting.state() == "")
    }
  }

  @Test(
    "An image by its URL is fetched once, goes on after an interruption, and is compared with its checksum",
    .needs("curl", "python3"))
  func fetched() async throws {
    try await withSetting { setting in
      let folder = setting.folder
      let whole = try readFile(setting.image)
      try FileManager.default.createDirectory(
        atPath: folder + "/server", withIntermediateDirectories: false)
      try writeFile(folder + "/server/base.qcow2", whole)
      try writeFile(folder + "/server/lone.qcow2", whole)
      let sum = try await TestSupport.run("sha512sum", ["base.qcow2"], in: folder).outputText
      try write("0 other\n" + sum, to: folder + "/server/SHA512SUMS")
      let script = """
        import functools, http.server, os, sys, threading
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory='server')
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [word.replace('PORT', str(server.server_port)) for word in sys.argv[1:]]
        import subprocess
        sys.exit(subprocess.run(command).returncode)
        """
      let fetch = { @Sendable (image: String, more: [String]) in
        try await TestSupport.run(
          "python3",
          [
            "-c", script, VirtNestBinary.path, "up", "fedora", "--name", "kata-a", "--emulated",
            "--network", "none", "--no-login", "--dry-run", "--connect", setting.libvirtd.uri,
            "--image", "http://127.0.0.1:PORT/\(image)",
          ] + more, environment: ["XDG_CACHE_HOME": folder + "/cache"], in: folder)
      }
      let cached = folder + "/cache/virt-nest/images/base.qcow2"
      let first = try await fetch("base.qcow2", [])
      #expect(first.status == .exited(0), "\(first.errorText)")
      #expect(first.errorText.contains("virt-nest: fetch http://127.0.0.1"))
      #expect(first.outputText.contains("to do: upload the image base.qcow2"))
      #expect(try readFile(cached) == whole)
      let second = try await fetch("base.qcow2", [])
      #expect(second.status == .exited(0) && !second.errorText.contains("fetch"))
      // A part of it is gone on with, or fetched anew where the server cannot.
      try FileManager.default.removeItem(atPath: cached)
      try writeFile(cached + ".part", whole.prefix(1000))
      #expect(try await fetch("base.qcow2", []).status == .exited(0))
      #expect(try readFile(cached) == whole)
      // What stands in the cache is not trusted.
      try writeFile(cached, whole.prefix(1000))
      #expect(try await fetch("base.qcow2", []).status == .exited(0))
      #expect(try readFile(cached) == whole)

      let other = try await fetch(
        "lone.qcow2", ["--image-sha256", String(repeating: "0", count: 64)])
      #expect(other.status == .exited(2))
      #expect(other.errorText.contains("has another checksum"), "\(other.errorText)")
      let none = try await fetch("lone.qcow2", [])
      #expect(none.errorText.contains("there is no checksum of the image"), "\(none.errorText)")
      let gone = try await fetch(
        "gone.qcow2", ["--image-sha256", String(repeating: "0", count: 64)])
      #expect(gone.errorText.contains("cannot fetch"), "\(gone.errorText)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder + "/cache/virt-nest/images")
          == ["base.qcow2"])
    }
  }

  @Test("It waits for the end of cloud-init, also where the guest agent answers before")
  func waits() async throws {
    try await withSetting { setting in
      // What an agent says whose cloud-init is at work for the first `turns` questions.
      let agent = { @Sendable (turns: Int) in
        """
        case " $* " in
        *guest-exec-status*)
          echo >>\(setting.folder)/asked
          if [ "$(wc -l <\(setting.folder)/asked)" -le \(turns) ]; then
            said='setup=yes\\nmodule=no\\nmachine=no KVM is not loaded\\n'
          else
            said='module=yes\\nsetup-error=no packages\\nmachine=yes\\nguests=0\\n'
          fi
          printf '{"return":{"exited":true,"exitcode":0,"out-data":"%s"}}' "$(printf "$said" | base64 -w 0)"
          exit ;;
        *guest-exec*) echo '{"return":{"pid":7}}'; exit ;;
        *qemu-agent-command*) echo '{"return":{}}'; exit ;;
        esac
        """
      }
      let up = { @Sendable (turns: Int, more: [String]) in
        try write("", to: setting.folder + "/asked")
        return try await setting.virtNest(
          [
            "up", "fedora", "--name", "kata-a", "--emulated", "--memory", "2G", "--network", "none",
            "--image", "base.qcow2", "--no-login",
          ] + more, trick: agent(turns))
      }
      let mute = try await setting.virtNest([
        "up", "fedora", "--name", "kata-b", "--emulated", "--memory", "2G", "--network", "none",
        "--image", "base.qcow2", "--no-login", "--remove", "channel:all",
      ])
      #expect(mute.status == .exited(2))
      #expect(
        mute.errorText.contains("its definition has no channel for a guest agent"),
        "\(mute.errorText)")

      let never = try await up(1000, ["--wait-limit", "1"])
      #expect(never.status == .exited(2))
      #expect(
        never.errorText.contains("after 1 s cloud-init in it is still at work"),
        "\(never.errorText)")
      let ended = try await up(2, [])
      #expect(ended.status == .exited(0), "\(ended.errorText)")
      #expect(ended.outputText.contains("L1       kvm_hv is loaded\n"), "\(ended.outputText)")
      #expect(ended.outputText.contains("L1       cloud-init reports an error: no packages\n"))
    }
  }

  @Test("Another seed, size or image for a guest that is there is refused")
  func others() async throws {
    try await withSetting { setting in
      #expect(try await setting.up().status == .exited(0))
      let state = try await setting.state()
      try FileManager.default.copyItem(
        atPath: setting.image, toPath: setting.folder + "/other.qcow2")
      for (run, reason) in [
        (try await setting.up("kata-a", "--hostname", "b"), "its seed has other content"),
        (try await setting.up("kata-a", "--no-seed"), "it was made with a seed"),
        (try await setting.up("kata-a", "--disk-size", "50G"), "its disk has 42949672960 bytes"),
        (try await setting.up(image: "other.qcow2"), "its image is the volume 'base.qcow2'"),
      ] {
        #expect(run.status == .exited(2))
        #expect(run.errorText.contains(reason), "\(run.errorText)")
      }
      #expect(try await setting.state() == state)
    }
  }
}
