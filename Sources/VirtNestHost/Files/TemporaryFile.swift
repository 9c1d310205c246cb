internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// Writes a temporary file in `folder`, the folder of `target`, and syncs it to the disk.
///
/// If that fails, the file is removed.
/// - Parameters:
///   - target: The file whose new content this is, for messages and for the name.
///   - permissions: Its mode, less the umask, until `attributes` are set.
///   - folderAdvice: What to do if no file can be created in the folder.
/// - Returns: Its name.
func writeTemporaryFile(
  for target: FilePath, named targetName: FileName, in folder: borrowing OwnedDescriptor,
  bytes: [UInt8], permissions: FilePermissions = .ownerReadWrite,
  attributes: FileAttributes? = nil, folderAdvice: String? = nil
) throws(VirtNestError) -> FileName {
  let name = FileName(temporaryFor: targetName)
  let file = try VirtNestError.wrap(
    target, "cannot make a temporary file in its folder", advice: folderAdvice
  ) {
    try folder.file.open(
      name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: permissions)
  }
  do throws(VirtNestError) {
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
) throws(VirtNestError) {
  try VirtNestError.wrap(target, "cannot write its temporary file") {
    _ = try file.file.writeAll(toAbsoluteOffset: 0, bytes)
  }
  do {
    try attributes?.give(to: file.file)
  } catch {
    throw VirtNestError(
      file: target, "a new file cannot have the same \(error.what)", error.reason,
      advice: OriginalFile.overwriteAdvice)
  }
  do {
    try file.file.synchronize()
    try file.close()
  } catch {
    throw VirtNestError(file: target, "cannot write its temporary file to the disk", error)
  }
}

/// Removes a temporary file.
///
/// A failure is ignored, so that it does not hide the error of the caller.
func removeTemporaryFile(_ name: FileName, in folder: borrowing OwnedDescriptor) {
  do { try folder.file.unlink(name) } catch {}
}
