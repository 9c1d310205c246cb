import Foundation
import TestSupport

/// A host to try things on.
///
/// It has systemd as process 1 of a tree that is laid over this machine's, in namespaces of its own.
/// What is changed in it is gone at its end, and nothing of it is outside.
struct BootedTree {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Why there can be none; `nil` where there can.
  static let obstacle: String? = {
    if geteuid() != 0 { return "needs root, for namespaces" }
    if access("/sys/fs/selinux/enforce", F_OK) == 0 { return "needs a machine without SELinux" }
    return access("/usr/lib/systemd/systemd", X_OK) == 0 ? nil : "needs systemd"
  }()

  /// Boots, runs a script of sh as root, and ends.
  ///
  /// - Parameter files: what is in the script's working directory, by name.
  /// - Returns: what the script printed, to whichever output; `nil` where it was not run.
  func run(_ script: String, files: [String: [UInt8]]) async throws -> String? {
    for name in ["share", "over", "root", "cgroup"] {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: false)
    }
    for (name, bytes) in files { try writeFile(folder.file("share/\(name)"), bytes) }
    try writeFile(folder.file("share/inside"), script.utf8)
    try writeFile(folder.file("boot"), Self.boot.utf8)
    let run = try await TestSupport.run(
      "unshare", ["--mount", "sh", folder.file("boot"), folder.path])
    guard let printed = try? readFile(folder.file("share/printed")) else {
      throw NotBooted(reason: run.outputText + run.errorText)
    }
    return String(decoding: printed, as: UTF8.self)
  }

  struct NotBooted: Error, CustomStringConvertible {
    var reason: String

    var description: String { "systemd did not come to run the script: \(reason)" }
  }

  /// A script that is run as `boot FOLDER`, in a mount namespace.
  ///
  /// No unit there wants what a whole system starts.
  private static let boot = #"""
    set -eu
    folder=$1
    if [ "${2-}" != --inside ]; then
      mount --make-rprivate /
      mount -t cgroup2 cgroup2 "$folder/cgroup"
      group=$folder/cgroup/virt-nest-test.$$
      mkdir "$group"
      sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" \
        unshare --mount --pid --fork --kill-child --cgroup --uts --ipc --net \
        sh "$0" "$folder" --inside && status=0 || status=$?
      find "$group" -depth -type d -exec rmdir {} \;
      exit "$status"
    fi

    mount -t tmpfs tmpfs "$folder/over"
    mkdir "$folder/over/upper" "$folder/over/work"
    root=$folder/root
    mount -t overlay -o "lowerdir=/,upperdir=$folder/over/upper,workdir=$folder/over/work" tree "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    for folder_in in dev run tmp; do mount -t tmpfs -o mode=755 tmpfs "$root/$folder_in"; done
    for device in null zero full random urandom tty; do
      : >"$root/dev/$device"
      mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/run/share"
    mount --bind "$folder/share" "$root/run/share"
    : >"$root/etc/machine-id"
    units=$root/etc/systemd/system
    for target in sysinit basic; do
      printf '[Unit]\nDefaultDependencies=no\n' >"$units/$target.target"
    done
    cat >"$units/virt-nest-test.service" <<UNIT
    [Unit]
    DefaultDependencies=no
    [Service]
    Type=oneshot
    WorkingDirectory=/run/share
    ExecStart=/bin/sh inside
    ExecStopPost=/bin/systemctl exit --force --force
    StandardOutput=append:/run/share/printed
    StandardError=inherit
    UNIT
    container=virt-nest exec chroot "$root" /usr/lib/systemd/systemd --system \
      --unit=virt-nest-test.service --log-target=console --show-status=no
    """#
}
