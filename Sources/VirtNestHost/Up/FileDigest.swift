internal import LosslessXML
internal import SystemPackage

/// SHA-256, by the sha256sum of coreutils.
enum FileDigest {
  /// The time limit for reading a whole image.
  static let timeLimit = Duration.seconds(24 * 3600)

  /// The hash of what a file has from where it is on.
  ///
  /// - Parameter file: the file, which is closed.
  /// - Throws: ``ToolFailure``; `CancellationError`.
  static func sha256(of file: FileDescriptor) async throws -> String {
    let run = try await ToolRun.run("sha256sum", [], input: file, limit: timeLimit)
    return try read(run)
  }

  /// The hash in what sha256sum printed.
  static func read(_ run: ToolRun) throws(ToolFailure) -> String {
    let digits = run.output.prefix { $0.isHexDigit }
    guard run.status == 0, digits.utf8.count == 64 else {
      throw ToolFailure(reason: "sha256sum failed: \(run.errorOutput)")
    }
    return String(digits)
  }
}
