import LosslessXML
import Testing

@testable import VirtNest

@Suite("Comments that ignore rules")
struct IgnoreCommentTests {
  private static let wrong = RuleSample.guest
    .replacing("machine='pseries'", with: "machine='pseries,x=y'")

  private func found(_ text: String, ignoring: Set<Diagnostic.Code> = []) throws -> [String] {
    try diagnostics([("a.xml", Array(text.utf8))], ignoring: ignoring).map {
      "\($0.place?.start.line ?? 0) \($0.code)"
    }
  }

  @Test(
    "It is about the rest of its line, the next element, or the file",
    arguments: [
      ("hvm</type>", "hvm</type> <!-- virt-nest: ignore VN003 an old libvirt -->"),
      ("<os>", "<!-- virt-nest: ignore VN003, VN042 reason -->\n<os>"),
      ("<os>", "<!--virt-nest: ignore VN042,vn003-->\r\n\t<!-- other -->\n<os>"),
      ("<type arch", "<!-- virt-nest: ignore\n VN003\n because -->\n<type arch"),
      ("<domain", "<!-- virt-nest: ignore VN003 -->\n<domain"),
      ("<domain", "\u{FEFF}<!-- virt-nest: ignore VN003 -->\n<domain"),
      ("<domain", "<?xml version='1.0'?>\n  <!-- virt-nest: ignore VN003 -->\n<domain"),
    ])
  func scope(_ old: String, _ new: String) throws {
    #expect(try found(Self.wrong) == ["12 VN003"])
    let text = Self.wrong.replacing(old, with: new, maxReplacements: 1)
    #expect(try !found(text).contains { $0.hasSuffix("VN003") }, "\(text)")
  }

  @Test(
    "It is not about other lines, other elements, or what is no comment",
    arguments: [
      ("<os>", "<os> <!-- virt-nest: ignore VN003 -->"),
      ("<vcpu>", "<!-- virt-nest: ignore VN003 -->\n<vcpu>"),
      ("</os>", "<!-- virt-nest: ignore VN003 -->\n</os>"),
      ("<os>", "<description><![CDATA[<!-- virt-nest: ignore VN003 -->]]></description><os>"),
      ("<os>", "<?x <!-- virt-nest: ignore VN003 -->?>\n<os>"),
    ])
  func elsewhere(_ old: String, _ new: String) throws {
    let text = Self.wrong.replacing(old, with: new, maxReplacements: 1)
    #expect(try found(text).contains { $0.hasSuffix("VN003") }, "\(text)")
  }

  @Test("What ignores nothing is reported, unless nobody looked")
  func unused() throws {
    let text = RuleSample.guest.replacing(
      "<os>", with: "<!-- virt-nest: ignore VN003 VN002 VN035 VN999 -->\n<os>")
    #expect(try found(text).filter { $0.contains("unused") }.count == 3)
    #expect(try found(text, ignoring: ["VN003", "VN035"]) == ["11 unused-ignore"])
    let none = RuleSample.guest.replacing("<os>", with: "<!-- virt-nest: ignore all -->\n<os>")
    #expect(try found(none) == ["11 unused-ignore"])
    let other = RuleSample.guest.replacing("<os>", with: "<!-- virt-nest: made by hand -->\n<os>")
    #expect(try found(other) == [])
  }

  @Test("A level that is given counts")
  func levels() {
    let file = CheckedFile(
      "a.xml", Array(Self.wrong.utf8), today: ReleaseTable.lastReview, levels: ["VN003": .note])
    #expect(CheckedFile.diagnostics(of: [file]).map(\.severity) == [.note])
  }
}
