import TestSupport
import Testing

@testable import LosslessXML

@Suite("Time grows in proportion to the input")
struct GrowthTests {
  /// Ways of working on every `<e/>` of a document.
  enum Work: CaseIterable {
    case remove, insertBehind, fill, locate
  }

  private func cost(_ work: Work, _ count: Int) throws -> Double {
    let text = "<d>" + String(repeating: "<e/>", count: count) + "</d>"
    let document = try Document(Array(text.utf8))
    return try processorSeconds {
      let found = try document.matches(of: "//e").map(\.element)
      #expect(found.count == count)
      var changes = Changes(document)
      switch work {
      case .remove: for element in found { changes.remove(element) }
      case .insertBehind:
        for element in found {
          changes.insert(
            NewElement("n", children: [NewElement("m")]), into: document.root, behind: element)
        }
      case .fill: for element in found { changes.insert(NewElement("n"), into: element) }
      case .locate: #expect(Set(found.map(\.location)).count == count)
      }
      #expect(try changes.sortedEdits().count == (work == .locate ? 0 : count))
    }
  }

  @Test("four times the elements take less than ten times the time", arguments: Work.allCases)
  func proportion(_ work: Work) throws {
    _ = try cost(work, 1_000)
    let few = try cost(work, 10_000)
    let many = try cost(work, 40_000)
    #expect(many < 10 * few, "\(few) s, \(many) s")
  }
}
