import LosslessXML
internal import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

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
      (" \r\n\t{}", nil, nil, "'facts' is missing"),
      ("{\"facts\":[]}", nil, nil, "'facts' is missing"),
      ("{\"facts\":{\"a\":null}}", nil, nil, "'a' is not a string"),
      ("{\"facts\":{\"\":\"\"}}", nil, nil, "'' is not a valid key"),
      ("{\"facts\":{\"a=b\":\"\"}}", nil, nil, "'a=b' is not a valid key"),
      ("{\"facts\":{\"#a\":\"\"}}", nil, nil, "'#a' is not a valid key"),
      ("{\"facts\":{\"a\\nb\":\"\"}}", nil, nil, "is not a valid key"),
      ("{\"facts\":{\"facts\":\"1\"}}", nil, nil, "'facts' is not a valid key"),
    ] as [(String, Int?, Int?, String)])
  func malformedReport(text: String, line: Int?, column: Int?, reason: String) throws {
    let error = try #require(throws: VirtNestError.self) {
      try HostFacts(reading: Array(text.utf8))
    }
    let start = error.diagnostics[0].place?.start
    #expect(start?.line == line && start?.column ?? 1 == column ?? 1, "\(error)")
    #expect(error.message.contains(reason), "\(error)")
  }

  @Test("A greeting that begins with a brace makes facts no JSON")
  func bracedGreeting() throws {
    let facts = try HostFacts(reading: Array("{ welcome }\nfacts=1\na=b\nend=1\n".utf8))
    #expect(facts == HostFacts(["a": "b"]))
  }

  @Test("Whatever bytes are changed, taken out or doubled in a report, it is read or refused")
  func changedBytes() async throws {
    let report = Array(
      JSONWriter.text(of: HostReport(try await fixture("powernv-wrapper")).json).utf8)
    var random = SeededNumbers(seed: 1)
    var (taken, refused) = (0, 0)
    for _ in 1...4_000 {
      var bytes = report
      for _ in 0...Int.random(in: 0...2, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.removeSubrange(index...)
        default: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
        }
        if bytes.isEmpty { break }
      }
      do throws(VirtNestError) {
        let facts = try HostFacts(reading: bytes)
        #expect(try HostFacts(parsing: facts.text) == facts)
        taken += 1
      } catch {
        #expect(!error.message.isEmpty)
        refused += 1
      }
    }
    #expect(taken > 100 && refused > 100, "\(taken) taken, \(refused) refused")
  }
}
