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
    try Self.requirePower(name, path.description)
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
      if Self.isForeign(try await Self.beginning(of: file, format)) {
        throw VirtNestError(
          .storage,
          "\(path): the image is made for another architecture, because it has a boot partition for EFI "
            + "or BIOS and none for Power (PReP)")
      }
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

  /// Refuses an image that is made for another architecture by its name.
  ///
  /// - Parameter image: the image in messages.
  static func requirePower(_ name: String, _ image: String) throws(VirtNestError) {
    if let other = foreign.first(where: { name.lowercased().contains($0) }) {
      throw VirtNestError(
        .storage, "\(image): the image is made for \(other), and the guest is ppc64le")
    }
  }

  /// Where the partition tables of a disk are: a GPT has 128 entries of 128 bytes behind two sectors.
  private static let tables = 34 * 512

  /// The first bytes of the disk in an image; empty for a qcow2 image where qemu-img is missing, or
  /// cannot read it.
  private static func beginning(of file: FileDescriptor, _ format: String) async throws -> [UInt8] {
    let disk = format == "raw" ? file : try unnamedFile([])
    defer { if format != "raw" { try? disk.close() } }
    if format != "raw" {
      let arguments = ["dd", "-f", format, "-O", "raw", "bs=512", "count=34"]
      let run = try? await ToolRun.run(
        "qemu-img", arguments + ["if=" + file.pathForOthers, "of=" + disk.pathForOthers],
        limit: .seconds(60))
      try Task.checkCancellation()
      guard run?.status == 0 else { return [] }
    }
    return try [UInt8](unsafeUninitializedCapacity: tables) { buffer, count in
      count = try disk.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Whether partitions tell that another architecture boots from a disk (UEFI specification, 5.2 and
  /// 5.3; GRUB's manual, "BIOS installation"; for Power, `grub-install` wants a PReP partition).
  private static func isForeign(_ disk: [UInt8]) -> Bool {
    guard disk.count == tables else { return false }
    let records = (0..<4).map { disk[446 + 16 * $0 + 4] }
    let entries = stride(from: 1024, to: tables, by: 128).map { Array(disk[$0..<$0 + 16]) }
    let isGPT = disk[512..<520].elementsEqual("EFI PART".utf8)
    let power: [UInt8] = [
      0x38, 0x2D, 0x1A, 0x9E, 0x12, 0xC6, 0x16, 0x43, 0xAA, 0x26, 0x8B, 0x49, 0x52, 0x1E, 0x5A,
      0x8B,
    ]
    let efi: [UInt8] = [
      0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9,
      0x3B,
    ]
    let bios = Array("Hah!IdontNeedEFI".utf8)
    if records.contains(0x41) || isGPT && entries.contains(power) { return false }
    return records.contains(0xEF) || isGPT && (entries.contains(efi) || entries.contains(bios))
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
