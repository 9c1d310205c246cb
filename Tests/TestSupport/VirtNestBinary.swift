public import Foundation

/// The command that the tests run.
public enum VirtNestBinary {
  /// The folder that it is in: that of `VIRT_NEST_BINARY`, which is the one that users get, else the
  /// folder of the test bundle.
  public static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["VIRT_NEST_BINARY"] {
      return URL(filePath: path).deletingLastPathComponent()
    }
    // The bundle is DIR/virt-nestPackageTests.xctest, and is the process's own executable with
    // some test runners and an argument of it with others.
    let candidates = CommandLine.arguments + [Bundle.main.executablePath ?? ""]
    let bundle = candidates.first { $0.hasSuffix(".xctest") }
    let built = Bundle.main.bundleURL
    return bundle.map { URL(filePath: $0).deletingLastPathComponent() } ?? built
  }()

  /// The path of the command.
  public static var path: String { folder.appending(path: "virt-nest").path }

  /// The executable for another machine that the command runs under an emulator, if it does:
  /// `VIRT_NEST_EXECUTABLE`, by which the emulated command can be told of another.
  public static let emulated = ProcessInfo.processInfo.environment["VIRT_NEST_EXECUTABLE"]

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
