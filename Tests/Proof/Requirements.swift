internal import Glibc

/// What this machine lacks for the proof, each with what brings it; empty where it can be run.
let unmetRequirements: [String] = {
  let programs = [
    ("libvirtd", "libvirt-daemon-system"), ("virsh", "libvirt-clients"),
    ("qemu-system-ppc64", "qemu-system-ppc"),
    ("powerpc64le-linux-gnu-gcc", "gcc-powerpc64le-linux-gnu"),
    ("apt-get", "apt"), ("cpio", "cpio"), ("flock", "util-linux"), ("busybox", "busybox-static"),
  ]
  let path = getenv("PATH").map { String(cString: $0) } ?? ""
  let folders: [String] = path.split(separator: ":").map { String($0) }
  var unmet = programs.filter { program, _ in
    !folders.contains { access("\($0)/\(program)", X_OK) == 0 }
  }.map { "\($0) (package \($1))" }
  if geteuid() != 0 { unmet.append("root, for a libvirtd in namespaces of its own") }
  return unmet
}()

/// Whether all of the proof is run, a quarter of an hour's work, and not a short part of it.
let isWholeProofWanted = getenv("VIRT_NEST_PROOF").map { String(cString: $0) } == "all"

/// Lets no more guests run at a time than a small machine has cores for.
actor GuestSlots {
  static let shared = GuestSlots(count: 2)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  private init(count: Int) { free = count }

  /// Runs `body` once there is room for its guest.
  func withSlot<Value: Sendable>(
    _ body: @Sendable () async throws -> Value
  ) async rethrows -> Value {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
    return try await body()
  }
}
