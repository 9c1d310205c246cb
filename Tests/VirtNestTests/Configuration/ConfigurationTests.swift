import LosslessXML
import Testing

@testable import VirtNest

@Suite(".virt-nest.conf")
struct ConfigurationTests {
  private func configuration(_ text: String) throws -> Configuration {
    try Configuration(Array(text.utf8), at: "/repo/.virt-nest.conf")
  }

  @Test(
    "A pattern matches what one of .editorconfig does",
    arguments: [
      ("*.xml", ["a.xml", "guests/a.xml", "a/b/c.xml"], ["a.xm", "a.xml.orig"]),
      ("/*.xml", ["a.xml"], ["guests/a.xml"]),
      ("guests/*.xml", ["guests/a.xml"], ["a.xml", "guests/old/a.xml", "x/guests/a.xml"]),
      ("guests/**.xml", ["guests/a.xml", "guests/old/a.xml"], ["guests/a.txt"]),
      ("guests/**/a.xml", ["guests/a.xml", "guests/b/c/a.xml"], ["guests/xa.xml"]),
      ("**/test/**", ["test/a", "x/test/a/b"], ["latest/a"]),
      ("web?.xml", ["web1.xml", "x/webé.xml"], ["web.xml", "web12.xml"]),
      ("web[0-24].xml", ["web1.xml", "web4.xml"], ["web3.xml", "web-.xml"]),
      ("web[!0-2].xml", ["web3.xml"], ["web1.xml", "web.xml"]),
      ("{web,db}.xml", ["web.xml", "x/db.xml"], ["mail.xml", "webdb.xml"]),
      ("{web,d{a,b}}.xml", ["web.xml", "da.xml", "db.xml"], ["d.xml"]),
      ("web{08..11}.xml", ["web8.xml", "web11.xml"], ["web12.xml", "web7.xml"]),
      ("\\{a\\*\\}.xml", ["{a*}.xml"], ["a.xml", "{ab}.xml"]),
      ("", [], ["a"]),
    ] as [(String, [String], [String])])
  func pattern(_ text: String, _ good: [String], _ bad: [String]) throws {
    let pattern = try GlobPattern(text)
    for path in good { #expect(pattern.matches(path), "\(text) \(path)") }
    for path in bad { #expect(!pattern.matches(path), "\(text) \(path)") }
  }

  @Test("A pattern without its end, or for too many paths, is refused")
  func badPattern() {
    for text in [
      "[a", "{a", "{a,{b}", "{1..100000}{1..9999},{a", String(repeating: "{a,b}", count: 20),
    ] {
      #expect(throws: InvalidLine.self, "\(text)") { try GlobPattern(text) }
    }
  }

  @Test("Later sections and nearer files count, rule by rule")
  func order() throws {
    let outer = try configuration(
      """
      # comment
      ; comment
      ROOT = true
      ignore = VN042, vn043
      schema = schemas/domain.rng

      [production/*]
      error = VN042
      schema = none
      """)
    #expect(outer.isRoot)
    let plain = outer.settings(for: "/repo/a.xml")
    #expect(plain.levels == ["VN042": nil, "VN043": nil])
    #expect(plain.schema == .path("/repo/schemas/domain.rng"))
    var settings = outer.settings(for: "/repo/production/a.xml")
    #expect(settings.levels == ["VN042": .error, "VN043": nil])
    #expect(settings.schema == .off)
    let inner = try Configuration(
      Array("warning = VN043\r\ntemplates = /srv/t\r\n".utf8),
      at: "/repo/production/.virt-nest.conf")
    settings.override(with: inner.settings(for: "/repo/production/a.xml"))
    #expect(settings.levels == ["VN042": .error, "VN043": .warning])
    #expect(settings.schema == .off)
    #expect(settings.templates == "/srv/t")
    #expect(outer.settings(for: "/elsewhere/a.xml") == .init())
  }

  @Test("Every line that cannot be read is an error with its number")
  func wrong() {
    let text = """
      ignor = VN042
      [a
      ignore = VN999
      just words
      [*.xml]
      root = true
      templates = x
      schema =
      [{a]
      """
    let error = #expect(throws: VirtNestError.self) { try configuration(text) }
    #expect(error?.diagnostics.compactMap(\.place?.start.line) == [1, 2, 3, 4, 6, 7, 8, 9])
    #expect(
      error?.diagnostics.first?.description == """
        /repo/.virt-nest.conf:1:1: error: there is no key 'ignor'; the keys are root, ignore, note, \
        warning, error, schema and templates
        """)
    let binary = #expect(throws: VirtNestError.self) {
      try Configuration([0x61, 0x0A, 0xFF], at: "/.virt-nest.conf")
    }
    #expect(binary?.diagnostics.map(\.message).last == "the line is not in UTF-8")
  }

  @Test(
    "XML of another kind is told by its root",
    arguments: [
      ("<domain/>", false), ("<?xml version='1.0'?>\n<!-- <a> --><domain type='kvm'>", false),
      ("<!DOCTYPE domain [<!ENTITY a '<b>'>]><domain/>", false), ("", false), ("text", false),
      ("<network/>", true), ("<!DOCTYPE html><html>", true),
      ("\u{FEFF}<?x?><domainsnapshot>", true),
      ("<!-- <domain> --><pool>", true), ("<!-- open", false),
    ])
  func otherXML(_ text: String, _ isOther: Bool) {
    #expect(DomainDefinition.isOtherXML(Array(text.utf8)) == isOther)
    let wide: [UInt8] = [0xFF, 0xFE] + Array(text.utf8).flatMap { [$0, 0] as [UInt8] }
    #expect(DomainDefinition.isOtherXML(wide) == isOther)
  }
}
