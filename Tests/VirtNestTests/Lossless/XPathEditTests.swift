import LosslessXML
import TestSupport
import Testing
import VirtNest

@Suite("Changes by XPath")
struct XPathEditTests {
  private static let definition = """
    <domain type="kvm" xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0">
    \t<name>kata-x</name>
    \t<description></description>
    \t<title>a<!-- c -->b</title>
    \t<features/>
    \t<devices>
    \t\t<disk type="file">
    \t\t\t<driver name="qemu" cache=""/>
    \t\t\t<target dev="vda"/>
    \t\t</disk>
    \t</devices>
    \t<q:commandline>
    \t\t<q:arg value="-S"/>
    \t</q:commandline>
    </domain>

    """

  private func patch(
    _ text: String = definition, _ edits: XPathEdit..., ifPresent: Bool = false
  ) throws -> Patch {
    var changes = GuestChanges()
    changes.xpathEdits.edits = edits
    changes.xpathEdits.ifPresent = ifPresent
    return try DomainDefinition(Array(text.utf8)).patch(changes)
  }

  /// What the edits write, each with the text before it on its line.
  private func written(_ patch: Patch) -> [String] {
    patch.edits.map { String(decoding: $0.replacement, as: UTF8.self) }
  }

  @Test(
    "The first '=' outside of brackets and quotes divides",
    arguments: [
      ("/a=b", "/a", "b"), ("/a[@b='c']/@d=e=f", "/a[@b='c']/@d", "e=f"), ("/a=", "/a", ""),
      ("(/a|/b[c=d])[1]=x", "(/a|/b[c=d])[1]", "x"), ("/a[.=']=']=v", "/a[.=']=']", "v"),
      ("/a=it's", "/a", "it's"),
    ])
  func split(text: String, xpath: String, value: String) throws {
    #expect(try XPathEdit(set: text) == XPathEdit(xpath, .set(value)))
  }

  @Test("No division and no XML are refused", arguments: ["/a", "=b", "/a[b=c]", "/a=\u{1}"])
  func refusedSet(text: String) {
    #expect(throws: InvalidValue.self) { try XPathEdit(set: text) }
  }

  @Test(
    "A fragment that is not elements alone is refused",
    arguments: [
      "<a>", "<a><b></a>", "text", "", "<a/>text", "<!-- c --><a/>", "</fragment><fragment>",
      "<!DOCTYPE a><a/>", "<?xml version='1.0'?><a/>", "<a>&unknown;</a>", "<a b='1' b='2'/>",
    ])
  func refusedFragment(xml: String) {
    #expect(throws: InvalidValue.self) { try XPathEdit(insert: "/domain=" + xml) }
  }

  @Test("Values are escaped for the place that they go to")
  func escaped() throws {
    let patch = try patch(
      Self.definition, XPathEdit(set: "//driver/@cache=<\"'&>\n"),
      XPathEdit(set: "/domain/description=]]> & \"<"), XPathEdit(set: "/domain/title/text()[2]=<"))
    #expect(
      written(patch) == ["]]&gt; &amp; \"&lt;", "&lt;", "&lt;&quot;'&amp;>&#10;"])
  }

  @Test("Two values for one empty place are a conflict, not a joined value")
  func twoValues() throws {
    #expect(throws: VirtNestError.self) {
      try patch(
        Self.definition, XPathEdit(set: "/domain/description=b"),
        XPathEdit(set: "//description=c"))
    }
    #expect(throws: VirtNestError.self) {
      try patch(
        Self.definition, XPathEdit(set: "//driver/@cache=b"), XPathEdit(set: "//@cache=c"))
    }
  }

  @Test("What is in something that goes, goes with it")
  func nestedRemoval() throws {
    let patch = try patch(Self.definition, XPathEdit("//disk | //target | //@dev", .delete))
    #expect(patch.edits.count == 1)
    #expect(!String(decoding: patch.bytes, as: UTF8.self).contains("disk"))
  }

  static let insertions: [(edit: String, written: String)] = [
    (
      "//disk=<serial>x</serial>", "\n\t\t\t<serial>x</serial>"
    ),
    (
      "//disk=<iotune> <total_bytes_sec>5</total_bytes_sec>  </iotune>",
      "\n\t\t\t<iotune>\n\t\t\t\t<total_bytes_sec>5</total_bytes_sec>\n\t\t\t</iotune>"
    ),
    ("/domain/features=<acpi/>", "><acpi/></features>"),
    (
      "/domain=<metadata><!-- kept --><a:b xmlns:a='urn:a'>x <i/> y</a:b></metadata>",
      "\n\t<metadata><!-- kept --><a:b xmlns:a='urn:a'>x <i/> y</a:b></metadata>"
    ),
    ("/domain/qemu:commandline=<q:arg value='a'/>", "\n\t\t<q:arg value=\"a\"/>"),
    (
      "/domain/qemu:commandline=<qemu:arg value='a'/>",
      "\n\t\t<qemu:arg xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\" value=\"a\"/>"
    ),
  ]

  @Test("What is inserted looks like its surroundings, and is inserted once", arguments: insertions)
  func inserted(_ insertion: (edit: String, written: String)) throws {
    let text = Self.definition
    let once = try patch(text, XPathEdit(insert: insertion.edit))
    #expect(written(once) == [insertion.written])
    let result = String(decoding: once.bytes, as: UTF8.self)
    #expect(try patch(result, XPathEdit(insert: insertion.edit)).isEmpty)
    let windows = text.replacing("\n", with: "\r\n")
    #expect(
      written(try patch(windows, XPathEdit(insert: insertion.edit)))
        == [insertion.written.replacing("\n", with: "\r\n")])
  }

  @Test("A fragment that libvirt's order tears apart is inserted once too")
  func insertedApart() throws {
    let edit = try XPathEdit(insert: "//disk=<serial>x</serial><source file='/a'/>")
    let once = try patch(Self.definition, edit)
    #expect(once.edits.count == 2)
    #expect(try patch(String(decoding: once.bytes, as: UTF8.self), edit).isEmpty)
  }

  @Test(
    "What finds nothing is an error, unless that is let pass",
    arguments: [XPathEdit("//nothing", .delete), XPathEdit("//nothing", .set("x"))])
  func findsNothing(_ edit: XPathEdit) throws {
    #expect(throws: VirtNestError.self) { try patch(Self.definition, edit) }
    #expect(try patch(Self.definition, edit, ifPresent: true).isEmpty)
  }

  @Test(
    "What has no value, no place or no namespace is refused",
    arguments: [
      XPathEdit("/domain/devices", .set("x")), XPathEdit("/domain", .delete),
      XPathEdit("//comment()", .delete), XPathEdit("count(/domain)", .delete),
      XPathEdit("//nope:x", .delete),
    ])
  func refused(_ edit: XPathEdit) throws {
    #expect(throws: VirtNestError.self) { try patch(Self.definition, edit) }
    #expect(throws: VirtNestError.self) {
      try patch(Self.definition, XPathEdit(insert: "/domain=<nope:x/>"))
    }
  }
}
