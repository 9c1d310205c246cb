import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// A tree that the installation works on in place of the running host.
struct HostTree {
  private let folder = try? TemporaryFolder()
  let root: String

  init() throws {
    root = try #require(folder).path
  }

  func path(_ path: String) -> String { root + path }

  func run(_ script: String, _ arguments: [String] = []) async throws -> Run {
    try await TestSupport.run(
      "sh", ["-s", "--"] + arguments, environment: ["DESTDIR": root], input: Array(script.utf8))
  }

  /// Every file with its content, and what links point to.
  func listing() async throws -> String {
    let script = """
      cd "$1" && find . \\( -type f -o -type l \\) ! -path './var/*' | LC_ALL=C sort |
        while read -r f; do printf '%s %s ' "$(stat -c %a "$f")" "$f"; cksum <"$f"; done
      """
    let run = try await TestSupport.run("sh", ["-c", script, "sh", root])
    try #require(run.succeeded, "\(run.errorText)")
    return run.outputText
  }

  /// A package whose only file is an emulator that says `version`, installed by dpkg.
  func installPackage(version: String) async throws {
    let emulator = "#!/bin/sh\necho \(version) \"$@\"\n"
    try await writeExecutable(emulator, to: path("/package/usr/bin/qemu-system-ppc64"))
    try await writeExecutable(
      """
      Package: qemu-stand-in
      Version: \(version)
      Architecture: all
      Maintainer: nobody <nobody@example.org>
      Description: an emulator

      """, to: path("/package/DEBIAN/control"))
    let script = """
      set -e
      mkdir -p "$1/var/lib/dpkg/info" "$1/var/lib/dpkg/updates"
      touch "$1/var/lib/dpkg/status" "$1/var/lib/dpkg/available"
      dpkg-deb --root-owner-group --build "$1/package" "$1/package.deb"
      dpkg --root="$1" --force-not-root --force-script-chrootless -i "$1/package.deb"
      rm -r "$1/package" "$1/package.deb"
      """
    let run = try await TestSupport.run("sh", ["-c", script, "sh", root])
    try #require(run.succeeded, "\(run.outputText)\(run.errorText)")
  }

  /// What the emulator says, with its path as the tree has it.
  func emulator(_ name: String = "qemu-system-ppc64", saying words: [String]) async throws -> String
  {
    // The wrapper runs an absolute path of the host that the tree stands for.
    let script = try await text(of: path("/usr/bin/\(name)"))
      .replacing("exec '/", with: "exec '\(root)/")
    try await writeExecutable(script, to: path("/tmp-wrapper"))
    let run = try await TestSupport.run(path("/tmp-wrapper"), words)
    _ = try await TestSupport.run("rm", [path("/tmp-wrapper")])
    return run.outputText + run.errorText
  }
}

