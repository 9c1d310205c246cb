internal import Glibc
package import SystemPackage
internal import VirtNest

/// A file that a command makes, and makes again.
package enum OutputFile {
  /// What became of the file.
  package enum Result: Sendable {
    /// It was not there.
    case created
    /// It had these bytes already; nothing was written.
    case unchanged
    /// It had other bytes.
    case replaced
  }

  /// Makes the file at `path` hold `bytes`, atomically.
  ///
  /// A new file has the mode that the umask gives. One that is there is read, following a symbolic
  /// link, and keeps what ``OriginalFile/replace(with:backupSuffix:method:durability:)`` keeps.
  /// With ``OriginalFile/Durability/deferred`` a power cut before ``syncFileSystem(containing:)``
  /// can leave an empty file on some file systems: stage a batch with
  /// ``stage(_:at:force:durability:)`` where that matters.
  /// - Parameter force: Replaces a file that has other bytes.
  /// - Throws: ``FileError`` where a file with other bytes is there and `force` is not given, where
  ///   a folder or something else that is no regular file is there, and where it cannot be written.
  @discardableResult
  package static func write(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false,
    durability: OriginalFile.Durability = .eachFile
  ) throws(FileError) -> Result {
    let (staged, result) = try stage(bytes, at: path, force: force, durability: durability)
    try staged?.commit()
    return result
  }

  /// Writes `bytes` beside `path`, ready to take that place with ``StagedFile/commit()``.
  ///
  /// Parameters and errors are those of ``write(_:at:force:durability:)``; a file that appears at
  /// `path` meanwhile is an error of the commit.
  /// - Returns: No file where the bytes are there already; and what the commit will do.
  package static func stage(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false,
    durability: OriginalFile.Durability = .eachFile
  ) throws(FileError) -> (file: StagedFile?, result: Result) {
    guard let original = try check(bytes, at: path, force: force) else {
      return (try stageNew(bytes, at: path, durability: durability), .created)
    }
    if original.bytes == bytes { return (nil, .unchanged) }
    return (try original.stage(bytes, durability: durability), .replaced)
  }

  /// Looks whether ``write(_:at:force:durability:)`` would refuse to, and writes nothing.
  ///
  /// Parameters and errors are those of ``write(_:at:force:durability:)``.
  /// - Returns: What is there; `nil` for nothing.
  @discardableResult
  package static func check(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false
  ) throws(FileError) -> OriginalFile? {
    do {
      // Not followed: behind a link that leads nowhere, no file is made.
      _ = try Stat(path, followTargetSymlink: false)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw FileError(path, "cannot write", error)
    }
    let original = try OriginalFile.read(path, maximumSize: .max - 1)
    guard force || original.bytes == bytes else {
      throw FileError(path, "is there already, with other content", advice: "--force replaces it")
    }
    return original
  }

  private static func stageNew(
    _ bytes: [UInt8], at path: FilePath, durability: OriginalFile.Durability
  ) throws(FileError) -> StagedFile {
    guard let last = path.lastComponent, last.kind == .regular else {
      throw FileError(path, "is no name for a file")
    }
    let name = FileName(last)
    // "name" alone has the folder "", which cannot be opened.
    let parent = path.removingLastComponent()
    let target = (parent.isEmpty ? FilePath(".") : parent).appending(last)
    let folder = try FileError.wrap(path, "cannot open the folder for the file") {
      try FileDescriptor.openFolder(target.removingLastComponent())
    }
    let temporaryName = try writeTemporaryFile(
      for: target, named: name, in: folder, bytes: bytes,
      permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite], durability: durability)
    return StagedFile(
      target, name: name, temporaryName: temporaryName, place: .free, durability: durability)
  }
}

/// Waits until everything that was written to the file system of `path` is on the disk.
/// - Throws: ``FileError``.
package func syncFileSystem(containing path: FilePath) throws(FileError) {
  try FileError.wrap(path, "cannot wait until its file system is on the disk") {
    let file = try FileDescriptor.open(path, O_RDONLY)
    try file.file.synchronizeFileSystem()
  }
}
