import TestSupport
import Testing

@testable import LosslessXML

@Suite("Documents")
struct DocumentTests {
  @Test(
    "every definition of libvirt's own test data is read", .readsLibvirtCorpus,
    arguments: Corpus.libvirt)
  func corpus(_ sample: Sample) throws {
    let document = try Document(sample.bytes)
    for element in document.elements {
      #expect(document.bytes[element.range.lowerBound] == UInt8(ascii: "<"))
      #expect(document.bytes[element.range.upperBound - 1] == UInt8(ascii: ">"))
      #expect(document.text(in: element.nameRange) == element.qualifiedName)
    }
  }

  @Test(
    "what cannot be kept byte for byte is refused with the reason",
    arguments: [
      ("", MalformedXML.Reason.empty, 1),
      ("  \n", .empty, 2),
      ("<a", .notWellFormed("Couldn't find end of Start Tag a line 1"), 1),
      ("<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a>&x;</a>", .documentType, 1),
      ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", .encoding("ISO-8859-1"), 1),
      ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", .encoding("UTF-16"), 1),
    ] as [(String, MalformedXML.Reason, Int)])
  func refused(_ text: String, reason: MalformedXML.Reason, line: Int) {
    #expect(throws: MalformedXML.self) { try Document(Array(text.utf8)) }
    do {
      _ = try Document(Array(text.utf8))
    } catch {
      #expect(error.reason == reason)
      #expect(error.location.line == line)
    }
  }

  @Test("elements nested too deep are refused")
  func deep() throws {
    let text = String(repeating: "<a>", count: 10_000) + String(repeating: "</a>", count: 10_000)
    #expect { try Document(Array(text.utf8)) } throws: { error in
      (error as? MalformedXML)?.reason == .tooDeep
    }
  }

  @Test("bytes that are not UTF-8 are found where they stand")
  func invalidUTF8() throws {
    #expect { try Document(Array("<a>\n x".utf8) + [0xFF] + Array("</a>".utf8)) } throws: { error in
      (error as? MalformedXML)?.reason == .notUTF8
        && (error as? MalformedXML)?.location == Position(line: 2, column: 3)
    }
  }

  @Test("bytes that are not ASCII are found where ASCII is declared")
  func notASCII() throws {
    let declaration = "<?xml version='1.0' encoding='US-ASCII'?>\n"
    let text = Array((declaration + "<a>x</a>").utf8)
    #expect(try Document(text).root.range == declaration.utf8.count..<text.count)
    #expect { try Document(Array((declaration + "<a>\u{E9}</a>").utf8)) } throws: { error in
      (error as? MalformedXML)?.reason == .notASCII
        && (error as? MalformedXML)?.location == Position(line: 2, column: 4)
    }
  }

  // libxml2 limits the names that one parser remembers, and parsers are kept.
  @Test("many documents with many names of their own are read one after the other")
  func manyNames() throws {
    for number in 1...20 {
      var bytes = Array("<a>".utf8)
      for name in 0..<100_000 { bytes += "<x\(number)y\(1_000_000 + name)/>".utf8 }
      bytes += "</a>".utf8
      #expect(try Document(bytes).elements.count(where: { _ in true }) == 100_001)
    }
  }
}
