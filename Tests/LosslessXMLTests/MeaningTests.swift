import TestSupport
import Testing

@testable import LosslessXML

@Suite("Values mean what libxml2 says that they mean")
struct MeaningTests {
  /// Every attribute and every text of a document, ours beside libxml2's.
  private func compare(_ bytes: [UInt8]) throws -> Int {
    let document = try Document(bytes)
    let tree = NodeTree(document)
    var compared = 0
    for element in document.elements {
      for (node, attribute) in tree.attributes(of: element) {
        #expect(element.value(of: attribute) == tree.value(of: node))
        compared += 1
      }
      #expect(element.text == tree.text(of: element))
      #expect(element.localName == tree.name(of: element).localName)
      #expect(element.namespace == tree.name(of: element).namespace)
      compared += 1
    }
    return compared
  }

  @Test(
    "in every definition of libvirt's own test data", .readsLibvirtCorpus, arguments: Corpus.libvirt
  )
  func corpus(_ sample: Sample) throws {
    #expect(try compare(sample.bytes) > 0)
  }

  static let nasty = [
    " ", "  a  ", "\t", "\n", "\r", "\r\n", "a\r\nb\tc", "&", "&amp;", "&#10;", "<", ">", "]]>",
    "'", "\"", "'\"", "<![CDATA[x]]>", "<!-- x -->", "ä€😀", "\u{FFFD}", "\u{85}", "\u{2028}",
    "e\u{301}", "a\n\n", "%x;", "{{x}}", "--", "\u{10FFFF}", "\u{7F}",
  ]

  @Test("what is written reads back, in both quotes and as text", arguments: nasty)
  func written(_ value: String) throws {
    for (template, quote) in [("<a v='x'>x</a>", "'"), ("<a v=\"x\">x</a>", "\"")] {
      let document = try Document(Array(template.utf8))
      var changes = Changes(document)
      changes.setAttribute("v", of: document.root, to: value)
      changes.setAttribute("new", of: document.root, to: value)
      changes.setText(of: document.root, to: value)
      let bytes = try changes.sortedEdits().applied(to: document.bytes)
      let changed = try Document(bytes)
      // Unicode scalars: for String, two spellings of one character are equal.
      for read in [changed.root["v"], changed.root["new"], changed.root.text] {
        #expect(Array((read ?? "-").unicodeScalars) == Array(value.unicodeScalars), "\(quote)")
      }
      #expect(try compare(bytes) == 3)
    }
  }

  @Test(
    "as others may have written it",
    arguments: [
      "<a b='x&#x20;&#10;&#xd;&#13;\t\r\n\r y'>x&#xd;\r\n\r<![CDATA[\r\n&amp;]]>&#x1F600;</a>",
      "<a xml:space='preserve' xmlns:x='urn:x' x:b=' 1 '> <x:c/>\r</a>",
      "<a x:b='1' x:c='&lt;'><u:b>unbound</u:b></a>",
      "<a><![CDATA[]]><b/><![CDATA[ ]]]]><![CDATA[>]]><?pi a?>t<!-- c -->u</a>",
      "<a b='&apos;&quot;&gt;'>&quot;&apos;&lt;&gt;&amp;</a>",
      "\u{FEFF}<a b='ä'>€</a>",
    ])
  func read(_ text: String) throws {
    #expect(try compare(Array(text.utf8)) > 0)
  }
}
