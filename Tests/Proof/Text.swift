internal import Glibc
internal import TestSupport

/// The whole of a file as text; bytes that are not UTF-8 become U+FFFD.
func text(of path: String) throws -> String { String(decoding: try readFile(path), as: UTF8.self) }

/// Makes or empties a file and writes `text` to it.
func write(_ text: String, to path: String) throws { try writeFile(path, Array(text.utf8)) }

/// The same, for a program.
func writeExecutable(_ text: String, to path: String) throws {
  try write(text, to: path)
  chmod(path, 0o755)
}

extension String {
  /// Without the white space at its ends.
  var trimmed: String {
    var rest = drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
