internal import Glibc
public import Testing

/// Whether this is CI, where everything that a test needs has to be there.
public let isCI = getenv("CI") != nil

extension Trait where Self == ConditionTrait {
  /// Skips the test where one of these programs is not installed, and lets it fail in CI, where
  /// each has to be.
  public static func needs(_ programs: String...) -> Self {
    let missing = programs.filter { !isInstalled($0) }
    return .enabled(
      if: missing.isEmpty || isCI,
      "not installed: \(missing.joined(separator: ", "))")
  }
}

/// Whether a program is where `PATH`, or root's, has programs.
public func isInstalled(_ program: String) -> Bool {
  let path = getenv("PATH").map { String(cString: $0) } ?? ""
  return (path + ":/usr/sbin:/sbin").split(separator: ":").contains {
    access("\($0)/\(program)", X_OK) == 0
  }
}
