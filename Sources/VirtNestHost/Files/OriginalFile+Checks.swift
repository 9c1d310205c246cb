internal import Glibc
internal import SystemPackage
internal import VirtNest

extension OriginalFile {
  static let changed = "has changed since it was read"
  static let runAgain = "nothing was written; run again to work on what it holds now"
  static let overwriteAdvice = "--overwrite writes into the file that is there"

  var folder: FilePath { path.removingLastComponent() }

  /// The file's name in ``folder``.
  func name() throws(FileError) -> FileName {
    guard let last = path.lastComponent else { throw FileError(path, "is a folder, not a file") }
    return FileName(last)
  }

  func openFolder() throws(FileError) -> OwnedDescriptor {
    try FileError.wrap(
      path, "cannot open the folder of the file", advice: Self.overwriteAdvice
    ) { try FileDescriptor.openFolder(folder) }
  }

  /// Opens the file again, as the one that was read.
  func reopen(_ flags: CInt) throws(FileError) -> OwnedDescriptor {
    let file = try openNoFollow(flags)
    let stat = try FileError.wrap(path, "cannot read") { try Stat(file.file) }
    guard FileState(stat) == state else {
      throw FileError(path, Self.changed, advice: Self.runAgain)
    }
    return file
  }

  private func openNoFollow(_ flags: CInt) throws(FileError) -> OwnedDescriptor {
    do {
      return try FileDescriptor.open(path, flags | O_NOFOLLOW | O_NONBLOCK)
    } catch .noSuchFileOrDirectory, .tooManySymbolicLinkLevels {
      throw FileError(path, Self.changed, advice: Self.runAgain)
    } catch {
      throw FileError(path, "cannot open", error)
    }
  }

  /// Waits for other programs that have the file locked; 10 seconds at most.
  ///
  /// The lock is what keeps two programs with this library from replacing the same file at once:
  /// each locks the file that it has read, and then finds out whether the path still leads to it.
  func lock(_ file: borrowing OwnedDescriptor) throws(FileError) {
    for _ in 1...1000 {
      let locked = try FileError.wrap(path, "cannot lock") { try file.file.lockExclusively() }
      if locked { return }
      usleep(10_000)
    }
    throw FileError(
      path, "is locked by another program", advice: "run again when that has ended (lslocks)")
  }

  /// Whether the open file still holds the bytes that were read.
  ///
  /// Times alone do not tell: two writes within one tick of the kernel's clock have the same.
  func holdsSameBytes(_ file: borrowing OwnedDescriptor) throws(FileError) -> Bool {
    try FileError.wrap(path, "cannot read") {
      try file.file.contents(upTo: bytes.count + 1) == bytes
    }
  }
}
