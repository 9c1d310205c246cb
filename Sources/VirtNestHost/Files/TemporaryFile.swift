internal import CLinux
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

/// A file name: bytes without a slash, not necessarily UTF-8.
struct FileName: Sendable {
  /// The bytes and the terminating zero.
  fileprivate let characters: [CChar]

  init(_ component: FilePath.Component) {
    characters = component.withPlatformString {
      Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
    }
  }

  /// A new name for a temporary file beside `neighbour`; patterns such as `*.xml` do not match it.
  ///
  /// It contains the process number, and a random number, so that files of a killed process cannot
  /// have the same name. A long neighbour is cut, because a name has at most 255 bytes.
  init(temporaryFor neighbour: FileName) {
    let random = UInt64.random(in: .min ... .max)
    let tail = ".virt-nest.\(getpid()).\(String(random, radix: 36)).tmp"
    let head = neighbour.characters.dropLast().prefix(200)
    characters = [CChar(bitPattern: UInt8(ascii: "."))] + head + tail.utf8CString
  }

  init(_ name: FileName, suffix: String) {
    characters = name.characters.dropLast() + suffix.systemBytes.map { CChar(bitPattern: $0) } + [0]
  }

  /// The path of this name in `folder`.
  func path(in folder: FilePath) -> FilePath {
    characters.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return folder }
      return folder.pushing(FilePath(platformString: start))
    }
  }
}

/// What ``FileDescriptor/rename(_:to:_:)`` does with a file that has the new name already.
enum RenameRule: CUnsignedInt {
  case replace = 0
  /// `RENAME_NOREPLACE`: fail with `EEXIST`.
  case fail = 1
  /// `RENAME_EXCHANGE`: give it the old name.
  case exchange = 2
}

/// System calls for files of an open folder.
extension FileDescriptor {
  /// Opens a folder.
  static func openFolder(_ path: FilePath) throws(Errno) -> OwnedDescriptor {
    try open(path, O_RDONLY | O_DIRECTORY)
  }

  /// Opens a file by its path.
  static func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> OwnedDescriptor {
    let number = try retrying { path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC) } }
    return OwnedDescriptor(FileDescriptor(rawValue: number))
  }

  func open(
    _ name: FileName, _ flags: CInt, permissions: FilePermissions = []
  ) throws(Errno) -> OwnedDescriptor {
    let number = try retrying {
      openat(rawValue, name.characters, flags | O_CLOEXEC, permissions.rawValue)
    }
    return OwnedDescriptor(FileDescriptor(rawValue: number))
  }

  /// The state of the file with this name; a symbolic link is not followed.
  func stat(_ name: FileName) throws(Errno) -> Stat {
    try Stat(name.characters, relativeTo: self, flags: .symlinkNoFollow)
  }

  func rename(_ old: FileName, to new: FileName, _ rule: RenameRule) throws(Errno) {
    // Every file system and sandbox supports the older call.
    try retrying {
      rule == .replace
        ? renameat(rawValue, old.characters, rawValue, new.characters)
        : renameat2(rawValue, old.characters, rawValue, new.characters, rule.rawValue)
    }
  }

  func link(_ old: FileName, to new: FileName) throws(Errno) {
    try retrying { linkat(rawValue, old.characters, rawValue, new.characters, 0) }
  }

  func unlink(_ name: FileName) throws(Errno) {
    try retrying { unlinkat(rawValue, name.characters, 0) }
  }
}
