internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// A file that a command creates or updates.
package enum OutputFile {
  /// Writes `bytes` to the file at `path`, atomically.
  ///
  /// A new file has the mode that the umask gives. An existing file, also behind a symbolic link,
  /// keeps what ``OriginalFile/replace(with:backupSuffix:method:)`` keeps.
  /// - Parameter force: Replaces a file that has other bytes.
  /// - Throws: ``VirtNestError`` if a file with other bytes exists and `force` is not given, if `path` is
  ///   a folder or another file that is not regular, or if the file cannot be written.
  package static func write(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false
  ) throws(VirtNestError) {
    try stage(bytes, at: path, force: force)?.commit()
  }

  /// Writes `bytes` to a temporary file; ``StagedFile/commit()`` then moves it to `path`.
  ///
  /// Parameters and errors are those of ``write(_:at:force:)``. The commit fails if a file appears
  /// at `path` meanwhile. With `syncsFolder: false` the complete old file can come back after a power
  /// failure before ``synchronizeFolder(_:)``.
  /// - Returns: `nil` if the bytes are at `path` already.
  package static func stage(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false,
    syncsFolder: Bool = true
  ) throws(VirtNestError) -> StagedFile? {
    guard let original = try check(bytes, at: path, force: force) else {
      return try stageNew(bytes, at: path, syncsFolder: syncsFolder)
    }
    return try original.stage(bytes, syncsFolder: syncsFolder)
  }

  /// Checks whether ``write(_:at:force:)`` would refuse to write; writes nothing.
  ///
  /// Parameters and errors are those of ``write(_:at:force:)``.
  /// - Returns: The existing file; `nil` if there is none.
  @discardableResult
  package static func check(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false
  ) throws(VirtNestError) -> OriginalFile? {
    do {
      // Not followed, because no file is made behind a dangling symbolic link.
      _ = try Stat(path, followTargetSymlink: false)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw VirtNestError(file: path, "cannot write", error)
    }
    let original = try OriginalFile.read(path, maximumSize: .max - 1)
    guard force || original.bytes == bytes else {
      throw VirtNestError(
        file: path, "exists with different content", advice: "use --force to replace it")
    }
    return original
  }

  private static func stageNew(
    _ bytes: [UInt8], at path: FilePath, syncsFolder: Bool
  ) throws(VirtNestError) -> StagedFile {
    guard let last = path.lastComponent, last.kind == .regular else {
      throw VirtNestError(file: path, "is not a file name")
    }
    let name = FileName(last)
    // The folder of "name" is "", which cannot be opened.
    let parent = path.removingLastComponent()
    let target = (parent.isEmpty ? FilePath(".") : parent).appending(last)
    let folder = try VirtNestError.wrap(path, "cannot open the folder for the file") {
      try FileDescriptor.openFolder(target.removingLastComponent())
    }
    let temporaryName = try writeTemporaryFile(
      for: target, named: name, in: folder, bytes: bytes,
      permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    return StagedFile(
      target, name: name, temporaryName: temporaryName, place: .free, syncsFolder: syncsFolder)
  }
}

/// Waits until the file names in a folder are on the disk, also those of files committed with
/// `syncsFolder: false`.
/// - Throws: ``VirtNestError``.
package func synchronizeFolder(_ path: FilePath) throws(VirtNestError) {
  let folder = try VirtNestError.wrap(path, "cannot open the folder") {
    try FileDescriptor.openFolder(path)
  }
  do {
    try folder.file.synchronize()
  } catch .invalidArgument {
    // The file system does not support this for a folder.
  } catch {
    throw VirtNestError(file: path, "may not be on the disk yet", error)
  }
}
