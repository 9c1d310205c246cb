import Foundation
import TestSupport
import Testing
import VirtNest

@Suite("With a daemon of libvirt's", .needs("libvirtd", "virsh", "qemu-system-ppc64", "unshare"))
struct DaemonTests {
  /// Starts libvirtd where it sees nothing of the machine's own, does what `$2` says with `virsh`
  /// connected to it, and ends it.
  private static let script = #"""
    set -eu
    folder=$1
    mount --make-rprivate /
    for name in /etc/libvirt /run/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
      mkdir -p "$name" "$folder$name"
      mount --bind "$folder$name" "$name"
    done
    # Without virtlogd, sockets of systemd, cgroups and namespaces.
    cat >/etc/libvirt/qemu.conf <<END
    user = "root"
    group = "root"
    stdio_handler = "file"
    security_driver = "none"
    namespaces = []
    cgroup_controllers = []
    seccomp_sandbox = 0
    END
    printf 'unix_sock_dir = "%s"\nauth_unix_rw = "none"\n' "$folder" >"$folder/libvirtd.conf"
    libvirtd --config "$folder/libvirtd.conf" --pid-file "$folder/pid" >"$folder/log" 2>&1 &
    daemon=$!
    trap 'kill "$daemon"; wait "$daemon" || :' EXIT
    export VIRSH_DEFAULT_CONNECT_URI="qemu:///system?socket=$folder/libvirt-sock"
    until virsh -q uri >/dev/null 2>&1; do
      if ! kill -0 "$daemon" 2>/dev/null; then cat "$folder/log" >&2; exit 3; fi
      sleep 0.1
    done
    cd "$folder"
    PATH=$3:$PATH
    sh -c "$2"
    """#

  @Test(
    "a guest goes through a pipe: dumpxml, patch, define",
    .enabled("root cannot mount in a namespace of its own here") {
      if ProcessInfo.processInfo.environment["CI"] != nil { return true }
      return try await run("unshare", ["-m", "true"]).succeeded
    })
  func pipe() async throws {
    let folder = try TemporaryFolder()
    let commands = """
      set -eu
      virt-nest create fedora --name kata-web --emulated --no-nested -q >web.xml
      virsh -q define --validate web.xml
      virsh -q dumpxml --inactive kata-web >before.xml
      virsh -q dumpxml --inactive kata-web | virt-nest patch - --nested \
        | virsh -q define --validate /dev/stdin
      virsh -q dumpxml --inactive kata-web >nested.xml
      virsh -q dumpxml --inactive kata-web | virt-nest patch - --no-nested \
        | virsh -q define --validate /dev/stdin
      virsh -q dumpxml --inactive kata-web >after.xml
      """
    let daemon = try await run(
      "unshare",
      ["-m", "sh", "-c", Self.script, "sh", folder.path, commands, VirtNestBinary.folder.path])
    try #require(daemon.succeeded, "\(daemon.outputText)\(daemon.errorText)")
    let nested = try readFile(folder.file("nested.xml"))
    #expect(NestingFacts(of: try DomainDefinition(nested)).effective == .on(.hv))
    #expect(try readFile(folder.file("after.xml")) == readFile(folder.file("before.xml")))
  }
}
