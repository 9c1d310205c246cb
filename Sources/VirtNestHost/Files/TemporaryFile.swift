internal import Glibc
internal import SystemPackage
internal import VirtNest

/// Writes a new file under a temporary name in `folder`, the folder of `target`, and waits until its
/// bytes are on the disk.
///
/// Where that fails the file is removed.
/// - Parameters:
///   - target: The file that it is for, in messages and in its name.
///   - permissions: Its mode until it has got `attributes`, less the umask.
///   - folderAdvice: What to do where the folder takes no new file.
/// - Returns: Its name.
func writeTemporaryFile(
  for target: FilePath, named targetName: FileName, in folder: borrowing OwnedDescriptor,
  bytes: [UInt8], permissions: FilePermissions = .ownerReadWrite,
  attributes: FileAttributes? = nil, folderAdvice: String? = nil
) throws(FileError) -> FileName {
  let name = FileName(temporaryFor: targetName)
  let file = try FileError.wrap(
    target, "cannot make a temporary file in its folder", advice: folderAdvice
  ) {
    try folder.file.open(
      name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: permissions)
  }
  do throws(FileError) {
    try fill(
      file, for: target, bytes: bytes, attributes: attributes)
  } catch {
    removeTemporaryFile(name, in: folder)
    throw error
  }
  return name
}

private func fill(
  _ file: consuming OwnedDescriptor, for target: FilePath, bytes: [UInt8],
  attributes: FileAttributes?
) throws(FileError) {
  try FileError.wrap(target, "cannot write its temporary file") {
    _ = try file.file.writeAll(toAbsoluteOffset: 0, bytes)
  }
  do {
    try attributes?.give(to: file.file)
  } catch {
    throw FileError(
      target, "a new file in its place cannot have its \(error.what)", error.reason,
      advice: OriginalFile.overwriteAdvice)
  }
  do {
    try file.file.synchronize()
    try file.close()
  } catch {
    throw FileError(target, "cannot write its temporary file to the disk", error)
  }
}

/// Removes a temporary file.
///
/// That it cannot be removed is the lesser trouble of the two that its caller has, and no reason to
/// hide the other: the name says what it is.
func removeTemporaryFile(_ name: FileName, in folder: borrowing OwnedDescriptor) {
  do { try folder.file.unlink(name) } catch {}
}
