internal import CLinux
internal import Glibc
internal import SystemPackage
internal import VirtNest

/// Does a call of the C library again while a signal interrupts it.
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

  /// Closes it, and reports what closing alone finds out: on a network file system, that bytes
  /// written before could not be stored.
  consuming func close() throws(Errno) {
    let number = file.rawValue
    discard self
    // Linux closes the descriptor even where the call is interrupted: a second try could close
    // another's.
    if Glibc.close(number) == -1 && errno != EINTR { throw Errno(rawValue: errno) }
  }
}

extension FileDescriptor {
  /// The names of the file's extended attributes; none where its file system has no such thing.
  func extendedAttributeNames() throws(Errno) -> [String] {
    let list: [UInt8]
    do {
      list = try growing { buffer in flistxattr(rawValue, buffer.baseAddress, buffer.count) }
    } catch .notSupported {
      return []
    }
    return list.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The value of an extended attribute, or `nil` where the file has none of that name.
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

  /// Takes the exclusive lock of the file without waiting; `false` where another holder has it.
  ///
  /// A file system without locks counts as locked: what follows is checked without it too.
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

  /// Calls `fill` with more and more room, since what it asks for can grow between two calls.
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
