import TestSupport
import Testing

/// Options that are wrong, and words of the reason.
struct Usage: Sendable, CustomTestStringConvertible {
  var arguments: [String]
  var reason: String

  init(_ arguments: String..., reason: String) {
    (self.arguments, self.reason) = (arguments, reason)
  }

  var testDescription: String { arguments.joined(separator: " ") }

  /// Runs the command, which ends with 64 and prints nothing but the reason and its usage.
  func expectRefusal(of command: String, in folder: String? = nil) async throws {
    let run = try await VirtNestBinary.run([command] + arguments, in: folder)
    #expect(run.status == .exited(64), "\(run.errorText)")
    #expect(run.outputText == "")
    #expect(run.errorText.contains(reason), "\(run.errorText)")
    #expect(run.errorText.contains("Usage: virt-nest \(command)"), "\(run.errorText)")
  }
}

/// Expects a run to have said no for this reason, and to have printed no result.
func expectTrouble(
  _ run: Run, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(run.status == .exited(2), "\(run.errorText)", sourceLocation: sourceLocation)
  #expect(run.outputText == "", sourceLocation: sourceLocation)
  #expect(run.errorText.contains(reason), "\(run.errorText)", sourceLocation: sourceLocation)
}
