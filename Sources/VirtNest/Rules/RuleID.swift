/// The id of a rule, `VN001` and so on: it never changes its meaning.
package struct RuleID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The number behind `VN`.
  package let number: Int

  init(number: Int) { self.number = number }

  /// Reads `VN003`, in either case; `nil` for anything else, and for an id that no rule has.
  package init?(_ text: String) {
    let digits = text.dropFirst(2)
    guard text.prefix(2).uppercased() == "VN", digits.utf8.count == 3,
      digits.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(digits),
      Rule.everything.contains(where: { $0.id.number == number })
    else { return nil }
    self.number = number
  }

  /// Whether one comes before another.
  package static func < (left: RuleID, right: RuleID) -> Bool { left.number < right.number }

  /// `VN003`.
  package var description: String {
    let digits = String(number)
    return "VN" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }
}
