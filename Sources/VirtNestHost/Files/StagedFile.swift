internal import Glibc
internal import LosslessXML
internal import Synchronization
package import SystemPackage
package import VirtNest

/// New content of a file, in a temporary file beside it.
///
/// Its bytes are on the disk from the start. A batch stages its files with `syncsFolder: false`,
/// commits them and calls ``synchronizeFolder(_:)`` once. When the last reference goes without a
/// commit, the temporary file is removed.
package final class StagedFile: Sendable {
  /// The file whose content it is.
  package let path: FilePath

  let name: FileName
  let temporaryName: FileName
  private let place: Place
  private let syncsFolder: Bool
  private let isPending = Mutex(true)

  /// What must be at the path when it is committed.
  enum Place: Sendable {
    /// The file as it was read. The backup is committed first.
    case original(OriginalFile, backup: StagedFile?)
    /// No file.
    case free
    /// Any file, or none.
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

  /// Removes the temporary file, and that of its backup; does nothing after ``commit()``.
  package func discard() {
    guard takePending() else { return }
    removeTemporaryFiles()
  }

  /// Puts the content in its place; a second call does nothing.
  ///
  /// - Throws: ``VirtNestError``; then the temporary file is removed.
  package func commit() throws(VirtNestError) {
    guard takePending() else { return }
    do throws(VirtNestError) {
      try takePlace()
    } catch {
      if !error.has(.fileKept) { removeTemporaryFiles() }
      throw error
    }
  }

  private func takePlace() throws(VirtNestError) {
    let folder = try VirtNestError.wrap(path, "cannot open the folder of the file") {
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
      try VirtNestError.wrap(path, "cannot be put in its place") {
        try folder.file.rename(temporaryName, to: name, .replace)
      }
    }
    if syncsFolder {
      do throws(VirtNestError) {
        try synchronizeFolder(path.removingLastComponent())
      } catch {
        throw VirtNestError(
          file: path, "is replaced, but its folder \(error.message)",
          advice: "a power failure now may bring back the old file", code: .fileReplaced)
      }
    }
  }

  /// Removes the temporary files by path, because the folder may be what cannot be opened.
  ///
  /// A failure is ignored, so that it does not hide the error that led here.
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

  private func takeFreePlace(in folder: borrowing OwnedDescriptor) throws(VirtNestError) {
    do {
      do {
        try folder.file.rename(temporaryName, to: name, .fail)
      } catch .invalidArgument, .noFunction {
        // The file system does not support the rule. A hard link does not replace a file either.
        try folder.file.link(temporaryName, to: name)
        removeTemporaryFile(temporaryName, in: folder)
      }
    } catch {
      throw VirtNestError(file: path, "cannot create", error)
    }
  }
}

extension StagedFile {
  /// Puts the temporary file in the original's place if the original is still there.
  ///
  /// A lock on the original excludes other programs with this library, but not an editor: it could
  /// save its file between the last check of the path and a plain rename, and that file would be
  /// lost. So the two names are exchanged in one step. If the file that came out is not the original
  /// as it was read, the names are exchanged back. A program that has the original open and writes
  /// to it after that cannot be detected by any way of replacing a file.
  func exchange(
    with original: OriginalFile, _ file: borrowing OwnedDescriptor,
    in folder: borrowing OwnedDescriptor
  ) throws(VirtNestError) {
    let changed = VirtNestError(file: path, OriginalFile.changed, advice: OriginalFile.runAgain)
    guard FileState(try look(at: name, in: folder)) == original.state,
      try original.holdsSameBytes(file)
    else { throw changed }
    let new = FileState(try look(at: temporaryName, in: folder))
    do {
      try folder.file.rename(temporaryName, to: name, .exchange)
    } catch .invalidArgument, .noFunction, .notSupported {
      // The file system cannot exchange names (NFS). The check above, under the lock, must suffice.
      try replacePlainly(in: folder)
      return
    } catch {
      throw VirtNestError(file: path, "cannot replace", error, advice: OriginalFile.overwriteAdvice)
    }
    guard isOriginalOut(original, file, in: folder) else {
      try exchangeBack(new, in: folder)
      throw changed
    }
    try removeOldFile(in: folder)
  }

  private func replacePlainly(in folder: borrowing OwnedDescriptor) throws(VirtNestError) {
    try VirtNestError.wrap(path, "cannot replace", advice: OriginalFile.overwriteAdvice) {
      try folder.file.rename(temporaryName, to: name, .replace)
    }
  }

  /// Whether the file with the temporary name is now the original, as it was read.
  ///
  /// If that cannot be read, the answer is no, and the exchange is undone.
  private func isOriginalOut(
    _ original: OriginalFile, _ file: borrowing OwnedDescriptor,
    in folder: borrowing OwnedDescriptor
  ) -> Bool {
    do throws(VirtNestError) {
      let out = FileState(try look(at: temporaryName, in: folder))
      guard out.hasSameData(as: original.state) else { return false }
      return try original.holdsSameBytes(file)
    } catch {
      return false
    }
  }

  /// Exchanges the names again, so that the file at the path is the one that was there before.
  ///
  /// If another program has put a third file there meanwhile, that one is the latest and stays. The
  /// file before it is kept under the temporary name, which the error tells.
  private func exchangeBack(
    _ new: FileState, in folder: borrowing OwnedDescriptor
  ) throws(VirtNestError) {
    let kept =
      "the file before it is kept as \(temporaryName.path(in: path.removingLastComponent()))"
    do {
      try folder.file.rename(temporaryName, to: name, .exchange)
      let out = FileState(try folder.file.stat(temporaryName))
      if out.hasSameData(as: new) { return }
      try folder.file.rename(temporaryName, to: name, .exchange)
    } catch {
      throw VirtNestError(
        file: path, "\(OriginalFile.changed), and cannot be put back", error, advice: kept,
        code: .fileKept)
    }
    throw VirtNestError(
      file: path, "other programs replace it repeatedly", advice: kept,
      code: .fileKept)
  }

  /// Removes the old file, with a second attempt: the file is replaced already, and undoing that
  /// would only leave the other of the two files behind.
  private func removeOldFile(in folder: borrowing OwnedDescriptor) throws(VirtNestError) {
    do {
      do {
        try folder.file.unlink(temporaryName)
      } catch {
        try folder.file.unlink(temporaryName)
      }
    } catch {
      throw VirtNestError(
        file: path, "is replaced, but the old file cannot be removed", error,
        advice: "it is still there as \(temporaryName.path(in: path.removingLastComponent()))",
        code: .fileKept)
    }
  }

  private func look(
    at name: FileName, in folder: borrowing OwnedDescriptor
  ) throws(VirtNestError) -> Stat {
    do {
      return try folder.file.stat(name)
    } catch .noSuchFileOrDirectory {
      throw VirtNestError(file: path, OriginalFile.changed, advice: OriginalFile.runAgain)
    } catch {
      throw VirtNestError(file: path, "cannot read", error)
    }
  }
}
