internal import Glibc
internal import SystemPackage
internal import VirtNest

/// Bytes in a file that has no name any more, for a program to read as its standard input.
///
/// A pipe would end this process by SIGPIPE where the program ends first, and a file with a name
/// could lie about, with secrets in it.
func unnamedFile(_ bytes: [UInt8]) throws(ToolFailure) -> FileDescriptor {
  let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var path = Array("\(folder)/virt-nest.XXXXXX".utf8CString)
  let file = FileDescriptor(rawValue: mkstemp(&path))
  guard file.rawValue >= 0 else {
    throw ToolFailure(reason: "cannot make a file in \(folder): \(Errno(rawValue: errno))")
  }
  unlink(path)
  _ = fcntl(file.rawValue, F_SETFD, FD_CLOEXEC)
  do {
    try file.writeAll(bytes)
    try file.seek(offset: 0, from: .start)
    return file
  } catch {
    try? file.close()
    throw ToolFailure(reason: "cannot write to a file in \(folder): \(error)")
  }
}
