import LosslessXML
import Testing

@testable import VirtNest

@Suite("QEMU's arguments as words")
struct PassthroughWordTests {
  static let qemu = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"

  private func patch(_ text: String, _ changes: [String]) throws -> Patch {
    var all = GuestChanges()
    all.words = try changes.map { try WordChange(passthrough: $0) }
    all.force = true
    return try DomainDefinition(Array(text.utf8)).patch(all)
  }

  /// Arguments and variables that a definition passes through, in document order.
  private func passed(_ definition: DomainDefinition) -> [String] {
    definition.domain.children("commandline", in: DomainNamespace.qemu).flatMap(\.children)
      .map { ($0["name"].map { $0 + "=" } ?? "") + ($0["value"] ?? "") }
  }

  @Test(
    "Arguments are split as a shell splits them, and added once",
    arguments: [
      (["-serial mon:stdio"], ["-serial", "mon:stdio"]),
      (["args=-device 'virtio-rng-pci,id=a b'"], ["-device", "virtio-rng-pci,id=a b"]),
      (["args=\"-device x,y=z\""], ["-device", "x,y=z"]),
      ([#"-append "a \"b\" \c" d\ e"#], ["-append", #"a "b" \c"#, "d e"]),
      (["env=DISPLAY=:0.1", "-S"], ["-S", "DISPLAY=:0.1"]),
      (["env=A=b=c", "env=A="], ["A=b=c", "A="]),
      (["-S", "-S"], ["-S", "-S"]),
    ])
  func added(changes: [String], result: [String]) throws {
    let bare = RuleExample.definition()
    let once = try patch(bare, changes)
    #expect(passed(once.result) == result)
    let text = String(decoding: once.bytes, as: UTF8.self)
    if Set(changes).count == 1 || changes.contains("-S") {
      #expect(try patch(text, changes).isEmpty)
    }
    #expect(try passed(patch(text, ["clearxml=yes"]).result).isEmpty)
    let removed = try DomainDefinition(once.bytes).patch(Self.removal)
    #expect(removed.bytes == Array(bare.utf8))
  }

  static var removal: GuestChanges {
    get throws {
      var all = GuestChanges()
      all.words = [try WordChange(.remove, "qemu-commandline")]
      return all
    }
  }

  @Test("Arguments stand behind those that are there, before variables, in the prefix of the file")
  func neighbours() throws {
    let text = RuleExample.definition().replacing(
      "</domain>",
      with: """
        <q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>
            <q:arg value='-S'/>
            <q:env name='A' value='b'/>
          </q:commandline>
        </domain>
        """)
    let patch = try patch(text, ["-name a", "env=A=c"])
    #expect(passed(patch.result) == ["-S", "-name", "a", "A=c"])
    #expect(String(decoding: patch.bytes, as: UTF8.self).contains("<q:arg value='-name'/>"))
    // -S is no option's value: it is there.
    #expect(try self.patch(text, ["-S"]).isEmpty)
  }

  @Test("An argument that is another's value is not the option that is asked for")
  func values() throws {
    let text = String(
      decoding: try patch(RuleExample.definition(), ["-append -S"]).bytes, as: UTF8.self)
    #expect(try passed(patch(text, ["-S"]).result) == ["-append", "-S", "-S"])
  }

  @Test(
    "What cannot be passed through is refused",
    arguments: [
      ("", "no arguments"), ("-name 'a", "quote"), ("env=A", "env=NAME=VALUE"),
      ("-name a\\", "backslash"), ("-name \u{1}", "XML cannot carry"),
    ])
  func refused(text: String, reason: String) {
    #expect { try WordChange(passthrough: text) } throws: { "\($0)".contains(reason) }
  }

  @Test("An argument that waits for its value takes no other")
  func unfinished() throws {
    let text = String(
      decoding: try patch(RuleExample.definition(), ["-name"]).bytes, as: UTF8.self)
    #expect { try patch(text, ["-S"]) } throws: { "\($0)".contains("no value behind it") }
  }
}
