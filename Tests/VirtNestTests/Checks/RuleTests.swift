import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("Rules")
struct RuleTests {
  static let today = CalendarDate("2026-06-01")

  @Test("A rule speaks where the marks are, and nowhere else", arguments: RuleSample.all)
  func places(_ sample: RuleSample) throws {
    let today = try #require(Self.today)
    let findings = Finding.all(in: sample.files, today: today)
    for (file, places) in zip(sample.files, sample.places) {
      let found = findings.filter { $0.id.number == sample.rule && $0.file == file.name }
      #expect(
        found.compactMap { $0.location } == places,
        "\(String(decoding: file.bytes, as: UTF8.self))\n\(findings)")
    }
  }

  @Test("A good definition has no findings")
  func good() throws {
    let today = try #require(Self.today)
    let file = CheckedFile(name: "good.xml", bytes: Array(RuleSample.guest.utf8))
    #expect(Finding.all(in: [file], today: today) == [])
  }

  @Test("Every rule has a sample on which it speaks and one on which it is silent")
  func samples() {
    for rule in Rule.all where rule.id.number != 2 {
      let own = RuleSample.all.filter { $0.rule == rule.id.number }
      #expect(own.contains { $0.fires }, "\(rule.id) has no sample on which it speaks")
      #expect(own.contains { !$0.fires }, "\(rule.id) has no sample on which it is silent")
    }
  }

  @Test("The table has every rule, in order and without a gap")
  func table() {
    #expect(Rule.all.map(\.id.number) == Array(1...Rule.all.count))
  }
}
