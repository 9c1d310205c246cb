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
  /// link, and keeps what ``OriginalFile/replace(with:backupSuffix:method:syncsFolder:)`` keeps.
  /// With `syncsFolder: false` a power cut before ``synchronizeFolder(_:)`` can bring the old file
  /// back, whole.
  /// - Parameter force: Replaces a file that has other bytes.
  /// - Throws: ``FileError`` where a file with other bytes is there and `force` is not given, where
  ///   a folder or something else that is no regular file is there, and where it cannot be written.
  @discardableResult
  package static func write(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false,
    syncsFolder: Bool = true
  ) throws(FileError) -> Result {
    let (staged, result) = try stage(bytes, at: path, force: force, syncsFolder: syncsFolder)
    try staged?.commit()
    return result
  }

  /// Writes `bytes` beside `path`, ready to take that place with ``StagedFile/commit()``.
  ///
  /// Parameters and errors are those of ``write(_:at:force:syncsFolder:)``; a file that appears at
  /// `path` meanwhile is an error of the commit.
  /// - Returns: No file where the bytes are there already; and what the commit will do.
  package static func stage(
    _ bytes: [UInt8], at path: FilePath, force: Bool = false,
    syncsFolder: Bool = true
  ) throws(FileError) -> (file: StagedFile?, result: Result) {
    guard let original = try check(bytes, at: path, force: force) else {
      return (try stageNew(bytes, at: path, syncsFolder: syncsFolder), .created)
    }
    if original.bytes == bytes { return (nil, .unchanged) }
    return (try original.stage(bytes, syncsFolder: syncsFolder), .replaced)
  }

  /// Looks whether ``write(_:at:force:syncsFolder:)`` would refuse to, and writes nothing.
  ///
  /// Parameters and errors are those of ``write(_:at:force:syncsFolder:)``.
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
    _ bytes: [UInt8], at path: FilePath, syncsFolder: Bool
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
      permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    return StagedFile(
      target, name: name, temporaryName: temporaryName, place: .free, syncsFolder: syncsFolder)
  }
}

/// Waits until the names in a folder are on the disk: those that files have taken with
/// `syncsFolder: false`.
/// - Throws: ``FileError``.
package func synchronizeFolder(_ path: FilePath) throws(FileError) {
  let folder = try FileError.wrap(path, "cannot open the folder") {
    try FileDescriptor.openFolder(path)
  }
  do {
    try folder.file.synchronize()
  } catch .invalidArgument {
    // The file system cannot do this for a folder, and never could.
  } catch {
    throw FileError(path, "is not known to be on the disk", error)
  }
}
