/// How much a finding matters.
package enum Severity: String, Hashable, Sendable, Comparable, CaseIterable {
  /// Good to know.
  case note
  /// Likely not what was meant.
  case warning
  /// The guest cannot be defined or started, or does not nest although that was asked for.
  case error

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }

  /// Whether one matters less than another.
  package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}
