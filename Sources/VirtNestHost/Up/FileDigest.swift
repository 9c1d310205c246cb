internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// The hash of a file, by sha256sum or sha512sum of coreutils.
enum FileDigest: String {
  case sha256
  case sha512

  /// The time limit for reading a whole image.
  static let timeLimit = Duration.seconds(24 * 3600)

  /// How many hexadecimal digits it has.
  var digits: Int { self == .sha256 ? 64 : 128 }

  /// The hash of what a file has from where it is on.
  ///
  /// - Parameter file: the file, which is closed.
  /// - Throws: ``VirtNestError``; `CancellationError`.
  func hash(of file: FileDescriptor) async throws -> String {
    try read(try await ToolRun.run("\(self)sum", [], input: file, limit: Self.timeLimit))
  }

  /// The hash in what the program printed.
  func read(_ run: ToolRun) throws(VirtNestError) -> String {
    let hash = run.output.prefix { $0.isHexDigit }
    guard run.status == 0, hash.utf8.count == digits else {
      throw VirtNestError(.program, "\(self)sum failed: \(run.errorOutput)")
    }
    return String(hash)
  }
}
