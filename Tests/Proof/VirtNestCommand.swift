internal import TestSupport

/// What `virt-nest` prints for these options.
/// - Throws: ``VirtNestFailed``, or that it did not end within its limit.
func virtNest(_ arguments: [String], input: String = "") async throws -> String {
  let ended = try await VirtNestBinary.run(arguments, input: Array(input.utf8))
  guard ended.succeeded else { throw VirtNestFailed(run: ended) }
  return ended.outputText
}

/// A `virt-nest` that said no.
struct VirtNestFailed: Error, CustomStringConvertible {
  var run: Run

  var description: String {
    "'\(run.command.joined(separator: " "))' failed (\(run.status)): \(run.errorText)"
  }
}
