internal import Glibc
internal import LosslessXML
package import SystemPackage

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
