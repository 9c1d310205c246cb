internal import LosslessXML

/// A list of CPUs as libvirt writes it: `0-3,8,^2`.
struct CPUList {
  /// More numbers than any guest has are not read.
  private static let most = VirtualCPUs.mostAccepted

  /// The CPUs.
  let numbers: Set<Int>

  /// Reads a list; `nil` for what is none.
  init?(_ text: String) {
    var numbers: Set<Int> = []
    for part in text.split(separator: ",") {
      let part = String(part).trimmingSpaces
      let isTaken = part.hasPrefix("^")
      let ends = part.drop { $0 == "^" }.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }),
        ends.count < 3, first >= 0, first <= last, last <= Self.most
      else { return nil }
      if isTaken { numbers.subtract(first...last) } else { numbers.formUnion(first...last) }
    }
    self.numbers = numbers
  }
}
