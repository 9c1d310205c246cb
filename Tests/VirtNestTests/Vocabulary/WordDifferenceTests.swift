import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("The changes that turn one definition into another")
struct WordDifferenceTests {
  /// Makes the changes that a difference says, as a user would: from their texts.
  private func applied(
    _ difference: WordDifference, to definition: DomainDefinition
  ) throws -> DomainDefinition {
    var all = GuestChanges()
    all.words = try difference.changes.map { try WordChange($0.verb, $0.text) }
    all.byNumber = difference.needsNumbers
    all.force = difference.needsForce
    return try definition.patch(all).result
  }

  private func texts(_ difference: WordDifference) -> [String] {
    difference.changes.map { "\($0.verb.rawValue) \($0.text)" }
  }

  @Test("Every built-in template becomes every other one")
  func templates() throws {
    let samples = Corpus.samples(in: Corpus.checkout.appending(path: "Templates"))
    #expect(samples.count > 8)
    for old in samples {
      for new in samples {
        let (before, after) = (try DomainDefinition(old.bytes), try DomainDefinition(new.bytes))
        let difference = WordDifference(from: before, to: after)
        let metadata = difference.unsaid.filter { !$0.message.contains("<metadata>") }
        #expect(metadata.isEmpty, "\(old.name) -> \(new.name): \(metadata)")
        let result = try applied(difference, to: before)
        let rest = WordDifference(from: result, to: after)
        #expect(rest.changes.isEmpty, "\(old.name) -> \(new.name): \(texts(rest))")
      }
    }
  }

  /// Ten changes for a definition, of those of the table that it takes.
  private func randomChanges(_ definition: DomainDefinition, seed: inout UInt64) -> GuestChanges {
    var all = GuestChanges()
    all.force = true
    var tries = 0
    while all.words.count < 10, tries < 60 {
      tries += 1
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let word = WordTableTests.words[Int(seed >> 33) % WordTableTests.words.count]
      guard let kind = try? WordKind.named(word.kind) else { continue }
      let isThere = !DomainEditor(definition).elements(of: kind).isEmpty
      let parts =
        word.kind == "network" && word.key != "type" && !isThere
        ? "network=default,\(word.key)=\(word.value)" : "\(word.key)=\(word.value)"
      guard
        let change = try? WordChange(
          kind.isDevice && (!isThere || seed & (1 << 20) == 0) ? .add : .edit, word.kind,
          parts: parts)
      else { continue }
      var candidate = all
      candidate.words.append(change)
      if (try? definition.patch(candidate)) != nil { all = candidate }
    }
    return all
  }

  @Test(
    "Every definition of libvirt's becomes what ten random words make of it", .readsLibvirtCorpus)
  func corpus() throws {
    var seed: UInt64 = 13
    var said = 0
    var unsaid: [String] = []
    for sample in Corpus.libvirt {
      guard let definition = try? DomainDefinition(sample.bytes) else { continue }
      let same = WordDifference(from: definition, to: definition)
      #expect(same.isEmpty, "\(sample.name): \(texts(same)) \(same.unsaid)")
      let after = try definition.patch(randomChanges(definition, seed: &seed)).result
      for (old, new) in [(definition, after), (after, definition)] {
        let difference = WordDifference(from: old, to: new)
        guard difference.unsaid.isEmpty else {
          unsaid.append("\(sample.name): \(texts(difference)) \(difference.unsaid.map(\.message))")
          continue
        }
        said += 1
        let result = try applied(difference, to: old)
        let rest = WordDifference(from: result, to: new)
        #expect(
          rest.isEmpty, "\(sample.name): \(texts(difference)), then \(texts(rest)) \(rest.unsaid)")
      }
    }
    print("diff: \(said) said in words, \(unsaid.count) not")
    print(unsaid.joined(separator: "\n"))
  }
}
