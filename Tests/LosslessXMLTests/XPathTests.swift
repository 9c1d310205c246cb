import TestSupport
import Testing

@testable import LosslessXML

@Suite("XPath")
struct XPathTests {
  static let document = """
    <?xml version='1.0'?><!-- first -->
    <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' id="7">
      <name>a&amp;b<!-- c --><![CDATA[c<d]]>e</name>
      <devices><disk device='disk'/><disk a = "1" device='cdrom'><![CDATA[]]></disk></devices>
      <qemu:commandline><qemu:arg value='-x'/></qemu:commandline>
    </domain>
    """
  static let qemu = ["q": "http://libvirt.org/schemas/domain/qemu/1.0"]

  private func context() throws -> XPathContext {
    try XPathContext(Document(Array(Self.document.utf8)), namespaces: Self.qemu)
  }

  @Test(
    "what is selected is tied to its bytes",
    arguments: [
      ("/domain/devices/disk[2]/@device", ["device='cdrom'"]),
      ("//disk/@*", ["device='disk'", "a = \"1\"", "device='cdrom'"]),
      ("/domain/@type | /domain/@id", ["type='kvm'", "id=\"7\""]),
      ("/domain/name/text()", ["a&amp;b", "<![CDATA[c<d]]>e"]),
      ("//disk[@device='disk']", ["<disk device='disk'/>"]),
      ("//q:arg/@value", ["value='-x'"]),
      ("//*[local-name()='arg']", ["<qemu:arg value='-x'/>"]),
      ("domain/nothing", []),
      ("//q:arg | //disk[1]", ["<disk device='disk'/>", "<qemu:arg value='-x'/>"]),
    ] as [(String, [String])])
  func places(_ xpath: String, expected: [String]) throws {
    let context = try context()
    let document = try Document(Array(Self.document.utf8))
    #expect(try context.matches(of: xpath).map { document.text(in: $0.range) } == expected)
  }

  @Test(
    "a question that is wrong is answered with what is wrong and where",
    arguments: [
      ("/domain/", 8, .invalid("invalid expression")),
      ("", 0, .invalid("invalid expression")),
      ("//disk[@device='disk'", 21, .invalid("invalid predicate")),
      ("//a:b/q:c", 2, .unknownPrefix("a")),
      ("//q:arg['x:y' = b:c]", 16, .unknownPrefix("b")),
      ("//disk[foo(1)]", 7, .unknownFunction("foo")),
      ("z:foo(1)", 0, .unknownPrefix("z")),
      ("document('file:///etc/passwd')", 0, .unknownFunction("document")),
      ("count(//disk)", nil, .notNodes("the number 2")),
      ("1 div 0", nil, .notNodes("the number inf")),
      ("//disk = 'x'", nil, .notNodes("the boolean false")),
      ("string(/domain/name)", nil, .notNodes("the string 'a&bc<de'")),
      ("/", nil, .noPlace("the document as a whole")),
      ("//comment()", nil, .noPlace("a comment")),
      ("/domain/namespace::*", nil, .noPlace("a namespace")),
    ] as [(String, Int?, XPathError.Reason)])
  func wrong(_ xpath: String, offset: Int?, reason: XPathError.Reason) throws {
    let context = try context()
    do {
      let matches = try context.matches(of: xpath)
      Issue.record("it gave \(matches.count) matches")
    } catch {
      #expect(error.offset == offset)
      #expect(error.reason == reason)
    }
    #expect(try context.matches(of: "//disk").count == 2, "the context is of use after an error")
  }

  @Test("messages say what to do")
  func messages() throws {
    let context = try context()
    #expect {
      try context.matches(of: "//foo:b")
    } throws: { error in
      "\(error)" == """
        XPath '//foo:b' at character 3: the prefix 'foo' is not bound to a namespace; declare \
        xmlns:foo
        """
    }
  }

  @Test(
    "a hostile question ends with an error, soon",
    arguments: [
      "//*[count(//*[count(//*[count(//*)>0])>0])>0]",
      "//*[preceding::*[following::*[preceding::*]]]",
      String(repeating: "(", count: 4000) + "1" + String(repeating: ")", count: 4000),
      String(repeating: "//*[", count: 900) + "1" + String(repeating: "]", count: 900),
      String(repeating: "-", count: 4000) + "1",
      "//*" + String(repeating: "/..//*", count: 600),
    ])
  func hostile(_ xpath: String) throws {
    let many = String(repeating: "<disk device='disk'>x</disk>\n", count: 2_000)
    let document = try Document(Array("<domain>\(many)</domain>".utf8))
    let cost = processorSeconds {
      #expect(throws: XPathError.self) { try document.matches(of: xpath) }
    }
    #expect(cost < 60)
  }

  @Test(
    "all text and attributes of a large document are found in good time")
  func large() throws {
    let many = String(repeating: "<e a='1'>x</e>\n", count: 100_000)
    let context = try XPathContext(Document(Array("<d>\(many)</d>".utf8)))
    var counts: [Int?] = []
    let cost = processorSeconds {
      counts = ["//text()", "/d/e/@a"].map { try? context.matches(of: $0).count }
    }
    #expect(counts == [200_000, 100_000])
    #expect(cost < 60)
  }
}
