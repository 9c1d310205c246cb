internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// A storage pool of a libvirt whose volumes are files in a folder.
struct StoragePool: Sendable {
  let libvirt: Virsh
  let name: String
  /// The folder on the host.
  let path: String
  /// The free bytes.
  let available: UInt64

  /// A volume as libvirt describes it.
  struct Volume: Hashable, Sendable {
    var path: String
    /// The size that a guest sees.
    var capacity: UInt64
    /// The bytes that it takes on the host.
    var allocation: UInt64
    /// The size of its file.
    var fileSize: UInt64
    var format: String
    /// The path of the image that it is on top of.
    var backingPath: String?

    /// Whether nothing has been written to it since libvirt made it.
    func isUntouched(_ wanted: UpRecord.Volume, imagePath: String?) -> Bool {
      if wanted.role == .disk {
        // A new qcow2 has no more than its tables.
        return backingPath == imagePath && capacity == wanted.size && allocation <= 1 << 20
      }
      return allocation == 0 && fileSize == wanted.size
    }
  }

  /// Looks at a pool, after libvirt has looked at its folder anew.
  ///
  /// - Throws: ``VirtNestError`` if there is no such pool, or it is of no use here.
  static func look(at name: String, on libvirt: Virsh) async throws -> StoragePool {
    let quoted = Virsh.quoted(name)
    let answers = try await libvirt.answers(to: [
      "pool-info --bytes --pool \(quoted)", "pool-refresh --pool \(quoted)",
      "pool-dumpxml --pool \(quoted)",
    ])
    let place = "on \(libvirt.displayName)"
    if let failure = answers[0].failure {
      guard failure.has(.missingPool) else { throw failure }
      throw VirtNestError(
        .storage,
        "there is no storage pool '\(name)' \(place); make one: virsh pool-define-as "
          + "\(shellWord(name)) dir --target /var/lib/libvirt/images && virsh pool-start "
          + shellWord(name))
    }
    guard answers[0]["State"] == "running" else {
      throw VirtNestError(
        .storage,
        "the storage pool '\(name)' \(place) is not running: virsh pool-start \(shellWord(name))")
    }
    if let failure = (answers[1] + answers[2]).failure { throw failure }
    let root = try root(of: answers[2])
    guard let type = root["type"], ["dir", "fs", "netfs"].contains(type),
      let path = root.child("target")?.child("path")?.text
    else {
      throw VirtNestError(
        .storage,
        "the storage pool '\(name)' is of the type '\(root["type"] ?? "")'; a pool of files in a "
          + "folder is needed (dir, fs, netfs)")
    }
    // What pool-info says is from before the refresh.
    return StoragePool(
      libvirt: libvirt, name: name, path: path,
      available: root.child("available").flatMap { UInt64($0.text) } ?? 0)
  }

  /// The path of a volume that is to be made.
  func path(of volume: String) -> String { "\(path)/\(volume)" }

  /// Looks for volumes, all in one virsh; `nil` for one that is not there.
  ///
  /// - Throws: ``VirtNestError``.
  func volumes(_ names: [String]) async throws -> [Volume?] {
    let answers = try await libvirt.answers(
      to: names.map { "vol-dumpxml --pool \(Virsh.quoted(name)) --vol \(Virsh.quoted($0))" })
    return try answers.map { answer in
      if let failure = answer.failure {
        if failure.has(.missingVolume) { return nil }
        throw failure
      }
      return try Self.volume(Self.root(of: answer))
    }
  }

  /// Looks for a volume; `nil` if it is not there.
  func volume(_ name: String) async throws -> Volume? { try await volumes([name])[0] }

  /// The names of all volumes.
  func volumeNames() async throws -> [String] {
    let output = try await libvirt.run(["vol-list", "--pool=" + name])
    return output.split(whereSeparator: \.isNewline).compactMap { line in
      // A name may contain spaces; its path is behind it.
      let text = String(line).trimmingSpaces
      guard let range = text.firstRange(of: "/") else { return nil }
      return String(text[..<range.lowerBound]).trimmingSpaces
    }
  }

