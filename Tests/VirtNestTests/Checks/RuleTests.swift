import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("Rules")
struct RuleTests {
  @Test("A rule speaks where the marks are, and nowhere else", arguments: RuleSample.all)
  func places(_ sample: RuleSample) throws {
    let found = try diagnostics(sample.files)
    for (file, places) in zip(sample.files, sample.places) {
      let own = found.filter { $0.code == .init(sample.rule) && $0.source == file.name }
      #expect(
        own.compactMap { $0.place?.start } == places,
        "\(String(decoding: file.bytes, as: UTF8.self))\n\(found)")
    }
  }

  @Test("A good definition has no findings")
  func good() throws {
    #expect(try diagnostics([("good.xml", Array(RuleSample.guest.utf8))]) == [])
    #expect(try diagnostics([("good.xml", Array(RuleExample.definition().utf8))]) == [])
  }

  @Test("A rule finds its example, and nothing in what to write instead", arguments: Rule.all)
  func example(_ rule: Rule) throws {
    guard let example = rule.example else { return }
    let found = { (text: String) in try diagnostics([("a.xml", Array(text.utf8))]) }
    #expect(try found(example.wrongDefinition).contains { $0.code == rule.code })
    let mended = try found(example.rightDefinition)
    #expect(!mended.contains { $0.code == rule.code || $0.severity == .error }, "\(mended)")
  }

  @Test("Every rule has samples on which it speaks and on which it is silent")
  func samples() {
    for rule in Rule.all where rule.code != "VN002" && rule.example == nil {
      let own = RuleSample.all.filter { rule.code == .init($0.rule) }
      #expect(own.contains { $0.fires }, "\(rule.code) has no sample on which it speaks")
      #expect(own.contains { !$0.fires }, "\(rule.code) has no sample on which it is silent")
    }
  }

  @Test("The table has every rule once, without a gap")
  func table() {
    #expect(Rule.all.map(\.code) == (1...Rule.all.count).map { Diagnostic.Code($0) })
  }
}
