internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// A file as it was read, and how to replace its content.
///
/// Whatever fails, the file holds either the old bytes or the new bytes. A change that another
/// program has made since the file was read is never overwritten.
package struct OriginalFile: Sendable {
  /// How the new bytes replace the old ones.
  package enum ReplacementMethod: Sendable {
    /// A new file takes the name of the old one. After a crash the old or the new file is there.
    case atomic
    /// The bytes are written into the existing file. Hard links keep pointing at it, and its folder
    /// need not be writable. A crash in the middle can damage it: keep a backup.
    case overwrite
  }

  /// The path as it was given.
  package let givenPath: FilePath
  /// The absolute path of the file, with symbolic links resolved.
  package let path: FilePath
  /// What the file held.
  package let bytes: [UInt8]
  /// The state of the file when `bytes` were read.
  let state: FileState

  /// Reads the regular file at `path`; a symbolic link is followed.
  ///
  /// If another program writes to it meanwhile, it is read again, up to three times.
  /// - Parameter maximumSize: In bytes.
  /// - Throws: ``VirtNestError`` if it does not exist, is a folder, device or pipe, is larger than
  ///   `maximumSize`, or changes during each read.
  package static func read(
    _ path: FilePath, maximumSize: Int
  ) throws(VirtNestError) -> OriginalFile {
    // Before it is opened, because opening a pipe waits for a writer, and opening a device can have
    // side effects.
    let found = try VirtNestError.wrap(path, "cannot read") { try Stat(path) }
    try check(found, at: path)
    let resolved = try VirtNestError.wrap(path, "cannot follow") { try resolve(path) }
    let file = try VirtNestError.wrap(path, "cannot open") {
      try FileDescriptor.open(resolved, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    }
    for _ in 1...3 {
      let before = try VirtNestError.wrap(path, "cannot read") { try Stat(file.file) }
      try check(before, at: path)
      guard before.size <= maximumSize else {
        throw VirtNestError(
          file: path, "has \(before.size) bytes, more than the limit of \(maximumSize)",
          advice: "check that it is a domain definition")
      }
      let bytes = try VirtNestError.wrap(path, "cannot read") {
        try file.file.contents(upTo: Int(before.size) + 1)
      }
      let after = try VirtNestError.wrap(path, "cannot read") { try Stat(file.file) }
      if FileState(before) == FileState(after) && bytes.count == Int(before.size) {
        return OriginalFile(
          givenPath: path, path: resolved, bytes: bytes, state: FileState(before))
      }
    }
    throw VirtNestError(
      file: path, "changes while it is read",
      advice: "run the command again when no program writes to it")
  }

  /// Replaces the file's content.
  ///
  /// Mode, owner, ACL, SELinux label and every other extended attribute are kept; inode flags
  /// (`chattr`) and times are not.
  ///
  /// If the bytes are equal, nothing is written. Programs that use this library wait for each other;
  /// if two have read the same state, the second gets an error.
  /// - Parameters:
  ///   - backupSuffix: Keeps the old bytes at the path with this text appended, with their mode,
  ///     owner and attributes. The backup replaces a file that exists there, atomically, and stays
  ///     if the replacement fails afterwards.
  /// - Returns: Whether anything was written.
  /// - Throws: ``VirtNestError``, whose code tells what the file holds. Nothing is changed
  ///   if the file has changed since it was read; with ``ReplacementMethod/atomic`` also if it has
  ///   several hard links, if its folder takes no new file, or if an attribute cannot be set on a
  ///   new file.
  @discardableResult
  package func replace(
    with newBytes: [UInt8], backupSuffix: String? = nil, method: ReplacementMethod = .atomic
  ) throws(VirtNestError) -> Bool {
    switch method {
    case .atomic:
      let staged = try stage(newBytes, backupSuffix: backupSuffix)
      try staged?.commit()
      return staged != nil
    case .overwrite:
      if newBytes == bytes { return false }
      try overwrite(with: newBytes, backupSuffix: backupSuffix)
      return true
    }
  }

  /// The path without symbolic links, `.` and `..`.
  private static func resolve(_ path: FilePath) throws(Errno) -> FilePath {
    guard let resolved = path.withPlatformString({ realpath($0, nil) }) else {
      throw Errno(rawValue: errno)
    }
    defer { free(resolved) }
    return FilePath(platformString: resolved)
  }

  private static func check(_ stat: Stat, at path: FilePath) throws(VirtNestError) {
    switch stat.type {
    case .regular: return
    case .directory: throw VirtNestError(file: path, "is a folder, not a file")
    case .fifo:
      throw VirtNestError(
        file: path, "is a pipe, not a file",
        advice: "use '-' as the file and redirect standard input")
    default: throw VirtNestError(file: path, "is not a regular file")
    }
  }
}

extension FileDescriptor {
  /// The bytes from the start of the file, `limit` at most.
  func contents(upTo limit: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let rest = UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let more = try read(fromAbsoluteOffset: Int64(count), into: rest)
        if more == 0 { return }
        count += more
      }
    }
  }
}

