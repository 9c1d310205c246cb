public import Foundation

/// The command as it was built for the tests.
public enum VirtNestBinary {
  /// The folder that the build has put it into, beside the test bundle.
  public static let folder: URL = {
    // The bundle is DIR/virt-nestPackageTests.xctest, and is the process's own executable with
    // some test runners and an argument of it with others.
    let candidates = CommandLine.arguments + [Bundle.main.executablePath ?? ""]
    let bundle = candidates.first { $0.hasSuffix(".xctest") }
    let built = Bundle.main.bundleURL
    return bundle.map { URL(filePath: $0).deletingLastPathComponent() } ?? built
  }()

  /// The path of the command.
  public static var path: String { folder.appending(path: "virt-nest").path }

  /// Runs the command.
  public static func run(
    _ arguments: [String], environment: [String: String?] = [:], input: [UInt8] = [],
    in folder: String? = nil, processorSeconds: Int? = nil
  ) async throws -> Run {
    try await TestSupport.run(
      path, arguments, environment: environment, input: input, in: folder,
      processorSeconds: processorSeconds)
  }
}
