import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// What happens to the two names of QEMU where something comes in between.
@Suite("The wrapper in QEMU's place") struct WrapperPlacingTests {
  private let tree: HostTree
  private let path: String
  private let nested = "-machine cap-nested-hv=on -name kata -M pseries\n"

  init() throws {
    tree = try HostTree()
    path = tree.path("/usr/bin/qemu-system-ppc64")
  }

  private func installScript() throws -> String {
    try EmulatorWrapper().installScript(.replacing)
  }

  private func installWatched() async throws {
    try await writeExecutable("#!/bin/sh\necho 1 \"$@\"\n", to: path)
    let done = try await tree.run(try installScript())
    try #require(done.succeeded, "\(done.errorText)")
  }

  private func uninstall() async throws {
    let done = try await tree.run(try installScript(), ["--uninstall"])
    #expect(done.succeeded, "\(done.errorText)")
  }

  @Test("What the unit runs is clean for shellcheck", .needs("shellcheck"))
  func clean() async throws {
    try await installWatched()
    try await expectClean(
      try await text(of: tree.path("/usr/local/sbin/virt-nest-place-wrapper")), "place-wrapper")
  }

  @Test("Several that place it at once leave QEMU its second name, and nothing else")
  func atOnce() async throws {
    try await installWatched()
    let listing = try await tree.listing()
    let script = """
      set -eu
      export DESTDIR="$1"
      for round in 1 2 3 4 5 6 7 8; do
        printf '#!/bin/sh\\necho 1 "$@"\\n' >"$2;new"
        chmod 755 "$2;new"
        mv -f "$2;new" "$2"
        pids=
        for placer in 1 2 3 4 5 6; do
          sh "$1/usr/local/sbin/virt-nest-place-wrapper" & pids="$pids $!"
        done
        for pid in $pids; do wait "$pid"; done
        grep -q '^echo 1' "$2.distrib"
        tail -n 1 "$2" | grep -q '^exec'
      done
      """
    let done = try await run("sh", ["-c", script, "sh", tree.root, path])
    #expect(done.succeeded && done.errorText == "", "\(done.errorText)")
    #expect(try await tree.emulator(saying: kataArguments) == "1 \(nested)")
    #expect(try await tree.listing() == listing)
  }

  @Test("What is placed already is not touched: the unit that watches it would be started for ever")
  func untouched() async throws {
    try await installWatched()
    let times = { try await run("stat", ["-c", "%Z %h %i", path, path + ".distrib"]).outputText }
    let before = try await times()
    let done = try await run(
      tree.path("/usr/local/sbin/virt-nest-place-wrapper"), environment: ["DESTDIR": tree.root])
    #expect(done.succeeded, "\(done.errorText)")
    #expect(try await times() == before)
  }

  @Test("What comes while the unit's service runs is seen by that service")
  func untilItStays() async throws {
    try await installWatched()
    // While the service waits, another QEMU comes in its place: once.
    let tools = try TemporaryFolder()
    defer { tools.remove() }
    try await writeExecutable(
      """
      #!/bin/sh
      set -eu
      mkdir '\(tools.file("came"))' 2>/dev/null || exit 0
      printf '#!/bin/sh\\necho 3 "$@"\\n' >'\(path);new'
      chmod 755 '\(path);new'
      mv -f '\(path);new' '\(path)'

      """, to: tools.file("sleep"))
    let script = """
      set -eu
      export DESTDIR="$1" PATH="$3:$PATH"
      printf '#!/bin/sh\\necho 2 "$@"\\n' >"$2;new"
      chmod 755 "$2;new"
      mv -f "$2;new" "$2"
      "$1/usr/local/sbin/virt-nest-place-wrapper" --until-it-stays
      """
    let done = try await run("sh", ["-c", script, "sh", tree.root, path, tools.path])
    #expect(done.succeeded && done.errorText == "", "\(done.errorText)")
    #expect(try await tree.emulator(saying: kataArguments) == "3 \(nested)")
  }

  @Test("The watch is switched on, also where systemd does not run; uninstalling takes all of it")
  func watch() async throws {
    try await installWatched()
    let link = tree.path("/etc/systemd/system/multi-user.target.wants/virt-nest-wrapper.path")
    #expect(
      try await run("readlink", [link]).outputText
        == "/etc/systemd/system/virt-nest-wrapper.path\n")
    let service = try await text(
      of: tree.path("/etc/systemd/system/virt-nest-wrapper.service"))
    #expect(service.contains("\nStartLimitIntervalSec=0\n"))
    #expect(
      service.contains("\nExecStart=/usr/local/sbin/virt-nest-place-wrapper --until-it-stays\n"))
    #expect(service.contains("\nConditionPathExists=/usr/bin/qemu-system-ppc64\n"))
    try await uninstall()
    #expect(
      try await tree.listing().split(separator: "\n").map { $0.split(separator: " ")[1] }
        == ["./usr/bin/qemu-system-ppc64"])
  }

  @Test("Where another QEMU came and was not watched, uninstalling leaves that one")
  func unwatchedUpgrade() async throws {
    try await installWatched()
    try await writeExecutable("#!/bin/sh\necho 2 \"$@\"\n", to: path + ".new")
    _ = try await run("mv", [path + ".new", path])
    try await uninstall()
    #expect(try await text(of: path).contains("echo 2"))
    #expect(try await !tree.listing().contains(".distrib"))
  }

  @Test("Where the wrapper alone is gone, uninstalling gives a QEMU of no package its name back")
  func wrapperGone() async throws {
    try await installWatched()
    _ = try await run("rm", [path])
    try await uninstall()
    #expect(try await text(of: path).contains("echo 1"))
    #expect(try await !tree.listing().contains(".distrib"))
  }

  @Test("Where the package is gone, uninstalling leaves nothing of it")
  func erased() async throws {
    try await installWatched()
    // As the script says it of a QEMU that rpm knows.
    let unit = tree.path("/etc/systemd/system/virt-nest-wrapper.path")
    try await writeExecutable(
      try await text(of: unit) + "# QEMU is of a package of rpm.\n", to: unit)
    _ = try await run("rm", [path])
    try await uninstall()
    #expect(try await tree.listing() == "")
  }

  @Test(
    "Where the wrapper alone was removed, dpkg's QEMU gets its name back", .needs("dpkg-divert"))
  func removedByHand() async throws {
    try await tree.installPackage(version: "1")
    let done = try await tree.run(try installScript())
    try #require(done.succeeded, "\(done.errorText)")
    _ = try await run("rm", [path])
    for _ in 1...2 {
      try await uninstall()
      #expect(try await text(of: path).contains("echo 1"))
      #expect(try await !tree.listing().contains(".distrib"))
    }
  }

  @Test("A file that somebody else has put at the second name is left", .needs("dpkg-divert"))
  func foreignDiversion() async throws {
    try await tree.installPackage(version: "1")
    try await writeExecutable("mine\n", to: path + ".distrib")
    _ = try await run("rm", [path])
    try await uninstall()
    #expect(try await text(of: path + ".distrib") == "mine\n")
  }
}