extension OriginalFile {
  /// Writes `newBytes` to a temporary file; ``StagedFile/commit()`` then replaces this file by it.
  ///
  /// The parameters are those of ``replace(with:backupSuffix:method:)``.
  /// - Returns: `nil` if the bytes are equal: then nothing is written.
  /// - Throws: ``VirtNestError``; the file is unchanged.
  package func stage(
    _ newBytes: [UInt8], backupSuffix: String? = nil, syncsFolder: Bool = true
  ) throws(VirtNestError) -> StagedFile? {
    if newBytes == bytes { return nil }
    let name = try name()
    let folder = try openFolder()
    let file = try reopen(O_RDONLY)
    let links = try VirtNestError.wrap(path, "cannot read") { try Stat(file.file).linkCount }
    guard links == 1 else {
      throw VirtNestError(
        file: path, "has \(links) hard links, and a new file would replace only this one",
        advice: "use --overwrite to change all of them")
    }
    let attributes = try attributes(of: file)
    let backup = try stageBackup(
      suffix: backupSuffix, attributes, in: folder, syncsFolder: syncsFolder)
    let temporaryName = try writeTemporaryFile(
      for: path, named: name, in: folder, bytes: newBytes, attributes: attributes,
      folderAdvice: Self.overwriteAdvice)
    return StagedFile(
      path, name: name, temporaryName: temporaryName, place: .original(self, backup: backup),
      syncsFolder: syncsFolder)
  }

  /// Puts the backup in its place.
  ///
  /// The file itself stays unchanged, also if that fails.
  func commitBackup(_ backup: StagedFile) throws(VirtNestError) {
    do throws(VirtNestError) {
      try backup.commit()
    } catch {
      throw VirtNestError(
        file: path, "was not replaced, because its backup \(backup.path) \(error.message)")
    }
  }

  func attributes(of file: borrowing OwnedDescriptor) throws(VirtNestError) -> FileAttributes {
    try VirtNestError.wrap(path, "cannot read mode, owner and extended attributes") {
      try FileAttributes(of: file.file)
    }
  }

  /// Writes the old bytes to a temporary file that can become the backup; `nil` without a suffix.
  func stageBackup(
    suffix: String?, _ attributes: FileAttributes, in folder: borrowing OwnedDescriptor,
    syncsFolder: Bool
  ) throws(VirtNestError) -> StagedFile? {
    guard let suffix else { return nil }
    guard !suffix.isEmpty && !suffix.contains("/") && !suffix.contains("\0") else {
      throw VirtNestError(
        file: path, "cannot have a backup with the suffix '\(suffix)'",
        advice: "use a suffix without a slash, such as .orig")
    }
    let name = FileName(try name(), suffix: suffix)
    let backupPath = name.path(in: self.folder)
    let temporaryName = try writeTemporaryFile(
      for: backupPath, named: name, in: folder, bytes: bytes, attributes: attributes,
      folderAdvice: "a backup needs a folder that is writable")
    return StagedFile(
      backupPath, name: name, temporaryName: temporaryName, place: .any, syncsFolder: syncsFolder)
  }
}

extension OriginalFile {
  static let changed = "has changed since it was read"
  static let runAgain = "nothing was written; run the command again for the new content"
  static let overwriteAdvice = "use --overwrite to write into the existing file"

  var folder: FilePath { path.removingLastComponent() }

  /// The file's name in ``folder``.
  func name() throws(VirtNestError) -> FileName {
    guard let last = path.lastComponent else {
      throw VirtNestError(file: path, "is a folder, not a file")
    }
    return FileName(last)
  }

  func openFolder() throws(VirtNestError) -> OwnedDescriptor {
    try VirtNestError.wrap(
      path, "cannot open the folder of the file", advice: Self.overwriteAdvice
    ) { try FileDescriptor.openFolder(folder) }
  }

  /// Opens the file again.
  ///
  /// - Throws: ``VirtNestError`` if it has changed since it was read.
  func reopen(_ flags: CInt) throws(VirtNestError) -> OwnedDescriptor {
    let file = try openNoFollow(flags)
    let stat = try VirtNestError.wrap(path, "cannot read") { try Stat(file.file) }
    guard FileState(stat) == state else {
      throw VirtNestError(file: path, Self.changed, advice: Self.runAgain)
    }
    return file
  }

  private func openNoFollow(_ flags: CInt) throws(VirtNestError) -> OwnedDescriptor {
    do {
      return try FileDescriptor.open(path, flags | O_NOFOLLOW | O_NONBLOCK)
    } catch .noSuchFileOrDirectory, .tooManySymbolicLinkLevels {
      throw VirtNestError(file: path, Self.changed, advice: Self.runAgain)
    } catch {
      throw VirtNestError(file: path, "cannot open", error)
    }
  }

  /// Locks the file; waits at most 10 seconds for a program that has it locked.
  ///
  /// The lock prevents that two programs with this library replace the same file at once: each
  /// locks the file that it has read, and then checks that the path still leads to it.
  func lock(_ file: borrowing OwnedDescriptor) throws(VirtNestError) {
    for _ in 1...1000 {
      let locked = try VirtNestError.wrap(path, "cannot lock") { try file.file.lockExclusively() }
      if locked { return }
      usleep(10_000)
    }
    throw VirtNestError(
      file: path, "is locked by another program",
      advice: "run the command again when that program has ended (lslocks shows it)")
  }

  /// Whether the open file still holds the bytes that were read.
  ///
  /// Two writes within one tick of the kernel's clock leave the same times, so the bytes are read.
  func holdsSameBytes(_ file: borrowing OwnedDescriptor) throws(VirtNestError) -> Bool {
    try VirtNestError.wrap(path, "cannot read") {
      try file.file.contents(upTo: bytes.count + 1) == bytes
    }
  }
}
