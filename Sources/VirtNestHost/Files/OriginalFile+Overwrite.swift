internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

extension OriginalFile {
  /// Writes `newBytes` into the existing file.
  ///
  /// New bytes beyond the old size are written first, so that nothing is lost if the disk is full.
  /// If writing over the old bytes fails, they are written back. After a crash in the middle the
  /// file holds part of both; so does a read in the middle.
  func overwrite(
    with newBytes: [UInt8], backupSuffix: String?
  ) throws(VirtNestError) {
    let file = try reopen(O_RDWR)
    try lock(file)
    // Another program may have replaced the file while this one waited for the lock.
    guard try holdsSameBytes(file), try isAtPath(file) else {
      throw VirtNestError(file: path, Self.changed, advice: Self.runAgain)
    }
    if backupSuffix != nil {
      let folder = try openFolder()
      let attributes = try attributes(of: file)
      let backup = try stageBackup(
        suffix: backupSuffix, attributes, in: folder, syncsFolder: true)
      if let backup { try commitBackup(backup) }
    }
    try writeTail(of: newBytes, to: file)
    do {
      _ = try file.file.writeAll(toAbsoluteOffset: 0, newBytes.prefix(bytes.count))
      try file.file.resize(to: Int64(newBytes.count))
    } catch {
      throw putBack(bytes, after: error, in: file)
    }
    try VirtNestError.wrap(
      path, "is replaced, but may not be on the disk yet",
      advice: "a power failure now may leave it damaged", code: .fileReplaced
    ) { try file.file.synchronize() }
    // A program without locks may have put another file in its place meanwhile.
    let isThere: Bool
    do throws(VirtNestError) { isThere = try isAtPath(file) } catch {
      throw VirtNestError(
        file: path, "is replaced, but its path cannot be read again: \(error.message)",
        advice: "look whether another program has put a file in its place", code: .fileReplaced)
    }
    guard isThere else {
      throw VirtNestError(
        file: path, "was replaced by another program while it was written", advice: Self.runAgain)
    }
  }

  /// Whether the path still leads to this file.
  private func isAtPath(_ file: borrowing OwnedDescriptor) throws(VirtNestError) -> Bool {
    do {
      let (own, there) = (try Stat(file.file), try Stat(path))
      return own.inode == there.inode && own.deviceID == there.deviceID
    } catch Errno.noSuchFileOrDirectory {
      return false
    } catch {
      throw VirtNestError(file: path, "cannot read", error)
    }
  }

  private func writeTail(
    of newBytes: [UInt8], to file: borrowing OwnedDescriptor
  ) throws(VirtNestError) {
    guard newBytes.count > bytes.count else { return }
    do {
      _ = try file.file.writeAll(
        toAbsoluteOffset: Int64(bytes.count), newBytes[bytes.count...])
    } catch {
      throw putBack([], after: error, in: file)
    }
  }

  /// Writes back `oldBytes` at the start of the file, and restores the old size, after `failure`.
  ///
  /// - Returns: The error to throw, which tells whether that succeeded.
  private func putBack(
    _ oldBytes: [UInt8], after failure: any Error, in file: borrowing OwnedDescriptor
  ) -> VirtNestError {
    let reason = failure as? Errno
    do {
      _ = try file.file.writeAll(toAbsoluteOffset: 0, oldBytes)
      try file.file.resize(to: Int64(bytes.count))
    } catch {
      return VirtNestError(
        file: path, "cannot write, nor restore the old content", reason,
        advice: "the file is damaged; restore it from a backup", code: .fileDamaged)
    }
    return VirtNestError(file: path, "cannot write", reason, advice: "the old content was restored")
  }
}
