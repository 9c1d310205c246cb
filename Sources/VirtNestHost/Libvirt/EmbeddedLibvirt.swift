internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// A private libvirt inside virsh, whose files are all in a temporary folder.
///
/// It needs no daemon and does not touch any other libvirt of the machine; several can run at once.
/// The folder and every guest in it are removed, also if this process is killed.
struct EmbeddedLibvirt {
  /// The temporary folder, which is the working directory of commands.
  let folder: String

  /// libvirt's settings, which switch off what a private libvirt cannot have.
  ///
  /// QEMU's sandbox stays on: it is libvirt's default where QEMU has one.
  private static let settings = """
    remember_owner = 0
    stdio_handler = "file"
    security_driver = "none"
    namespaces = []
    cgroup_controllers = []

    """

  /// Runs `body` with a libvirt that is removed afterwards.
  ///
  /// - Parameter asCaller: whether root's QEMU runs as root, as a wrapper may need that the user trusts;
  ///   otherwise it runs as a user without rights.
  /// - Throws: ``VirtNestError`` if the folder cannot be made; what `body` throws.
  static func use<Value>(
    asCaller: Bool = false, _ body: (EmbeddedLibvirt) async throws -> Value
  ) async throws -> Value {
    let libvirt = try EmbeddedLibvirt(asCaller: asCaller)
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(libvirt)) } catch { outcome = .failure(error) }
    // In a task of its own, because a cancelled task cannot run a program.
    let folder = libvirt.folder
    _ = await Task {
      try await ToolRun.run("rm", ["-rf", "--", folder], limit: .seconds(180))
    }.result
    return try outcome.get()
  }

  private init(asCaller: Bool) throws {
    // The path of a socket has at most 107 bytes, and libvirt needs up to 52 of them. The path must
    // also be valid in a URI and in XML without escapes.
    let wanted = temporaryFolder
    let isPlain =
      wanted.hasPrefix("/") && wanted.utf8.count <= 35
      && wanted.unicodeScalars.allSatisfy { $0.isPlain(or: "-./_") }
    let base = isPlain ? wanted : "/tmp"
    folder = try makeTemporaryFolder(in: base).string
    guard mkdir(folder + "/etc", 0o700) == 0 else {
      throw VirtNestError(.program, "cannot write in \(folder): \(Errno(rawValue: errno))")
    }
    try write(
      Array((Self.user(for: folder, asCaller: asCaller) + Self.settings).utf8), to: "etc/qemu.conf")
  }

  /// The settings that let root's QEMU run as another user, who can only pass through the folder.
  ///
  /// The user of the distribution's QEMU, else one without any files.
  private static func user(for folder: String, asCaller: Bool) -> String {
    guard geteuid() == 0 else { return "dynamic_ownership = 0\n" }
    // That user must reach the folder, which is in TMPDIR.
    var parent = FilePath(folder)
    var isReachable = true
    while isReachable, !parent.components.isEmpty {
      parent.removeLastComponent()
      var status = stat()
      isReachable = stat(parent.string, &status) == 0 && status.st_mode & S_IXOTH != 0
    }
    let isCaller = asCaller || !isReachable
    for name in isCaller ? [] : ["libvirt-qemu", "qemu", "nobody"] {
      guard let entry = getpwnam(name), chmod(folder, 0o711) == 0 else { continue }
      // Numbers with a plus sign: libvirt would read digits as a name.
      return "user = \"+\(entry.pointee.pw_uid)\"\ngroup = \"+\(entry.pointee.pw_gid)\"\n"
    }
    return "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\n"
  }

  /// Writes a file in the folder.
  func write(_ bytes: [UInt8], to name: String) throws {
    do {
      let file = try FileDescriptor.open(
        FilePath("\(folder)/\(name)"), .writeOnly, options: [.create, .truncate],
        permissions: .ownerReadWrite)
      _ = try file.closeAfter { try file.writeAll(bytes) }
    } catch {
      throw VirtNestError(.program, "cannot write \(folder)/\(name): \(error)")
    }
  }

  /// Runs commands in one virsh, one after the other, and continues after one that fails.
  ///
  /// Guests that still run at the end are killed.
  /// - Parameter commands: in virsh's quoting.
  /// - Throws: ``VirtNestError``.
  func run(_ commands: [String], limit: Duration) async throws -> ToolRun {
    let uri = "qemu:///embed?root=" + folder
    let script = String(decoding: PackageResources.embedded_libvirt_sh, as: UTF8.self)
    let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do {
      pipe = try FileDescriptor.pipe()
    } catch {
      throw VirtNestError(.program, "cannot make a pipe: \(error)")
    }
    // No child process inherits it, so that it closes when this process ends for any reason.
    _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
    defer { try? pipe.writeEnd.close() }
    let ended = try await ToolRun.run(
      "sh", ["-c", script, "embedded-libvirt", folder, uri, commands.joined(separator: "; ")],
      environment: Self.environment(folder), input: pipe.readEnd,
      isApart: true, limit: limit)
    if ended.status == 127 { throw VirtNestError(notFound: "virsh") }
    if ended.errorOutput.contains("No emulator found for arch 'ppc64") {
      throw VirtNestError(notFound: "qemu-system-ppc64")
    }
    let error = VirtNestError(virsh: Virsh.messages(in: ended.errorOutput)).message
    if ended.errorOutput.contains("no connection driver available") {
      throw VirtNestError(
        .program,
        "this libvirt has no QEMU driver; install the package libvirt-daemon-driver-qemu "
          + "(Debian, Ubuntu, Fedora); error of virsh: \(error)")
    }
    if ended.errorOutput.contains("failed to connect to the hypervisor") {
      throw VirtNestError(.program, "libvirt cannot start inside virsh: \(error)")
    }
    return ended
  }

  /// Redirects the user's folders, in which libvirt keeps some of its state if it does not run as
  /// root.
  private static func environment(_ folder: String) -> [String: String] {
    let homes = ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"]
    return homes.reduce(into: Virsh.environment) { $0[$1] = folder }
  }
}
