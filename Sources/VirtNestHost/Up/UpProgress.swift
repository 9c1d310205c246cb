internal import LosslessXML

/// What `up` tells while it works.
package enum UpProgress: Hashable, Sendable {
  /// A step begins, or there is something to know.
  case step(String)
  /// How many bytes of a file are fetched or uploaded.
  case transfer(done: UInt64, of: UInt64)

  /// Does a piece of work, and tells each second how far it is.
  ///
  /// - Parameter done: how many bytes are done now; `nil` where that is not known.
  static func following<Value: Sendable>(
    _ total: UInt64, _ report: (UpProgress) -> Void, done: () -> UInt64?,
    work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      while true {
        group.addTask {
          try await Task.sleep(for: .seconds(1))
          return nil
        }
        if let value = try await group.next() ?? nil {
          group.cancelAll()
          return value
        }
        if let done = done() { report(.transfer(done: done, of: total)) }
      }
    }
  }
}

/// A number of bytes for a person.
func readable(_ bytes: UInt64) -> String {
  let units = ["KiB", "MiB", "GiB", "TiB"]
  guard bytes >= 1024 else { return "\(bytes) bytes" }
  var (value, unit) = (Double(bytes) / 1024, 0)
  while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
  return "\((value * 10).rounded() / 10) \(units[unit])"
}
