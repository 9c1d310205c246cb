import ArgumentParser
import LosslessXML
import VirtNest

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why check finds something: reason, source and versions; without an id, list all."
  )

  @Argument(
    help: ArgumentHelp("Ids of rules, such as VN003.", valueName: "id"), completion: .rules,
    transform: { text in try Rule.parsed(text) })
  var rules: [Rule] = []

  func run() throws {
    if rules.isEmpty {
      try Terminal.report(
        Rule.everything.map { "\($0.code)  \($0.severity.rawValue.padded(to: 7))  \($0.title)" })
    } else {
      try Terminal.write(rules.map(\.explanation).joined(separator: "\n"))
    }
  }
}

extension Rule {
  /// The rule of a code; for anything else, an error that says where the codes are listed.
  static func parsed(_ text: String) throws -> Rule {
    guard let rule = named(text) else {
      throw ValidationError("there is no rule '\(text)'; virt-nest explain lists them")
    }
    return rule
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
