internal import LosslessXML

/// A step of what `up` or `down` does for a guest.
package struct GuestStep: Hashable, Sendable {
  /// What a step does.
  package enum Kind: String, Sendable {
    case define, image, disk, seed, start, stop, undefine

    init(_ role: UpRecord.Role) {
      self =
        switch role {
        case .image: .image
        case .disk: .disk
        case .seed: .seed
        }
    }
  }

  /// How far a step is.
  package enum State: String, Sendable {
    case toDo = "to do"
    /// It was done when the command looked.
    case before = "done before"
    /// The command has done it.
    case done
    /// The command has begun it, and not come to its end.
    case failed
  }

  /// What it does.
  package let kind: Kind
  /// The volume that it makes or removes; `nil` if it is about the guest itself.
  package var volume: UpRecord.Volume?
  /// What it does, in a few words.
  package let text: String
  /// How far it is.
  package internal(set) var state = State.toDo
}

extension [GuestStep] {
  /// Whether the command has changed something.
  package var haveChanged: Bool { contains { $0.state == .done || $0.state == .failed } }

  /// Whether there is something to do.
  package var areToDo: Bool { contains { $0.state == .toDo } }
}

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
