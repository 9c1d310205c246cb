internal import LosslessXML
package import SystemPackage
internal import VirtNest

/// The distribution's image that a guest's disk is made of.
package enum BaseImage: Sendable {
  /// A file here, which is uploaded unless the pool has it.
  case file(LocalImage)
  /// A volume that a pool has; without a pool, it is that of the guest.
  case volume(pool: String?, name: String)
}

/// An image in a file here.
package struct LocalImage: Hashable, Sendable {
  /// Where it is.
  package let path: FilePath
  /// The name that its volume gets.
  package let name: String
  /// `qcow2` or `raw`.
  package let format: String
  /// The size of the file in bytes.
  package let fileSize: UInt64
  /// The size of the disk in it in bytes.
  package let diskSize: UInt64
  /// The hash of the file.
  package let sha256: String

  /// Architectures that the names of images have, and that no guest here has.
  private static let foreign = [
    "amd64", "x86_64", "x86-64", "arm64", "aarch64", "s390x", "riscv64", "i386", "i686",
  ]

  /// Reads an image.
  ///
  /// - Throws: ``VirtNestError`` if it is not the image of a disk, is on top of another one, is cut off,
  ///   or is made for another architecture by its name; `CancellationError`.
  package init(_ path: FilePath) async throws {
    self.path = path
    guard let name = path.lastComponent?.string,
      String(validating: name.utf8, as: UTF8.self) != nil,
      !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0xFFFD })
    else { throw VirtNestError(.storage, "'\(path)' is not the name of an image") }
    self.name = name
    if let other = Self.foreign.first(where: { name.lowercased().contains($0) }) {
      throw VirtNestError(
        .storage, "\(path): the image is made for \(other), and the guest is ppc64le")
    }
    let file: FileDescriptor
    do {
      guard try Stat(path).type == .regular else {
        throw VirtNestError(.storage, "\(path): it is not a file")
      }
      file = try FileDescriptor.open(path, .readOnly)
    } catch let error as Errno {
      throw VirtNestError(.storage, "\(path): cannot read the image: \(error)")
    }
    do {
      fileSize = UInt64(try file.seek(offset: 0, from: .end))
      let head = try [UInt8](unsafeUninitializedCapacity: 512) { buffer, count in
        count = try file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
      }
      (format, diskSize) = try Self.read(head, fileSize: fileSize, path)
      try file.seek(offset: 0, from: .start)
    } catch {
      try? file.close()
      if let error = error as? Errno {
        throw VirtNestError(.storage, "\(path): cannot read the image: \(error)")
      }
      throw error
    }
    sha256 = try await FileDigest.sha256.hash(of: file)
  }

  /// Format and size from the first bytes (QEMU, `docs/interop/qcow2.txt`).
  private static func read(
    _ head: [UInt8], fileSize: UInt64, _ path: FilePath
  ) throws(VirtNestError) -> (String, UInt64) {
    func number(_ offset: Int, _ count: Int) -> UInt64 {
      head.dropFirst(offset).prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard head.count == 512 else {
      throw VirtNestError(.storage, "\(path): it is too short for an image")
    }
    if head.starts(with: Array("QFI".utf8) + [0xFB]) {
      guard number(8, 8) == 0 else {
        throw VirtNestError(
          .storage, "\(path): it is on top of another image; flatten it with qemu-img convert")
      }
      guard number(32, 4) == 0, number(4, 4) < 3 || number(72, 8) & 4 == 0 else {
        throw VirtNestError(.storage, "\(path): it is encrypted, or its data is in another file")
      }
      // The table of clusters, and that of their uses.
      let (table, entries, uses) = (number(40, 8), number(36, 4), number(48, 8))
      let (end, isTooLarge) = table.addingReportingOverflow(entries * 8)
      guard !isTooLarge, end <= fileSize, uses < fileSize else {
        throw VirtNestError(.storage, "\(path): the image is cut off")
      }
      return ("qcow2", number(24, 8))
    }
    // The signature of a master boot record, which a disk with a GPT has as well.
    guard head[510] == 0x55, head[511] == 0xAA else {
      throw VirtNestError(
        .storage,
        "\(path): it is neither a qcow2 image nor a disk with partitions; if it is compressed, "
          + "unpack it first")
    }
    return ("raw", fileSize)
  }
}
