internal import Glibc
internal import Synchronization
package import SystemPackage
internal import VirtNest

/// New content of a file, written beside it under a temporary name and not yet in its place.
///
/// Its bytes are on the disk when it is made. A batch stages its files with `syncsFolder: false`,
/// commits them and calls ``synchronizeFolder(_:)`` once.
/// The temporary file is removed when the last reference to an uncommitted one goes.
package final class StagedFile: Sendable {
  /// The file that it is for.
  package let path: FilePath

  let name: FileName
  let temporaryName: FileName
  private let place: Place
  private let syncsFolder: Bool
  private let isPending = Mutex(true)

  /// What is at the path that it will take.
  enum Place: Sendable {
    /// The file as it was read, of which a backup is to be made first.
    case original(OriginalFile, backup: StagedFile?)
    /// Nothing.
    case free
    /// A file, or nothing, no matter which.
    case any
  }

  init(
    _ path: FilePath, name: FileName, temporaryName: FileName, place: Place,
    syncsFolder: Bool
  ) {
    self.path = path
    self.name = name
    self.temporaryName = temporaryName
    self.place = place
    self.syncsFolder = syncsFolder
  }

  deinit {
    discard()
  }

  /// Removes the temporary file, and that of its backup; after ``commit()``, nothing.
  package func discard() {
    guard takePending() else { return }
    removeTemporaryFiles()
  }

  /// Puts the content in its place; only the first call does anything.
  ///
  /// - Throws: ``FileError``; the temporary file is removed then.
  package func commit() throws(FileError) {
    guard takePending() else { return }
    do throws(FileError) {
      try takePlace()
    } catch {
      if !error.keepsTemporaryFile { removeTemporaryFiles() }
      throw error
    }
  }

  private func takePlace() throws(FileError) {
    let folder = try FileError.wrap(path, "cannot open the folder of the file") {
      try FileDescriptor.openFolder(path.removingLastComponent())
    }
    switch place {
    case .original(let original, let backup):
      let file = try original.reopen(O_RDONLY)
      try original.lock(file)
      if let backup { try original.commitBackup(backup) }
      try exchange(with: original, file, in: folder)
    case .free: try takeFreePlace(in: folder)
    case .any:
      try FileError.wrap(path, "cannot be put in its place") {
        try folder.file.rename(temporaryName, to: name, .replace)
      }
    }
    if syncsFolder {
      do throws(FileError) {
        try synchronizeFolder(path.removingLastComponent())
      } catch {
        throw FileError(
          path, "is replaced, but not known to be on the disk", error.reason,
          advice: "a power cut now may bring the old one back", outcome: .replaced)
      }
    }
  }

  /// By path, since the folder may be what cannot be opened.
  ///
  /// A name that has found its place is gone already. That a file cannot be removed is the lesser
  /// trouble of two, and no reason to hide the other.
  private func removeTemporaryFiles() {
    if case .original(_, let backup?) = place { backup.discard() }
    temporaryName.path(in: path.removingLastComponent()).withPlatformString { _ = unlink($0) }
  }

  private func takePending() -> Bool {
    isPending.withLock { pending in
      defer { pending = false }
      return pending
    }
  }

  private func takeFreePlace(in folder: borrowing OwnedDescriptor) throws(FileError) {
    do {
      do {
        try folder.file.rename(temporaryName, to: name, .fail)
      } catch .invalidArgument, .noFunction {
        // The file system does not know the rule; a hard link does not replace either.
        try folder.file.link(temporaryName, to: name)
        removeTemporaryFile(temporaryName, in: folder)
      }
    } catch {
      throw FileError(path, "cannot create", error)
    }
  }
}
