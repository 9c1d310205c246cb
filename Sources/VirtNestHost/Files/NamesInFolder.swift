internal import CLinux
internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

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
