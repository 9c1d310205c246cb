import TestSupport
import Testing

@testable import LosslessXML

@Suite("Texts are bytes")
struct TextBytesTests {
  static let composed = "\u{E9}"
  static let decomposed = "e\u{301}"
  static let kelvin = "\u{212A}"

  @Test("What a person would call equal is not")
  func equality() {
    let (a, b): (String, String) = (Self.composed, Self.decomposed)
    let (optionalA, optionalB): (String?, String?) = (a, b)
    #expect(!(a == b) && a != b)
    #expect(!(optionalA == optionalB) && optionalA != b)
    #expect(!(a[...] == b[...]) && !(a == b[...]))
    #expect(![a].contains(b) && [a].firstIndex(of: b) == nil && !([a] == [b]))
    #expect(TextKey(a) != TextKey(b) && Set([TextKey(a), TextKey(b)]).count == 2)
    #expect(Pair(text: a, other: nil) != Pair(text: b, other: nil))
    #expect(Pair(text: "", other: a) != Pair(text: "", other: b))
    switch b {
    case a: Issue.record("switch")
    default: break
    }
    switch optionalB {
    case a: Issue.record("switch of an optional")
    default: break
    }
  }

  @Test("KELVIN SIGN is no K, and has no small letter")
  func kelvinSign() {
    #expect(Self.kelvin != "K" && Self.kelvin.lowercased() == Self.kelvin)
    #expect("KATA".lowercased() == "kata" && "É".lowercased() == "É")
    #expect(!(Self.kelvin + "ata").lowercased().contains("kata"))
  }

  @Test("A mark on a separator leaves it a separator")
  func separators() {
    let text = "a,\u{301}b=\u{301}c"
    #expect(text.split(separator: ",").map(String.init) == ["a", "\u{301}b=\u{301}c"])
    #expect(text.parted(at: "=")?.tail == "\u{301}c")
    let part: Substring = text[...]
    let isThere = part.contains(",")
    #expect(text.hasPrefix("a,") && text.contains(",") && text.contains("b=") && isThere)
    #expect(text.replacing(",", with: ";") == "a;\u{301}b=\u{301}c")
    #expect("a,,b".split(separator: ",", omittingEmptySubsequences: false).count == 3)
    #expect("a=b=c".split(separator: "=", maxSplits: 1).map(String.init) == ["a", "b=c"])
  }

  @Test("Any bytes go through a text and come back")
  func systemBytes() {
    var bytes: [[UInt8]] = (0...255).map { [UInt8($0)] }
    bytes += [
      [], Array("a\u{10FFFF}b".utf8), [0xF4, 0x8F, 0xBF], [0x61, 0xFF, 0x62], [0xED, 0xA0, 0x80],
      [0xC3], [0xC3, 0xA9], Array("e\u{301}".utf8), [0xFF, 0xF4, 0x8F, 0xBE, 0x80, 0xC0, 0x80],
    ]
    for case let wanted in bytes {
      let text = String(systemBytes: wanted)
      #expect(text.systemBytes.elementsEqual(wanted), "\(wanted)")
      let isText = String(validating: wanted, as: UTF8.self) != nil
      #expect(
        text.standsForBytes == (!isText || wanted.starts(with: "a\u{10FFFF}".utf8)), "\(wanted)")
      if text.standsForBytes { #expect(!text.isRepresentableInXML) }
    }
    #expect(Set(bytes.map { TextKey(String(systemBytes: $0)) }).count == Set(bytes).count)
  }

  private struct Pair: Equatable {
    var text: String
    var other: String?
  }
}
