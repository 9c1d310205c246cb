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
        // The block of parameters is the template's own.
        let unsaid = difference.unsaid.filter { !$0.message.contains("nest:template") }
        #expect(unsaid.isEmpty, "\(old.name) -> \(new.name): \(unsaid)")
        let result = try applied(difference, to: before)
        let rest = WordDifference(from: result, to: after)
        #expect(rest.changes.isEmpty, "\(old.name) -> \(new.name): \(texts(rest))")
      }
    }
  }

  @Test(
    "What differs is said by the words that people know",
    arguments: [
      ("cache='none'", "cache='writeback'", ["edit disk:vda,cache=writeback"]),
      (
        "<source file='/a.qcow2'/>", "<source file='/b, c.qcow2'/>",
        ["edit disk:vda,source.file=/b,, c.qcow2"]
      ),
      (
        "<controller type='usb' model='none'/>", "", ["remove controller:usb"]
      ),
      (
        "</interface>",
        "</interface><rng model='virtio'><backend model='random'>/x</backend></rng>",
        ["add rng,model=virtio,type=random,device=/x"]
      ),
      ("<model type='virtio'/>", "", ["edit network,model="]),
      (
        "<devices>", "<title>'a', b</title><devices>", ["edit title='a',, b"]
      ),
      ("<domain type='kvm'", "<domain type='qemu'", ["edit metadata,type=qemu"]),
      (
        "</devices>",
        "</devices><qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
          + "<qemu:arg value='-name'/><qemu:arg value='a b,c'/>"
          + "<qemu:env name='A' value='b'/></qemu:commandline>",
        ["add qemu-commandline,args=-name 'a b,,c',env=A=b"]
      ),
      (
        "<interface type='network'>",
        "<interface type='network'><mac address='52:54:00:00:00:09'/>"
          + "<source network='default'/></interface><interface type='network'>",
        []
      ),
    ] as [(String, String, [String])])
  func said(old: String, new: String, words: [String]) throws {
    let before = try DomainDefinition(Array(WordTests.guest.utf8))
    let after = try DomainDefinition(
      Array(WordTests.guest.replacing(old, with: new, maxReplacements: 1).utf8))
    let difference = WordDifference(from: before, to: after)
    if !words.isEmpty { #expect(texts(difference) == words) }
    #expect(difference.unsaid.isEmpty && !difference.isEmpty)
    for (from, to) in [(before, after), (after, before)] {
      let said = WordDifference(from: from, to: to)
      let rest = WordDifference(from: try applied(said, to: from), to: to)
      #expect(rest.isEmpty, "\(texts(said)), then \(texts(rest)) \(rest.unsaid)")
    }
  }

  @Test("Devices that are equal are added as often as it takes")
  func equalDevices() throws {
    let sound = "<sound model='ac97'/>"
    let guest = { (count: Int) in
      try DomainDefinition(
        Array(
          WordTests.guest.replacing(
            "</interface>", with: "</interface>" + String(repeating: sound, count: count)
          ).utf8))
    }
    for (old, new) in [(1, 2), (0, 3), (2, 5), (3, 1)] {
      let difference = WordDifference(from: try guest(old), to: try guest(new))
      let rest = WordDifference(from: try applied(difference, to: guest(old)), to: try guest(new))
      #expect(difference.unsaid.isEmpty && rest.isEmpty, "\(texts(difference))")
    }
  }

  @Test("What no word says is named, with its place")
  func unsaid() throws {
    let metadata = "<metadata><x:a xmlns:x='urn:x'>b</x:a></metadata><devices>"
    let before = try DomainDefinition(Array(WordTests.guest.utf8))
    let after = try DomainDefinition(
      Array(WordTests.guest.replacing("<devices>", with: metadata).utf8))
    let difference = WordDifference(from: before, to: after, file: "b.xml")
    #expect(difference.unsaid.map(\.message) == ["<x:a>: no word adds it"])
    #expect(difference.unsaid.first?.place != nil && difference.unsaid.first?.source == "b.xml")
    #expect(WordDifference(from: after, to: before).unsaid.count == 1)
  }

  @Test(
    "What differs and no words say is said precisely, and never called the same",
    arguments: [
      ("<devices>", "<devices>text", "the text of domain/devices is 'text' there"),
      ("<devices>", "<devices x='1'>", "domain/devices/@x is '1' there"),
      ("<l:os id=", "<l:os x='1' id=", "@x is '1' there"),
      ("<target dev='vda'", "<target y='1' dev='vda'", "@y is '1' there"),
    ])
  func precisely(_ old: String, _ new: String, _ said: String) throws {
    #expect(WordTests.guest.contains(old))
    let after = WordTests.guest.replacing(old, with: new)
    let (left, right) = (
      try DomainDefinition(Array(WordTests.guest.utf8)), try DomainDefinition(Array(after.utf8))
    )
    let unsaid = WordDifference(from: left, to: right).unsaid.map(\.message)
    #expect(unsaid.contains { $0.contains(said) }, "\(unsaid)")
    #expect(!WordDifference(from: right, to: left).isEmpty)
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
    // A fifth of them, which takes seconds in place of minutes.
    for sample in Corpus.libvirt.enumerated().filter({ $0.offset % 5 == 2 }).map(\.element) {
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
    #expect(unsaid.count * 20 < said, "\(unsaid.joined(separator: "\n"))")
  }
}
