internal import Glibc
package import SystemPackage
internal import VirtNest

/// A file as it was read, and the way to replace it by what became of its bytes.
///
/// Nothing is lost: the file holds the old bytes or the new ones, whole, whatever fails, and what
/// another program has put there since it was read is never written over.
package struct OriginalFile: Sendable {
  /// How the new bytes take the place of the old ones.
  package enum ReplacementMethod: Sendable {
    /// A new file beside the old one takes its name. A crash leaves the old or the new one, whole.
    case atomic
    /// The bytes are written into the file that is there. Hard links keep pointing at it, and its
    /// folder need not be writable. A crash in the middle can leave it damaged: keep a backup.
    case overwrite
  }

  /// The path as it was given.
  package let givenPath: FilePath
  /// The absolute path of the file, symbolic links followed.
  package let path: FilePath
  /// What the file held.
  package let bytes: [UInt8]
  /// The state of the file that `bytes` are from.
  let state: FileState

  /// Reads the regular file at `path`; a symbolic link is followed.
  ///
  /// A file that another program writes to meanwhile is read again, a few times.
  /// - Parameter maximumSize: In bytes.
  /// - Throws: ``FileError`` where it is not there, is a folder, device or pipe, is larger than
  ///   `maximumSize`, or never holds still.
  package static func read(
    _ path: FilePath, maximumSize: Int
  ) throws(FileError) -> OriginalFile {
    // Before it is opened: opening a pipe waits for a writer, opening a device can do anything.
    let found = try FileError.wrap(path, "cannot read") { try Stat(path) }
    try check(found, at: path)
    let resolved = try FileError.wrap(path, "cannot follow") { try resolve(path) }
    let file = try FileError.wrap(path, "cannot open") {
      try FileDescriptor.open(resolved, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    }
    for _ in 1...3 {
      let before = try FileError.wrap(path, "cannot read") { try Stat(file.file) }
      try check(before, at: path)
      guard before.size <= maximumSize else {
        throw FileError(
          path, "has \(before.size) bytes, and at most \(maximumSize) are read",
          advice: "is it a domain definition?")
      }
      let bytes = try FileError.wrap(path, "cannot read") {
        try file.file.contents(upTo: Int(before.size) + 1)
      }
      let after = try FileError.wrap(path, "cannot read") { try Stat(file.file) }
      if FileState(before) == FileState(after) && bytes.count == Int(before.size) {
        return OriginalFile(
          givenPath: path, path: resolved, bytes: bytes, state: FileState(before))
      }
    }
    throw FileError(
      path, "changes while it is read", advice: "try again when nothing writes to it")
  }

  /// Replaces the file's content, keeping mode, owner, ACL, SELinux label and every other extended
  /// attribute; not its inode flags (`chattr`) and times.
  ///
  /// Where the bytes are equal nothing at all is written. Programs that use this library wait for
  /// each other; of two that read the same state, the second gets an error.
  /// - Parameters:
  ///   - backupSuffix: Keeps the old bytes at the path with this text appended, with their mode,
  ///     owner and attributes. A file that is there already is replaced by the backup, atomically.
  ///     The backup stays where the replacement fails after it.
  /// - Returns: Whether anything was written.
  /// - Throws: ``FileError``; its ``FileError/outcome`` tells what the file holds. Before anything
  ///   is changed: where the file has changed since it was read; with ``ReplacementMethod/atomic``
  ///   also where it has several hard links, no file can be made beside it, or something of what
  ///   is to be kept cannot be given to a new file.
  @discardableResult
  package func replace(
    with newBytes: [UInt8], backupSuffix: String? = nil, method: ReplacementMethod = .atomic,
    syncsFolder: Bool = true
  ) throws(FileError) -> Bool {
    switch method {
    case .atomic:
      let staged = try stage(newBytes, backupSuffix: backupSuffix, syncsFolder: syncsFolder)
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

  private static func check(_ stat: Stat, at path: FilePath) throws(FileError) {
    switch stat.type {
    case .regular: return
    case .directory: throw FileError(path, "is a folder, not a file")
    case .fifo: throw FileError(path, "is a pipe, not a file", advice: "give '-' and redirect it")
    default: throw FileError(path, "is not a regular file")
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
