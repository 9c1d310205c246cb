internal import SystemPackage

/// The bytes of the file at `path`.
/// - Throws: `Errno`.
public func readFile(_ path: String) throws -> [UInt8] {
  let file = try FileDescriptor.open(FilePath(path), .readOnly)
  return try file.closeAfter {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}

/// Makes the file at `path` hold `bytes`; it is made with mode 0644 where it is not there.
/// - Throws: `Errno`.
public func writeFile(_ path: String, _ bytes: some Sequence<UInt8>) throws {
  let file = try FileDescriptor.open(
    FilePath(path), .writeOnly, options: [.create, .truncate],
    permissions: [.ownerReadWrite, .groupRead, .otherRead])
  _ = try file.closeAfter { try file.writeAll(bytes) }
}

extension [UInt8] {
  /// The bytes of a text in UTF-8.
  public init(_ text: String) {
    self.init(text.utf8)
  }
}

/// Writes an executable file, and makes the folders that it is in.
/// - Throws: where it cannot be written.
public func writeExecutable(_ text: String, to path: String) async throws {
  let script = "mkdir -p \"${1%/*}\" && cat >\"$1\" && chmod 755 \"$1\""
  let run = try await run("sh", ["-c", script, "sh", path], input: Array(text.utf8))
  guard run.succeeded else { throw UnwritableFile(description: "\(path): \(run.errorText)") }
}

private struct UnwritableFile: Error, CustomStringConvertible {
  let description: String
}
