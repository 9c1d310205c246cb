import Foundation
import TestSupport
import Testing

@testable import VirtNest

@Suite("The documentation of the rules")
struct RuleDocumentationTests {
  static let file = Corpus.checkout.appending(path: "Documentation/checks.md")

  static var text: String {
    var text = """
      # What `virt-nest check` finds

      Made from the table of rules by a test: set `VIRT_NEST_RECORD` and run it to make this file
      again. `virt-nest explain VN003` prints one of these.

      **error**: libvirt or QEMU refuses the guest, or it does not nest although that was asked for.
      **warning**: likely not what was meant. **note**: good to know. Rules about nesting speak only
      where a definition tries to switch it on.

      An id never changes its meaning. `--ignore VN042` leaves a rule out; `--fail-on warning` makes
      `check` exit with 1 for warnings too.

      | id | level | what is found |
      |---|---|---|

      """
    for rule in Rule.everything {
      text +=
        "| [\(rule.code)](#\(rule.code.description.lowercased())) | \(rule.severity.rawValue) "
      text += "| \(escaped(rule.title)) |\n"
    }
    for rule in Rule.everything {
      text += "\n## \(rule.code)\n\n**\(escaped(rule.title))** (\(rule.severity.rawValue))\n\n"
      text += "\(escaped(rule.reason))\n\n"
      if let example = rule.example {
        text += "```xml\n\(example.wrong)\n```\n\nInstead:\n\n```xml\n\(example.right)\n```\n\n"
      }
      text += "Source: \(escaped(rule.source)). Versions: \(escaped(rule.versions)).\n"
    }
    return text
  }

  /// Markdown takes `<domain>` for HTML, and `_` between words for emphasis.
  private static func escaped(_ text: String) -> String {
    text.replacing("<", with: "\\<").replacing("_", with: "\\_").replacing("|", with: "\\|")
  }

  @Test("Documentation/checks.md is what the table says")
  func document() throws {
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil {
      try FileManager.default.createDirectory(
        at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(Self.text.utf8).write(to: Self.file)
      Issue.record("recorded \(Self.file.lastPathComponent); run again without VIRT_NEST_RECORD")
    }
    #expect(try String(contentsOf: Self.file, encoding: .utf8) == Self.text)
  }

  @Test("Every rule says what, why, from where and for which versions")
  func complete() {
    for rule in Rule.everything {
      #expect(!rule.title.isEmpty && !rule.title.hasSuffix("."), "\(rule.code)")
      #expect(rule.reason.hasSuffix("."), "\(rule.code): \(rule.reason)")
      #expect(!rule.source.isEmpty && !rule.versions.isEmpty, "\(rule.code)")
      #expect(rule.explanation.contains(rule.title))
    }
  }
}
