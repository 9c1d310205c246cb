import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Lint finds what is wrong with a template, where it stands")
struct TemplateLintTests {
  private static let good = """
    <domain type='kvm'>
      <name>kata-site-00</name>
      <metadata>
        <nest:template xmlns:nest='urn:virt-nest:template:1' name='site' version='1'>
          <nest:distribution id='fedora' release='44'/>
          <nest:parameter name='name' type='string' default='kata-site-{index:02}'>
            <nest:help>Name.</nest:help>
            <nest:set select='/domain/name' value='{name}'/>
          </nest:parameter>
          <nest:parameter name='vcpus' type='integer' min='1' max='64'>
            <nest:help>CPUs.</nest:help>
            <nest:set select='/domain/vcpu' value='{vcpus}'/>
          </nest:parameter>
        </nest:template>
      </metadata>
      <memory unit='GiB'>4</memory>
      <vcpu>4</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
      <features>
        <nested-hv state='on'/>
      </features>
      <cpu mode='host-model'/>
      <devices>
        <controller type='usb' model='none'/>
      </devices>
    </domain>

    """

  private static func findings(_ text: String) -> [Diagnostic] {
    TemplateLint.diagnostics(
      of: "site.xml", Array(text.utf8), schema: try? Schema.installed(),
      today: ReleaseTable.lastReview)
  }

  @Test("A good template has no finding")
  func good() {
    #expect(Self.findings(Self.good) == [])
  }

  /// What is planted: a text, what takes its place, the rule, and the line of the finding.
  static let mistakes: [(String, String, Int, Int)] = [
    ("'/domain/vcpu'", "'/domain/vcpus'", 101, 12),
    ("'/domain/vcpu'", "'/domain/*'", 101, 12),
    ("'/domain/vcpu'", "'/domain/foo:bar'", 101, 12),
    ("type='integer'", "type='number'", 101, 10),
    ("<nest:set select='/domain/vcpu' value='{vcpus}'/>", "", 103, 10),
    ("value='{vcpus}'", "value='{cpus}'", 104, 12),
    ("value='{vcpus}'", "value='{vcpus:GiB}'", 104, 12),
    ("'kata-site-{index:02}'", "'kata-site-{index}'", 105, 6),
    ("max='64'", "max='2'", 106, 10),
    ("<vcpu>4</vcpu>", "<vcpu>four</vcpu>", 106, 10),
    ("  <memory", "  <uuid>0f4e7a51-23c3-4f7e-8a09-6f1a3f2b7c10</uuid>\n  <memory", 108, 16),
    (
      "<controller type='usb' model='none'/>",
      "<controller type='usb' model='none'/><interface type='user'>"
        + "<mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>", 108, 26
    ),
    (
      "<controller type='usb' model='none'/>",
      "<controller type='usb' model='none'/><graphics type='vnc' passwd='secret'/>", 108, 26
    ),
    ("id='fedora'", "id='fedoro'", 109, 4),
    ("release='44'", "release='444'", 109, 4),
    ("state='on'", "state='banana'", 19, 22),
    ("<vcpu>4</vcpu>", "<vcpu>4</vcpu><vcpux/>", 2, 17),
  ]

  @Test("A planted mistake is found", arguments: mistakes)
  func mistake(_ text: String, _ replacement: String, rule: Int, line: Int) throws {
    let planted = Self.good.replacing(text, with: replacement, maxReplacements: 1)
    #expect(planted != Self.good)
    let found = Self.findings(planted)
    #expect(
      found.contains { $0.code == .init(rule) && $0.place?.start.line == line },
      "\(found.map(\.description))")
  }

  @Test("A name without kata is found, in the document and in the default")
  func nameWithoutKata() {
    let found = Self.findings(Self.good.replacing("kata-site", with: "site"))
    #expect(found.map(\.code) == ["VN107"])
  }

  @Test("A definition without a block is one, and said to be")
  func noBlock() throws {
    let start = try #require(Self.good.range(of: "  <metadata>\n"))
    let end = try #require(Self.good.range(of: "  </metadata>\n"))
    let text = Self.good.replacingCharacters(
      in: start.lowerBound..<end.upperBound,
      with: "  <uuid>0f4e7a51-23c3-4f7e-8a09-6f1a3f2b7c10</uuid>\n")
    #expect(Self.findings(text).map(\.code).sorted() == ["VN102", "VN108"])
  }
}
