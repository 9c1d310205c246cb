internal import Glibc
internal import SystemPackage
internal import VirtNest

extension OriginalFile {
  /// Writes `newBytes` beside the file, ready to take its place with ``StagedFile/commit()``.
  ///
  /// The parameters are those of ``replace(with:backupSuffix:method:syncsFolder:)``.
  /// - Returns: `nil` where the bytes are equal, and so nothing was written.
  /// - Throws: ``FileError``; the file is unchanged.
  package func stage(
    _ newBytes: [UInt8], backupSuffix: String? = nil, syncsFolder: Bool = true
  ) throws(FileError) -> StagedFile? {
    if newBytes == bytes { return nil }
    let name = try name()
    let folder = try openFolder()
    let file = try reopen(O_RDONLY)
    let links = try FileError.wrap(path, "cannot read") { try Stat(file.file).linkCount }
    guard links == 1 else {
      throw FileError(
        path, "has \(links) hard links, and a new file would take the place of this one only",
        advice: "\(Self.overwriteAdvice), so that all of them change")
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

  /// Puts the backup in its place; the file itself is unchanged, whatever becomes of that.
  func commitBackup(_ backup: StagedFile) throws(FileError) {
    do throws(FileError) {
      try backup.commit()
    } catch {
      throw FileError(
        path, "was not replaced, since its backup \(backup.path) \(error.problem)", error.reason)
    }
  }

  func attributes(of file: borrowing OwnedDescriptor) throws(FileError) -> FileAttributes {
    try FileError.wrap(path, "cannot read mode, owner and extended attributes") {
      try FileAttributes(of: file.file)
    }
  }

  /// Writes the old bytes beside the file, ready to become its backup; `nil` without a suffix.
  func stageBackup(
    suffix: String?, _ attributes: FileAttributes, in folder: borrowing OwnedDescriptor,
    syncsFolder: Bool
  ) throws(FileError) -> StagedFile? {
    guard let suffix else { return nil }
    guard !suffix.isEmpty && !suffix.contains("/") && !suffix.contains("\0") else {
      throw FileError(
        path, "cannot have a backup with the suffix '\(suffix)'",
        advice: "give one like .orig, without a slash")
    }
    let name = FileName(try name(), suffix: suffix)
    let backupPath = name.path(in: self.folder)
    let temporaryName = try writeTemporaryFile(
      for: backupPath, named: name, in: folder, bytes: bytes, attributes: attributes,
      folderAdvice: "the backup needs a folder that can be written to")
    return StagedFile(
      backupPath, name: name, temporaryName: temporaryName, place: .any, syncsFolder: syncsFolder)
  }
}
