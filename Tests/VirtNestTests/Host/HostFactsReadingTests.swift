internal import SystemPackage
import TestSupport
import Testing

@testable import VirtNest

@Suite("Files of facts") struct HostFactsReadingTests {
  @Test("Each fixture's report for programs is a file of its facts, as are its lines")
  func reports() async throws {
    let folder = FilePath(#filePath).removingLastComponent().removingLastComponent()
      .appending("HostFacts").string
    for file in try await run("ls", [folder]).outputText.split(separator: "\n") {
      let facts = try await fixture(String(file.dropLast(6)))
      for role in [nil] + HostFacts.Role.allCases {
        let json = JSONWriter.text(of: HostReport(facts, as: role).json)
        #expect(try HostFacts(reading: Array(json.utf8)) == facts, "\(file)")
      }
      #expect(try HostFacts(reading: Array(facts.text.utf8)) == facts, "\(file)")
    }
  }

  @Test("Every value survives the report for programs, too")
  func anyValue() throws {
    let values = [
      "a": "\u{0}\u{1F}\\\"/", "b": "new\nline\r\n\ttab", "c": "ä\u{301}\u{2028}😀", "d": "",
      "\u{e4} .": "1", "a\u{308}": "2",
    ]
    let facts = HostFacts(values)
    let json = JSONWriter.text(of: HostReport(facts).json)
    #expect(try HostFacts(reading: Array(json.utf8)) == facts)
  }

  @Test(
    "A report that has no facts is refused, in JSON's place where it is none",
    arguments: [
      ("{", 1, 2, "a key is missing"), ("\u{FEFF}{\n}x", 2, 2, "nothing may follow"),
      (" \r\n\t{}", nil, nil, "no member 'facts'"), ("{\"facts\":[]}", nil, nil, "no member"),
      ("{\"facts\":{\"a\":null}}", nil, nil, "'a' is no string"),
      ("{\"facts\":{\"\":\"\"}}", nil, nil, "'' is no key"),
      ("{\"facts\":{\"a=b\":\"\"}}", nil, nil, "'a=b' is no key"),
      ("{\"facts\":{\"#a\":\"\"}}", nil, nil, "'#a' is no key"),
      ("{\"facts\":{\"a\\nb\":\"\"}}", nil, nil, "is no key"),
      ("{\"facts\":{\"facts\":\"1\"}}", nil, nil, "'facts' is no key"),
    ] as [(String, Int?, Int?, String)])
  func malformedReport(text: String, line: Int?, column: Int?, reason: String) throws {
    let error = try #require(throws: MalformedFacts.self) {
      try HostFacts(reading: Array(text.utf8))
    }
    #expect(error.line == line && error.column == column, "\(error)")
    #expect(error.reason.contains(reason), "\(error)")
  }

  @Test("A greeting that begins with a brace makes facts no JSON")
  func bracedGreeting() throws {
    let facts = try HostFacts(reading: Array("{ welcome }\nfacts=1\na=b\nend=1\n".utf8))
    #expect(facts == HostFacts(["a": "b"]))
  }
}
