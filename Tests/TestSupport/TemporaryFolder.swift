internal import Glibc

/// A folder of a test's own, removed with everything in it when the last reference goes.
///
/// Keep it in a `let` that lives as long as the files are needed: `withExtendedLifetime`, or
/// `defer { folder.remove() }`, where only its path is used later on.
public final class TemporaryFolder: Sendable {
  /// The folder's absolute path, without a `/` at the end.
  public let path: String

  /// Makes a new, empty folder below `$TMPDIR` (else `/tmp`).
  /// - Throws: ``CannotMakeTemporaryFolder``.
  public init() throws(CannotMakeTemporaryFolder) {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/virt-nest-test.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else { throw CannotMakeTemporaryFolder(base: base, errorNumber: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes the folder with everything in it; a second call does nothing.
  ///
  /// A file system mounted inside it is emptied too: unmount it first.
  public func remove() { removeTree(path) }

  deinit { remove() }

  /// The path of `name` in this folder.
  public func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A temporary folder that could not be made.
public struct CannotMakeTemporaryFolder: Error, CustomStringConvertible {
  var base: String
  var errorNumber: Int32

  /// Where the folder should have been, and the reason of the system.
  public var description: String {
    "cannot make a folder in \(base): \(String(cString: strerror(errorNumber)))"
  }
}

/// Symbolic links are removed, never followed.
private func removeTree(_ path: String) { removeTree(Array(path.utf8CString)) }

/// Paths as the system has them, for not every name is in UTF-8; with the NUL at their end.
private func removeTree(_ path: [CChar]) {
  if unlink(path) == 0 || errno == ENOENT { return }
  if let folder = opendir(path) {
    var paths: [[CChar]] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        Array($0.bindMemory(to: CChar.self).prefix { $0 != 0 })
      }
      if name != [0x2E], name != [0x2E, 0x2E] {
        paths.append(path.dropLast() + [0x2F] + name + [0])
      }
    }
    closedir(folder)
    for path in paths { removeTree(path) }
  }
  rmdir(path)
}
