internal import CLinux
internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// Repeats a call of the C library as long as signals interrupt it.
@discardableResult
func retrying<Value: SignedInteger>(_ call: () -> Value) throws(Errno) -> Value {
  while true {
    let value = call()
    guard value == -1 else { return value }
    let reason = Errno(rawValue: errno)
    guard reason == .interrupted else { throw reason }
  }
}

/// A descriptor that is closed when it goes out of scope.
struct OwnedDescriptor: ~Copyable {
  let file: FileDescriptor

  init(_ file: FileDescriptor) {
    self.file = file
  }

  deinit {
    Glibc.close(file.rawValue)
  }

  /// Closes it.
  ///
  /// On a network file system the error tells that bytes written before were not stored.
  consuming func close() throws(Errno) {
    let number = file.rawValue
    discard self
    // Linux closes the descriptor even if a signal interrupts the call. A second call could close a
    // descriptor that another thread has opened meanwhile.
    if Glibc.close(number) == -1 && errno != EINTR { throw Errno(rawValue: errno) }
  }
}

extension FileDescriptor {
  /// The names of the file's extended attributes; none if its file system does not support them.
  func extendedAttributeNames() throws(Errno) -> [String] {
    let list: [UInt8]
    do {
      list = try growing { buffer in flistxattr(rawValue, buffer.baseAddress, buffer.count) }
    } catch .notSupported {
      return []
    }
    return list.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The value of an extended attribute; `nil` if the file has no attribute of this name.
  func extendedAttribute(_ name: String) throws(Errno) -> [UInt8]? {
    do {
      return try growing { buffer in fgetxattr(rawValue, name, buffer.baseAddress, buffer.count) }
    } catch .noData {
      return nil
    }
  }

  func setExtendedAttribute(_ name: String, to value: [UInt8]) throws(Errno) {
    try retrying { fsetxattr(rawValue, name, value, value.count, 0) }
  }

  func removeExtendedAttribute(_ name: String) throws(Errno) {
    try retrying { fremovexattr(rawValue, name) }
  }

  /// Waits until the file's data and attributes are on the disk.
  func synchronize() throws(Errno) {
    try retrying { fsync(rawValue) }
  }

  /// Takes the exclusive lock of the file without waiting; `false` if another process holds it.
  ///
  /// The result is `true` on a file system without locks: callers check the file again anyway.
  func lockExclusively() throws(Errno) -> Bool {
    do {
      try retrying { flock(rawValue, LOCK_EX | LOCK_NB) }
      return true
    } catch .wouldBlock {
      return false
    } catch .noLocks, .notSupported, .invalidArgument, .badFileDescriptor {
      return true
    }
  }

  /// Calls `fill` with a larger buffer each time, until the value fits.
  private func growing(_ fill: (UnsafeMutableRawBufferPointer) -> Int) throws(Errno) -> [UInt8] {
    var size = 256
    while true {
      var bytes = [UInt8](repeating: 0, count: size)
      do {
        let count = try retrying { bytes.withUnsafeMutableBytes(fill) }
        return Array(bytes[..<count])
      } catch .outOfRange where size < 1 << 20 {
        size *= 4
      }
    }
  }
}

extension FilePath {
  /// The path that an argument names, also where its bytes are no UTF-8.
  package init(argument: String) {
    let bytes = argument.systemBytes.map { CChar(bitPattern: $0) } + [0]
    self = bytes.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
    }
  }

  /// The path as a text, from which ``init(argument:)`` makes it again.
  package var argument: String {
    withPlatformString { start in
      String(systemBytes: UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
  }
}

/// A variable of the environment; `nil` where it is not set.
package func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// A folder of the user's, as the XDG Base Directory Specification has it.
///
/// - Parameters:
///   - variable: the variable that names it.
///   - name: its name in the user's home otherwise.
/// - Returns: `nil` if the user has no home.
func xdgFolder(_ variable: String, orInHome name: String) -> FilePath? {
  let home = environmentVariable("HOME").map { FilePath($0).appending(name) }
  return [environmentVariable(variable).map { FilePath($0) }, home].compactMap(\.self)
    .first(where: \.isAbsolute)
}

/// Makes a folder with those above it, as far as they are not there.
///
/// - Throws: ``VirtNestError``.
package func makeFolders(_ path: FilePath, mode: UInt32 = 0o777) throws(VirtNestError) {
  var made = FilePath(root: path.root, [])
  for component in path.components {
    made.append(component)
    guard made.withPlatformString({ mkdir($0, mode) }) == 0 || errno == EEXIST else {
      throw VirtNestError(file: made, "cannot make the folder", Errno(rawValue: errno))
    }
  }
}

/// The folder for temporary files.
var temporaryFolder: String { environmentVariable("TMPDIR") ?? "/tmp" }

/// Makes an empty folder that no other process has.
func makeTemporaryFolder(in base: String = temporaryFolder) throws(VirtNestError) -> FilePath {
  var template = Array("\(base)/virt-nest.XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else {
    throw VirtNestError(.program, "cannot make a folder in \(base): \(Errno(rawValue: errno))")
  }
  return FilePath(platformString: template)
}