extension String {
  fileprivate func replacing(_ old: String, with new: String) -> String {
    var result = ""
    var rest = self[...]
    while let range = rest.firstRange(of: old) {
      result += rest[..<range.lowerBound] + new
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}

let kataArguments = ["-name", "kata", "-M", "pseries"]

@Suite("Installing the wrapper") struct WrapperInstallTests {
  @Test("Every script is clean for shellcheck", .needs("shellcheck"))
  func shellcheck() async throws {
    let wrapper = try EmulatorWrapper(match: "it's [a] *", emulator: "/opt/it's a/qemu")
    try await expectClean(wrapper.script(), "wrapper")
    try await expectClean(try wrapper.installScript(), "beside")
    try await expectClean(try wrapper.installScript(.replacing, uninstalling: true), "replacing")
  }

  @Test("Beside QEMU: twice is once, and uninstalling leaves the host as it was")
  func beside() async throws {
    let tree = try HostTree()
    try await writeExecutable(
      "#!/bin/sh\necho real \"$@\"\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    let before = try await tree.listing()
    let script = try EmulatorWrapper().installScript()

    let first = try await tree.run(script)
    try #require(first.succeeded, "\(first.errorText)")
    #expect(first.output.isEmpty)
    let installed = try await tree.listing()
    let said = try await tree.emulator("qemu-system-ppc64-nested", saying: kataArguments)
    #expect(said == "real -machine cap-nested-hv=on -name kata -M pseries\n")

    let second = try await tree.run(script, ["--install"])
    #expect(second.succeeded)
    #expect(try await tree.listing() == installed)

    let changed = try await tree.run(try EmulatorWrapper(match: "other").installScript())
    #expect(changed.succeeded)
    #expect(try await tree.listing() != installed)

    for _ in 1...2 {
      let removed = try await tree.run(script, ["--uninstall"])
      #expect(removed.succeeded, "\(removed.errorText)")
      #expect(try await tree.listing() == before)
    }
  }

  @Test("A file that is no wrapper is neither replaced nor removed")
  func foreignFile() async throws {
    let tree = try HostTree()
    try await writeExecutable("#!/bin/sh\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    try await writeExecutable("mine\n", to: tree.path("/usr/bin/qemu-system-ppc64-nested"))
    let before = try await tree.listing()
    let install = try await tree.run(try EmulatorWrapper().installScript())
    #expect(!install.succeeded)
    #expect(install.errorText.contains("/usr/bin/qemu-system-ppc64-nested exists"))
    let uninstall = try await tree.run(try EmulatorWrapper().installScript(uninstalling: true))
    #expect(uninstall.succeeded)
    #expect(try await tree.listing() == before)
  }

  @Test("Without QEMU there is a message and no wrapper")
  func withoutEmulator() async throws {
    for placement in [
      .beside(path: Emulator.defaultWrapper), EmulatorWrapper.Placement.replacing,
    ] {
      let tree = try HostTree()
      let run = try await tree.run(try EmulatorWrapper().installScript(placement))
      #expect(!run.succeeded)
      #expect(run.errorText.contains("install QEMU for ppc64 first"), "\(run.errorText)")
      #expect(try await tree.listing() == "")
    }
  }

  @Test("In QEMU's place, dpkg's upgrade goes to the diverted path", .needs("dpkg", "dpkg-divert"))
  func diverted() async throws {
    let tree = try HostTree()
    try await tree.installPackage(version: "1")
    let script = try EmulatorWrapper().installScript(.replacing)
    for _ in 1...2 {
      let run = try await tree.run(script)
      try #require(run.succeeded, "\(run.outputText)\(run.errorText)")
      #expect(
        try await tree.emulator(saying: kataArguments)
          == "1 -machine cap-nested-hv=on -name kata -M pseries\n")
    }
    try await tree.installPackage(version: "2")
    #expect(
      try await tree.emulator(saying: kataArguments)
        == "2 -machine cap-nested-hv=on -name kata -M pseries\n"
    )
    #expect(try await tree.emulator(saying: ["-name", "db"]) == "2 -name db\n")

    for _ in 1...2 {
      let run = try await tree.run(script, ["--uninstall"])
      #expect(run.succeeded, "\(run.outputText)\(run.errorText)")
    }
    #expect(try await text(of: tree.path("/usr/bin/qemu-system-ppc64")).contains("echo 2"))
    let diversions = try await run("dpkg-divert", ["--root", tree.root, "--list", "*qemu*"])
    #expect(diversions.outputText == "")
    try await tree.installPackage(version: "3")
    #expect(try await text(of: tree.path("/usr/bin/qemu-system-ppc64")).contains("echo 3"))
    let files = try await tree.listing()
    #expect(!files.contains(".distrib"), "\(files)")
  }

  @Test("In QEMU's place without dpkg, the watched path gets the wrapper back after an upgrade")
  func watched() async throws {
    let tree = try HostTree()
    let path = tree.path("/usr/bin/qemu-system-ppc64")
    try await writeExecutable("#!/bin/sh\necho 1 \"$@\"\n", to: path)
    let before = try await tree.listing()
    let script = try EmulatorWrapper().installScript(.replacing)
    let run = try await tree.run(script)
    try #require(run.succeeded, "\(run.errorText)")
    let unit = try await text(of: tree.path("/etc/systemd/system/virt-nest-wrapper.path"))
    #expect(unit.contains("\nPathChanged=/usr/bin/qemu-system-ppc64\n"))

    // As rpm does: a new file, renamed over the old one.
    try await writeExecutable("#!/bin/sh\necho 2 \"$@\"\n", to: path + ";5f3a")
    _ = try await TestSupport.run("mv", [path + ";5f3a", path])
    #expect(try await tree.emulator(saying: kataArguments) == "2 -name kata -M pseries\n")
    for _ in 1...2 {
      let kept = try await TestSupport.run(
        tree.path("/usr/local/sbin/virt-nest-place-wrapper"), environment: ["DESTDIR": tree.root])
      #expect(kept.succeeded, "\(kept.errorText)")
      #expect(
        try await tree.emulator(saying: kataArguments)
          == "2 -machine cap-nested-hv=on -name kata -M pseries\n")
    }
    let removed = try await tree.run(script, ["--uninstall"])
    #expect(removed.succeeded, "\(removed.errorText)")
    #expect(try await text(of: path).contains("echo 2"))
    #expect(
      try await tree.listing().split(separator: "\n").count
        == before.split(separator: "\n").count)
  }

