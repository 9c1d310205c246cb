import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("Words that do not go together, and words that do")
struct WordConflictTests {
  /// The error of words that cannot be.
  private func error(_ changes: [(WordChange.Verb, String)]) -> String {
    do {
      return "none, but:\n" + String(decoding: try WordTests.patch(changes).bytes, as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "A word that contradicts itself is refused by its key",
    arguments: [
      "disk:vda,cache=none,cache=writeback", "disk:vda,driver.cache=none,cache=writeback",
      "disk:vda,driver=,driver.cache=none", "disk:vda,driver.cache=none,driver=",
      "disk:vda,serial=,serial=abc", "resource,partition=/a,partition=/b",
    ])
  func withinOne(_ text: String) {
    #expect(error([(.edit, text)]).contains("contradicts what stands before it"))
  }

  @Test("A key that says the same twice says it once")
  func same() throws {
    let patch = try WordTests.patch([(.edit, "disk:vda,cache=writeback,driver.cache=writeback")])
    #expect(WordTests.lines(patch).new == ["<driver name='qemu' type='qcow2' cache='writeback'/>"])
  }

  @Test("Of two words for one place the later counts")
  func later() throws {
    let patch = try WordTests.patch([
      (.edit, "disk:vda,cache=writeback"), (.edit, "disk:vda,cache=unsafe"),
    ])
    #expect(WordTests.lines(patch).new == ["<driver name='qemu' type='qcow2' cache='unsafe'/>"])
  }

  @Test("What an earlier word removes is not there for a later one")
  func removed() {
    let late = error([(.remove, "disk:vda"), (.edit, "disk:vda,cache=none")])
    #expect(late.contains("the guest has disk sda"))
    #expect(error([(.remove, "sound:all")]).contains("the guest has no sound"))
  }

  @Test(
    "What an earlier change adds is not changed or removed by a later one",
    arguments: [(WordChange.Verb.remove, "watchdog:all"), (.edit, "watchdog,action=none")])
  func added(_ verb: WordChange.Verb, _ text: String) {
    let said = error([(.add, "watchdog,i6300esb"), (verb, text)])
    #expect(said.contains("another change adds a watchdog"), "\(said)")
  }

  @Test("A property that another change undoes is refused")
  func property() throws {
    var all = GuestChanges()
    all.guest.vcpus = try VirtualCPUs("6,sockets=1,cores=3,threads=2")
    all.words = [try WordChange(.remove, "cpu")]
    let guest = try DomainDefinition(
      [UInt8](RuleExample.definition([.cpu: "<cpu mode='host-model'/>"])))
    do {
      _ = try guest.patch(all)
      Issue.record("not refused")
    } catch {
      #expect(error.description.contains("undoes what is asked of vcpus"), "\(error)")
    }
  }

  @Test("Two changes of a section that is missing make it once")
  func section() throws {
    var all = GuestChanges()
    all.guest.usesHugePages = true
    all.words = [
      try WordChange(.edit, "memorybacking,locked=on"),
      try WordChange(.edit, "memorybacking,nosharepages=on"),
    ]
    let patch = try DomainDefinition([UInt8](WordTests.guest)).patch(all)
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.split(separator: "<memoryBacking>").count == 2, "\(text)")
    #expect(text.contains("<hugepages/>") && text.contains("<locked/>"), "\(text)")
    #expect(try patch.result.patch(all).isEmpty)
  }

  @Test("A disk with a boot order is added once, and two devices may exchange theirs")
  func bootOrder() throws {
    let add: [(WordChange.Verb, String)] = [(.add, "disk,path=/b.qcow2,boot.order=1")]
    let first = try WordTests.patch(add)
    let text = String(decoding: first.bytes, as: UTF8.self)
    #expect(try WordTests.patch(text, add).isEmpty)
    #expect(throws: VirtNestError.self) {
      try WordTests.patch(text, [(.edit, "disk:vda,boot.order=1")])
    }
    let other = try WordTests.patch(text, [(.edit, "disk:vda,boot.order=2")])
    let exchanged = try WordTests.patch(
      String(decoding: other.bytes, as: UTF8.self),
      [(.edit, "disk:vda,boot.order=1"), (.edit, "disk:vdb,boot.order=2")])
    #expect(WordTests.lines(exchanged).new.sorted() == ["<boot order='1'/>", "<boot order='2'/>"])
  }

  @Test("A source makes a generator of random numbers one behind a socket")
  func random() throws {
    let patch = try WordTests.patch([(.add, "rng,backend.type=unix,backend.source.path=/a")])
    let text = String(decoding: patch.bytes, as: UTF8.self)
    #expect(text.contains("<backend model='egd' type='unix'>"), "\(text)")
  }

  @Test("Text of a section is one that XML can carry and libvirt takes; none removes it")
  func text() throws {
    #expect(error([(.edit, "description,a\u{1}")]).contains("XML cannot carry"))
    #expect(error([(.edit, "on_reboot,explode")]).contains("the values are"))
    let there = try WordTests.patch([(.edit, "on_reboot,destroy")])
    let gone = try WordTests.patch(
      String(decoding: there.bytes, as: UTF8.self), [(.edit, "on_reboot=")])
    #expect(!String(decoding: gone.bytes, as: UTF8.self).contains("on_reboot"))
  }

  @Test("A copy's own part that a word gives stays; what is next to it is renewed all the same")
  func copied() throws {
    let original = RuleExample.definition([
      .devices: "<graphics type='vnc' port='5901' autoport='no'/>"
    ])
    var all = GuestChanges()
    all.identity = GuestChanges.Identity()
    all.words = [try WordChange(.edit, "graphics,keymap=de")]
    let definition = try DomainDefinition([UInt8](original))
    let renewed = try definition.patch(all)
    #expect(!String(decoding: renewed.bytes, as: UTF8.self).contains("5901"))
    all.words = [try WordChange(.edit, "graphics,port=5901")]
    let given = try definition.patch(all)
    #expect(String(decoding: given.bytes, as: UTF8.self).contains("5901"))
    let twice = try given.result.patch(all)
    #expect(twice.isEmpty, "\(String(decoding: twice.bytes, as: UTF8.self))")
  }
}
