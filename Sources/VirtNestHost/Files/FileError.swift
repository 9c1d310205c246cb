internal import LosslessXML
package import SystemPackage
internal import VirtNest

/// A file that could not be read or written, with the reason and what to do.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the file holds after the error.
  package enum Outcome: Sendable {
    /// The old bytes, or bytes that another program has written meanwhile.
    case unchanged
    /// The new bytes: they were written before the failure.
    case replaced
    /// Part of the new and part of the old bytes. Only an overwrite in place can end like this.
    case damaged
  }

  /// The file.
  package var path: FilePath
  /// What went wrong, in words.
  package var problem: String
  /// The reason that the system gave, if it gave one.
  package var reason: Errno?
  /// What to do about it, if there is something to do.
  package var advice: String?
  /// What the file holds now.
  package var outcome: Outcome
  /// Whether the temporary file holds the only copy of something, or cannot be removed.
  var keepsTemporaryFile: Bool

  init(
    _ path: FilePath, _ problem: String, _ reason: Errno? = nil, advice: String? = nil,
    outcome: Outcome = .unchanged, keepsTemporaryFile: Bool = false
  ) {
    self.path = path
    self.problem = problem
    self.reason = reason
    self.advice = advice
    self.outcome = outcome
    self.keepsTemporaryFile = keepsTemporaryFile
  }

  /// Problem, reason and advice, without the path.
  package var message: String {
    var text = problem
    if let reason { text += ": \(reason)" }
    if let advice { text += "; \(advice)" }
    return text
  }

  /// `PATH: problem: reason; advice`.
  package var description: String { "\(path): \(message)" }

  /// Runs `body`, and turns its `Errno` into an error about `path`.
  static func wrap<Result: ~Copyable>(
    _ path: FilePath, _ problem: String, advice: String? = nil, outcome: Outcome = .unchanged,
    _ body: () throws -> Result
  ) throws(FileError) -> Result {
    do {
      return try body()
    } catch let reason as Errno {
      throw FileError(path, problem, reason, advice: advice, outcome: outcome)
    } catch {
      preconditionFailure("calls of the system throw Errno only, not \(error)")
    }
  }
}