  @Test("AppArmor's local rules get lines of ours, and lose no others")
  func appArmor() async throws {
    let tree = try HostTree()
    try await writeExecutable("#!/bin/sh\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    try await writeExecutable("", to: tree.path("/etc/apparmor.d/usr.sbin.libvirtd"))
    try await writeExecutable(
      "  include if exists <local/abstractions/libvirt-qemu>\n",
      to: tree.path("/etc/apparmor.d/abstractions/libvirt-qemu"))
    let rules = tree.path("/etc/apparmor.d/local/abstractions/libvirt-qemu")
    let daemonRules = tree.path("/etc/apparmor.d/local/usr.sbin.libvirtd")
    try await writeExecutable("/srv/** r,", to: rules)
    try await writeExecutable("", to: daemonRules)
    let script = try EmulatorWrapper().installScript(.beside(path: "/opt/a [b]/qemu"))
    try await writeExecutable("", to: tree.path("/opt/a [b]/.keep"))
    for _ in 1...2 {
      let run = try await tree.run(script)
      try #require(run.succeeded, "\(run.errorText)")
      #expect(!run.errorText.contains("warning"))
    }
    #expect(
      try await text(of: rules) == #"""
        /srv/** r,
        "/opt/a \[b\]/qemu" rmix, # virt-nest wrapper
        "/usr/bin/qemu-system-ppc64" rmix, # virt-nest wrapper

        """#)
    #expect(
      try await text(of: daemonRules) == #"""
        "/opt/a \[b\]/qemu" PUx, # virt-nest wrapper

        """#)
    let run = try await tree.run(script, ["--uninstall"])
    #expect(run.succeeded, "\(run.errorText)")
    #expect(try await text(of: rules) == "/srv/** r,\n")
    #expect(try await text(of: daemonRules) == "")
  }

  @Test("A script that was cut off on its way does nothing")
  func cutOff() async throws {
    let tree = try HostTree()
    try await writeExecutable("#!/bin/sh\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    let before = try await tree.listing()
    let lines = try EmulatorWrapper().installScript(.replacing).split(
      separator: "\n", omittingEmptySubsequences: false)
    for count in stride(from: 1, to: lines.count - 2, by: 9) {
      _ = try await tree.run(lines.prefix(count).joined(separator: "\n"))
    }
    #expect(try await tree.listing() == before)
  }

  @Test("An unknown option changes nothing")
  func unknownOption() async throws {
    let tree = try HostTree()
    try await writeExecutable("#!/bin/sh\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    let run = try await tree.run(try EmulatorWrapper().installScript(), ["--remove"])
    #expect(!run.succeeded)
    #expect(run.errorText.contains("--install or --uninstall"))
  }
}
