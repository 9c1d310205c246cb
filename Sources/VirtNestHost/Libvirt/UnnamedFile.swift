internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// Writes bytes to a temporary file without a name, as the standard input of a program.
///
/// With a pipe, SIGPIPE would kill this process if the program ends first. A file with a name could
/// be left behind, with passwords in it.
func unnamedFile(_ bytes: [UInt8]) throws(VirtNestError) -> FileDescriptor {
  let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var path = Array("\(folder)/virt-nest.XXXXXX".utf8CString)
  let file = FileDescriptor(rawValue: mkstemp(&path))
  guard file.rawValue >= 0 else {
    throw VirtNestError(.program, "cannot make a file in \(folder): \(Errno(rawValue: errno))")
  }
  unlink(path)
  _ = fcntl(file.rawValue, F_SETFD, FD_CLOEXEC)
  do {
    try file.writeAll(bytes)
    try file.seek(offset: 0, from: .start)
    return file
  } catch {
    try? file.close()
    throw VirtNestError(.program, "cannot write to a file in \(folder): \(error)")
  }
}
