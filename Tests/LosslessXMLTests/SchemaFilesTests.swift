import Foundation
import TestSupport
import Testing

@testable import LosslessXML

@Suite("references of a schema")
struct SchemaFilesTests {
  private static let open = "<grammar xmlns='http://relaxng.org/ns/structure/1.0'>"

  /// Files that refer to a network, each in another way of writing it down.
  static let remote: [(String, Data)] = [
    ("plain", utf8("\(open)<include href='http://127.0.0.1:9/a.rng'/></grammar>")),
    ("without a scheme", utf8("\(open)<include href='//127.0.0.1/a.rng'/></grammar>")),
    (
      "a prefix, and white space around the equals sign",
      utf8(
        "<r:grammar xmlns:r='http://relaxng.org/ns/structure/1.0'><r:include href\n = "
          + "\"ftp://127.0.0.1:9/a.rng\"/></r:grammar>")
    ),
    ("a character reference", utf8("\(open)<include href='http&#58;//127.0.0.1/a'/></grammar>")),
    (
      "a base",
      utf8("\(open)<div xml:base='http://127.0.0.1:9/'><include href='a'/></div></grammar>")
    ),
    (
      "a default of a document type",
      utf8(
        "<!DOCTYPE grammar [<!ATTLIST include href CDATA 'http://127.0.0.1:9/a'>]>"
          + "\(open)<include/></grammar>")
    ),
    (
      "UTF-16",
      Data([0xFF, 0xFE])
        + Data(
          "\(open)<include href='http://127.0.0.1:9/a'/></grammar>".utf16.flatMap {
            [UInt8($0 & 0xFF), UInt8($0 >> 8)]
          })
    ),
  ]

  private static func utf8(_ text: String) -> Data { Data(text.utf8) }

  @Test("a reference to a network is refused, however it is written", arguments: remote.indices)
  func refused(_ index: Int) throws {
    let folder = try TemporaryFolder()
    let (name, bytes) = Self.remote[index]
    let file = URL(filePath: folder.file("start.rng"))
    try bytes.write(to: URL(filePath: folder.file("other.rng")))
    try Data("\(Self.open)<include href=\"other.rng\"/></grammar>".utf8).write(to: file)
    do {
      _ = try Schema(path: file.path)
      Issue.record("\(name) was taken")
    } catch {
      #expect("\(error)".contains("only files beside it are loaded"), "\(name): \(error)")
    }
  }

  @Test("a comment about a network does no harm")
  func comment() throws {
    let folder = try TemporaryFolder()
    let file = URL(filePath: folder.file("start.rng"))
    let text =
      "\(Self.open)<!-- href='http://a/' --><start><element name='a'><empty/></element></start></grammar>"
    try Data(text.utf8).write(to: file)
    #expect(try Schema(path: file.path).accepts(Document(Array("<a/>".utf8))))
  }
}
