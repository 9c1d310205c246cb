import ArgumentParser
import VirtNest

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why check finds something: reason, source and versions; without an id, list all."
  )

  @Argument(
    help: ArgumentHelp("Ids of rules, such as VN003.", valueName: "id"),
    transform: { text in try RuleID.parsed(text) })
  var ids: [RuleID] = []

  func run() throws {
    let text =
      ids.isEmpty
      ? Rule.everything.map { "\($0.id)  \($0.severity.rawValue.padded(to: 7))  \($0.title)\n" }
        .joined()
      : ids.map { Rule[$0].explanation }.joined(separator: "\n")
    try Terminal.write(Array(text.utf8))
  }
}

extension RuleID {
  /// Reads an id, and says which there are where it is none.
  static func parsed(_ text: String) throws -> RuleID {
    guard let id = RuleID(text) else {
      throw ValidationError(
        "there is no rule '\(text)'; virt-nest explain lists them")
    }
    return id
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
