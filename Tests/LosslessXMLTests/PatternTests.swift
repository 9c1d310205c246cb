import TestSupport
import Testing

@testable import LosslessXML

@Suite("Patterns")
struct PatternTests {
  @Test(
    "a pattern describes the whole text",
    arguments: [
      ("[^/\\n]*kata[^/\\n]*", "kata-fedora-43-vm-00", true),
      ("[^/\\n]*kata[^/\\n]*", "bionic-kata-00", true),
      ("[^/\\n]*kata[^/\\n]*", "a/kata", false),
      ("kata", "kata-1", false),
      ("kata", "a kata", false),
      ("\\d{2,3}", "12", true),
      ("\\d{2,3}", "1234", false),
      ("", "", true),
      ("", "a", false),
      ("a", "a\0", false),
      ("ä+", "ää", true),
      ("(a|b)*c?", "abab", true),
      ("[a-z-[m]]+", "kl", true),
      ("[a-z-[m]]+", "klm", false),
    ])
  func matches(_ expression: String, text: String, expected: Bool) throws {
    #expect(try Pattern(expression).matches(text) == expected)
  }

  @Test(
    "a wrong pattern is refused with the reason and the place",
    arguments: [
      ("[a-z", 4, "Expecting ']'"),
      ("(a|b", 4, "expecting ')'"),
      ("a**", 2, "extra characters"),
      ("\\q", 1, "Wrong escape sequence, misuse of character '\\'"),
      ("[z-a]", 3, "End of range is before start of range"),
      ("a\0b", nil, "it has a character that XML cannot carry"),
    ] as [(String, Int?, String)])
  func refused(_ expression: String, offset: Int?, reason: String) {
    #expect(throws: PatternError(expression: expression, offset: offset, reason: reason)) {
      try Pattern(expression)
    }
  }

  @Test(
    "a hostile pattern ends",
    arguments: [
      "(a|a)*b", "(a*)*b", "(a?){300}a{300}b", "((a{1,9999}){1,9999}){1,9999}b", "(a|aa)+b",
      String(repeating: "(", count: 2000) + "a" + String(repeating: ")", count: 2000) + "b",
    ])
  func hostile(_ expression: String) {
    let text = String(repeating: "a", count: 5_000)
    guard let pattern = try? Pattern(expression) else { return }
    var matched = true
    let cost = processorSeconds { matched = pattern.matches(text) }
    #expect(!matched)
    #expect(cost < 60)
  }

  @Test("one pattern serves many threads")
  func threads() async throws {
    let pattern = try Pattern("(kata|fedora)-[0-9]{1,4}(-x)?")
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<2_000).allSatisfy { index in
            pattern.matches("kata-\(index)") && !pattern.matches("kata-\(index)\(task)0000")
          }
        }
      }
      for await result in group { #expect(result) }
    }
  }
}