  /// Makes a volume: an empty one for content of a size, or a qcow2 on top of an image.
  ///
  /// It is described by a file, because vol-create-as writes names into XML as they are.
  func create(
    _ volume: String, size: UInt64, on image: UpPlan.ImageOnHost? = nil
  ) async throws {
    let description = NewElement(
      "volume",
      children: [
        NewElement("name", text: volume),
        NewElement("capacity", ["unit": "bytes"], text: "\(size)"),
        NewElement("allocation", ["unit": "bytes"], text: "0"),
        NewElement(
          "target",
          children: [NewElement("format", ["type": image == nil ? "raw" : "qcow2"])]),
      ]
        + (image.map { image in
          NewElement(
            "backingStore",
            children: [
              NewElement("path", text: image.path), NewElement("format", ["type": image.format]),
            ])
        }.map { [$0] } ?? []))
    let file = try unnamedFile(description.bytes)
    defer { try? file.close() }
    _ = try await libvirt.run([
      "vol-create", "--pool=" + name, "--file=" + file.pathForOthers,
    ])
  }

  /// Writes a file into a volume, and compares what has arrived.
  ///
  /// virsh reports success also where a connection was lost in the middle, so the volume is read
  /// back.
  /// - Parameters:
  ///   - file: the file, which is closed.
  ///   - size: its size in bytes.
  ///   - report: is told how far it is.
  /// - Throws: ``VirtNestError`` if other bytes have arrived.
  func upload(
    _ file: FileDescriptor, to volume: String, size: UInt64, sha256: String,
    report: (UpProgress) -> Void
  ) async throws {
    // cat reads through the open file that this process has as well, and so knows how far it is.
    let own = try file.duplicate()
    defer { try? own.close() }
    let ended = try await UpProgress.following(size, report) {
      (try? own.seek(offset: 0, from: .current)).map { UInt64($0) }
    } work: {
      try await run(
        #"cat <&3 | virsh --quiet "$@" --file=/dev/stdin"#, "vol-upload", volume, input: file)
    }
    guard ended.status == 0 else {
      throw VirtNestError(virsh: Virsh.messages(in: ended.errorOutput))
    }
    guard try await self.sha256(of: volume) == sha256 else {
      throw VirtNestError(
        .storage,
        "the volume '\(volume)' is not what was uploaded: the connection was lost, or the pool is full; "
          + "run the command again")
    }
  }

  /// The hash of a volume's content, which is read through the connection.
  func sha256(of volume: String) async throws -> String {
    try FileDigest.sha256.read(
      try await run(
        #"virsh --quiet "$@" --file=/dev/stdout | sha256sum"#, "vol-download", volume))
  }

  /// Runs a pipeline of the shell with a command of virsh for a volume.
  private func run(
    _ pipeline: String, _ command: String, _ volume: String, input: FileDescriptor? = nil
  ) async throws -> ToolRun {
    // When the shell is ended, so is the last program, and the first one with it. What runs in the
    // background has no other standard input than /dev/null.
    return try await ToolRun.run(
      "sh",
      ["-c", "exec 3<&0; trap 'kill $!' TERM; \(pipeline) & wait $!", "sh"] + libvirt.connection
        + [command, "--pool=" + name, "--vol=" + volume],
      environment: Virsh.environment, input: input, limit: FileDigest.timeLimit)
  }

  /// Removes a volume; one that is not there is no error.
  func delete(_ volume: String) async throws {
    do {
      _ = try await libvirt.run(["vol-delete", "--pool=" + name, "--vol=" + volume])
    } catch let error as VirtNestError where error.has(.missingVolume) {
      return
    }
  }

  /// Lets libvirt look at what was uploaded, so that it knows the format.
  func refresh() async throws { _ = try await libvirt.run(["pool-refresh", "--pool=" + name]) }

  private static func volume(_ element: Element) -> Volume {
    func bytes(_ name: String) -> UInt64 {
      element.child(name).flatMap { UInt64($0.text.trimmingSpaces) } ?? 0
    }
    let target = element.child("target")
    return Volume(
      path: target?.child("path")?.text ?? "", capacity: bytes("capacity"),
      allocation: bytes("allocation"), fileSize: bytes("physical"),
      format: target?.child("format")?["type"] ?? "raw",
      backingPath: element.child("backingStore")?.child("path")?.text)
  }

  private static func root(of answer: Virsh.Answer) throws -> Element {
    do {
      return try Document(answer.xml).root
    } catch {
      throw VirtNestError(.libvirt, "libvirt's answer cannot be read: \(error)")
    }
  }
}
