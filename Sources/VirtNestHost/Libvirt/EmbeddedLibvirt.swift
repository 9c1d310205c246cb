internal import Glibc
internal import SystemPackage
internal import VirtNest

/// A libvirt of one's own inside virsh, whose files are all in a throw-away folder.
///
/// It needs no daemon and meets no other libvirt of the machine; several live side by side. The
/// folder and every guest of it go also where this process is killed.
struct EmbeddedLibvirt {
  /// The folder, in which commands run.
  let folder: String

  /// No guest is confined or accounted for, and no file of the user changes its owner.
  private static let settings = """
    dynamic_ownership = 0
    remember_owner = 0
    stdio_handler = "file"
    security_driver = "none"
    namespaces = []
    cgroup_controllers = []
    seccomp_sandbox = 0

    """

  /// Makes a libvirt that lasts as long as `body`.
  ///
  /// - Throws: ``ToolFailure`` where there is no place for the folder; what `body` throws.
  static func use<Value>(_ body: (EmbeddedLibvirt) async throws -> Value) async throws -> Value {
    let libvirt = try EmbeddedLibvirt()
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(libvirt)) } catch { outcome = .failure(error) }
    // In a task of its own: a cancelled one could run nothing any more.
    let folder = libvirt.folder
    _ = await Task {
      try await ToolRun.run("rm", ["-rf", "--", folder], limit: .seconds(180))
    }.result
    return try outcome.get()
  }

  private init() throws {
    // A socket's path has at most 107 bytes, and libvirt's own part takes up to 52 of them; the path
    // stands in a URI and in XML too.
    let wanted = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let isPlain =
      wanted.hasPrefix("/") && wanted.utf8.count <= 35
      && wanted.utf8.allSatisfy { byte in
        let letter = byte | 0x20
        return (0x61...0x7A).contains(letter) || (0x2D...0x39).contains(byte) || byte == 0x5F
      }
    let base = isPlain ? wanted : "/tmp"
    var template = Array("\(base)/virt-nest.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else {
      throw ToolFailure(reason: "cannot make a folder in \(base): \(Errno(rawValue: errno))")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard mkdir(folder + "/etc", 0o700) == 0 else {
      throw ToolFailure(reason: "cannot write in \(folder): \(Errno(rawValue: errno))")
    }
    // As root libvirt gives QEMU to another user, who may not enter here; others it only keeps.
    let user = geteuid() == 0 ? "user = \"root\"\ngroup = \"root\"\n" : ""
    try write(Array((user + Self.settings).utf8), to: "etc/qemu.conf")
  }

  /// Writes a file in the folder.
  func write(_ bytes: [UInt8], to name: String) throws {
    do {
      let file = try FileDescriptor.open(
        FilePath("\(folder)/\(name)"), .writeOnly, options: [.create, .truncate],
        permissions: .ownerReadWrite)
      _ = try file.closeAfter { try file.writeAll(bytes) }
    } catch {
      throw ToolFailure(reason: "cannot write \(folder)/\(name): \(error)")
    }
  }

  /// Runs commands in one virsh, one after the other, also behind one that fails.
  ///
  /// A guest that they leave is ended.
  /// - Parameter commands: in virsh's own quoting.
  /// - Throws: ``ToolFailure``.
  func run(_ commands: [String], limit: Duration) async throws -> ToolRun {
    let uri = "qemu:///embed?root=" + folder
    let script = String(decoding: PackageResources.embedded_libvirt_sh, as: UTF8.self)
    let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do {
      pipe = try FileDescriptor.pipe()
    } catch {
      throw ToolFailure(reason: "cannot make a pipe: \(error)")
    }
    // Held by nobody else, so that it closes with this process whatever ends that.
    _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
    defer { try? pipe.writeEnd.close() }
    let ended = try await ToolRun.run(
      "sh", ["-c", script, "embedded-libvirt", folder, uri, commands.joined(separator: "; ")],
      environment: Self.environment(folder), input: pipe.readEnd,
      isApart: true, limit: limit)
    if ended.status == 127 { throw ToolFailure(notFound: "virsh") }
    if ended.errorOutput.contains("No emulator found for arch 'ppc64") {
      throw ToolFailure(notFound: "qemu-system-ppc64")
    }
    if let missing = Self.missingDriver(ended.errorOutput) { throw missing }
    if ended.errorOutput.contains("failed to connect to the hypervisor") {
      throw ToolFailure(
        reason: "libvirt does not start inside virsh: " + VirshError(ended.errorOutput).description)
    }
    return ended
  }

  /// Without root, libvirt keeps some of its state at home.
  private static func environment(_ folder: String) -> [String: String] {
    let homes = ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"]
    return homes.reduce(into: ["LIBVIRT_DEBUG": "4"]) { $0[$1] = folder }
  }

  /// libvirt's words where its QEMU driver is a package that is not there.
  private static func missingDriver(_ errors: String) -> ToolFailure? {
    guard errors.contains("no connection driver available") else { return nil }
    return ToolFailure(
      reason: "this libvirt has no QEMU driver: install the package libvirt-daemon-driver-qemu "
        + "(Debian, Ubuntu, Fedora); virsh says: "
        + VirshError(errors).description)
  }
}
