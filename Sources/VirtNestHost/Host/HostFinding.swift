package import VirtNest

/// What one fact, or a few together, mean for nesting on a machine.
package struct HostFinding: Equatable, Sendable {
  /// How much it matters.
  package enum Level: String, Equatable, Sendable, Comparable, CaseIterable {
    /// As it should be, or only worth knowing.
    case ok
    /// Nesting may work; something is old, or not known, or gone after the next boot.
    case warning
    /// Nesting cannot work.
    case error

    /// Whether `left` matters less.
    package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

    private var rank: Int {
      switch self {
      case .ok: 0
      case .warning: 1
      case .error: 2
      }
    }
  }

  /// How much it matters.
  package var level: Level
  /// What it is about, in a word: `cpu`, `mmu`, `kernel`.
  package var subject: String
  /// What was found, and why it matters.
  package var reason: String
  /// Where the rule comes from: a file of Linux, QEMU or libvirt, or a document.
  package var source: String
  /// A command for root that mends it, where there is one.
  package var remedy: String?

  /// The finding as an object of JSON.
  package var json: JSONWriter.Value {
    [
      "level": .string(level.rawValue), "subject": .string(subject), "reason": .string(reason),
      "source": .string(source), "remedy": .optional(remedy),
    ]
  }
}
