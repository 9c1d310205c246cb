internal import SystemPackage
internal import VirtNest

extension StagedFile {
  /// Puts the temporary file in the original's place, provided that the original is there.
  ///
  /// Programs with this library exclude each other by the lock on the original. Others do not ask
  /// for it: between the last look at the path and a plain rename, an editor could put its file
  /// there, and it would be gone. So the two names are exchanged in one step, which loses nothing,
  /// and then it is seen what has come out; where that is not the original as it was read, the
  /// names are exchanged back. What remains is a program that has the original open and writes
  /// into it later than that: no way of replacing a file can see this.
  func exchange(
    with original: OriginalFile, _ file: borrowing OwnedDescriptor,
    in folder: borrowing OwnedDescriptor
  ) throws(FileError) {
    let changed = FileError(path, OriginalFile.changed, advice: OriginalFile.runAgain)
    guard FileState(try look(at: name, in: folder)) == original.state,
      try original.holdsSameBytes(file)
    else { throw changed }
    let new = FileState(try look(at: temporaryName, in: folder))
    do {
      try folder.file.rename(temporaryName, to: name, .exchange)
    } catch .invalidArgument, .noFunction, .notSupported {
      // The file system cannot exchange (NFS): the look above, under the lock, has to do.
      try replacePlainly(in: folder)
      return
    } catch {
      throw FileError(path, "cannot replace", error, advice: OriginalFile.overwriteAdvice)
    }
    guard isOriginalOut(original, file, in: folder) else {
      try exchangeBack(new, in: folder)
      throw changed
    }
    try removeOldFile(in: folder)
  }

  private func replacePlainly(in folder: borrowing OwnedDescriptor) throws(FileError) {
    try FileError.wrap(path, "cannot replace", advice: OriginalFile.overwriteAdvice) {
      try folder.file.rename(temporaryName, to: name, .replace)
    }
  }

  /// Whether what has the temporary name now is the original, as it was read.
  ///
  /// Trouble in looking counts as no: then the exchange is undone.
  private func isOriginalOut(
    _ original: OriginalFile, _ file: borrowing OwnedDescriptor,
    in folder: borrowing OwnedDescriptor
  ) -> Bool {
    do throws(FileError) {
      let out = FileState(try look(at: temporaryName, in: folder))
      guard out.hasSameData(as: original.state) else { return false }
      return try original.holdsSameBytes(file)
    } catch {
      return false
    }
  }

  /// Puts back what the exchange took out of the place.
  ///
  /// Where a third file took the place in that moment, it is the latest and gets it again; what
  /// came between is kept under the temporary name, which the error tells.
  private func exchangeBack(
    _ new: FileState, in folder: borrowing OwnedDescriptor
  ) throws(FileError) {
    let kept =
      "what was there before is kept as \(temporaryName.path(in: path.removingLastComponent()))"
    do {
      try folder.file.rename(temporaryName, to: name, .exchange)
      let out = FileState(try folder.file.stat(temporaryName))
      if out.hasSameData(as: new) { return }
      try folder.file.rename(temporaryName, to: name, .exchange)
    } catch {
      throw FileError(
        path, "\(OriginalFile.changed), and cannot be put back", error, advice: kept,
        outcome: .replaced, keepsTemporaryFile: true)
    }
    throw FileError(
      path, "is being replaced by other programs again and again", advice: kept,
      keepsTemporaryFile: true)
  }

  /// A failed removal is tried once more: the file is replaced already, and going back would only
  /// change which of the two stays behind.
  private func removeOldFile(in folder: borrowing OwnedDescriptor) throws(FileError) {
    do {
      do {
        try folder.file.unlink(temporaryName)
      } catch {
        try folder.file.unlink(temporaryName)
      }
    } catch {
      throw FileError(
        path, "is replaced, but the old file cannot be removed", error,
        advice: "it is still there as \(temporaryName.path(in: path.removingLastComponent()))",
        outcome: .replaced, keepsTemporaryFile: true)
    }
  }

  private func look(
    at name: FileName, in folder: borrowing OwnedDescriptor
  ) throws(FileError) -> Stat {
    do {
      return try folder.file.stat(name)
    } catch .noSuchFileOrDirectory {
      throw FileError(path, OriginalFile.changed, advice: OriginalFile.runAgain)
    } catch {
      throw FileError(path, "cannot read", error)
    }
  }
}
