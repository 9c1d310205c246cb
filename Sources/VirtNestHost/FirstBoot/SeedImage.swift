internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// The seed image of cloud-init's NoCloud source: an ISO 9660 image labelled `cidata` with the files
/// `user-data`, `meta-data` and, where there is one, `network-config`.
///
/// The first tool found of `xorriso`, `genisoimage` and `mkisofs` makes it. With xorriso the same
/// input gives the same bytes; the other tools write the current date into the image.
package enum SeedImage {
  /// The bytes of the image.
  /// - Parameter isReproducible: whether the same setup must give the same bytes, for which only
  ///   xorriso serves.
  /// - Throws: ``VirtNestError`` if no tool is installed, or if it fails.
  package static func bytes(
    for firstBoot: FirstBoot, isReproducible: Bool = false
  ) async throws -> [UInt8] {
    if isReproducible, !isInstalled("xorriso") {
      throw VirtNestError(
        .seed, "xorriso is not installed, and is needed to make a seed; install xorriso")
    }
    guard let tool = tools.first(where: isInstalled) else {
      throw VirtNestError(
        .seed,
        "xorriso, genisoimage and mkisofs are not installed, and one of them is needed to "
          + "make an image; install xorriso, or write user-data and meta-data as files")
    }
    let folder = try makeTemporaryFolder()
    defer { removeFiles(of: folder) }
    let files = firstBoot.files
    for file in files { try put(file.text, folder.appending(file.name)) }
    let front = tool == "xorriso" ? ["-as", "mkisofs"] : []
    let image = folder.appending("seed.iso")
    let run = try await ToolRun.run(
      tool,
      front + ["-quiet", "-output", image.string, "-volid", "cidata", "-joliet", "-rational-rock"]
        + files.map { folder.appending($0.name).string },
      environment: ["SOURCE_DATE_EPOCH": "\(epoch)"], limit: .seconds(180))
    guard run.status == 0 else {
      throw VirtNestError(
        .seed, "\(tool) could not make the image: \(run.errorOutput.trimmingSpaces)")
    }
    return try OriginalFile.read(image, maximumSize: 1 << 24).bytes
  }

  private static let tools = ["xorriso", "genisoimage", "mkisofs"]
  /// 1980-01-01, the first day that every tool and file system supports.
  private static let epoch = 315_532_800

  private static func isInstalled(_ tool: String) -> Bool {
    let path = environmentVariable("PATH") ?? "/usr/bin:/bin"
    return path.split(separator: ":").contains { access("\($0)/\(tool)", X_OK) == 0 }
  }

  private static func removeFiles(of folder: FilePath) {
    for name in ["user-data", "meta-data", "network-config", "seed.iso"] {
      unlink(folder.appending(name).string)
    }
    rmdir(folder.string)
  }

  private static func put(_ text: String, _ path: FilePath) throws {
    do {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
      _ = try file.closeAfter { try file.writeAll(text.utf8) }
    } catch let error as Errno {
      throw VirtNestError(.seed, "cannot write \(path): \(error)")
    }
    // The tools copy the time of the file into the image.
    let time = timespec(tv_sec: epoch, tv_nsec: 0)
    utimensat(AT_FDCWD, path.string, [time, time], 0)
    chmod(path.string, 0o444)
  }
}
