import Foundation
import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// The engine over definitions as libvirt prints them, and libvirt over what the engine makes of
/// them.
@Suite("Definitions that libvirt prints", .needs("virsh"))
struct PrintedDefinitionTests {
  /// A definition as libvirt printed it.
  struct Printed {
    var name: String
    var bytes: [UInt8]
  }

  private static func nesting(_ mechanism: NestingMechanism, force: Bool = false) -> GuestChanges {
    var changes = GuestChanges()
    changes.nesting = NestingChange(.on, mechanism: mechanism)
    changes.force = force
    return changes
  }

  static let samples =
    Corpus.libvirt
    + Corpus.samples(in: Corpus.checkout.appending(path: "libvirt-xmls"))

  @Test("the test driver's, with nesting and without", .readsLibvirtCorpus)
  func testDriver() async throws {
    let printed = try await print(Self.samples.compactMap { Self.retyped($0, "test") }, .test)
    let kept = try await afterwards(printed, Self.nesting(.feature, force: true), .test)
    #expect(kept.count >= (Corpus.libvirt.isEmpty ? 1 : 500))
    for (name, text) in kept {
      let state = NestingFacts(of: try DomainDefinition(text)).asked
      #expect(state == .on(.hv), "\(name): \(state)")
    }
  }

  @Test(
    "QEMU's, with nesting and without", .readsLibvirtCorpus, .needs("qemu-system-ppc64"),
    arguments: [NestingMechanism.feature, .commandline])
  func qemuDriver(_ mechanism: NestingMechanism) async throws {
    let printed = try await print(Self.samples.compactMap { Self.retyped($0, "qemu") }, .qemu)
    let kept = try await afterwards(printed, Self.nesting(mechanism), .qemu)
    #expect(kept.count >= 10)
    for (name, text) in kept {
      let state = NestingFacts(of: try DomainDefinition(text)).asked
      #expect(state == .on(.hv), "\(name): \(state)")
    }
  }

  @Test(
    "everything that can be asked for", .readsLibvirtCorpus, .needs("qemu-system-ppc64"),
    arguments: [(Virsh.Driver.test, "test"), (.qemu, "qemu")])
  func everything(_ driver: Virsh.Driver, _ domainType: String) async throws {
    var changes = GuestChanges()
    changes.guest.console = try Console("log.file=/var/log/guest.log,log.append=on")
    changes.guest.usesHugePages = true
    changes.guest.hugePageSize = try MemorySize("2M")
    changes.guest.features = [
      .hpt: "disabled", .htm: "off", .ccfAssist: "on", .cfpc: "broken", .sbbc: "fixed",
      .ibs: "workaround",
    ]
    changes.words = [
      try WordChange(
        .edit, "boot,kernel=/boot/vmlinux,initrd=/boot/initrd,kernel_args=a b"),
      try WordChange(
        .add,
        "disk,path=/a.img,format=raw,bus=virtio,cache=none,serial=abc,readonly=on,target=vdz"),
      try WordChange(.add, "network,network=default,mac=52:54:00:00:00:99,target=net9"),
    ]
    let printed = try await print(Self.samples.compactMap { Self.retyped($0, domainType) }, driver)
      .filter { String(decoding: $0.bytes, as: UTF8.self).contains(">hvm</type>") }
    let kept = try await afterwards(
      printed, changes, driver)
    #expect(kept.count >= 10)
    for (name, text) in kept {
      let guest = Guest(reading: try DomainDefinition(text))
      for element in [
        "<kernel>/boot/vmlinux</kernel>", "<initrd>/boot/initrd</initrd>",
        "<cmdline>a b</cmdline>",
      ] {
        #expect(String(decoding: text, as: UTF8.self).contains(element), "\(name)")
      }
      #expect(guest.console == changes.guest.console, "\(name)")
      #expect(guest.hugePageSize == changes.guest.hugePageSize, "\(name)")
      #expect(guest.features == changes.guest.features, "\(name)")
      let disk = guest.disks.first { $0.target == "vdz" }
      #expect(disk?.serial == "abc" && disk?.cache == "none", "\(name)")
      #expect(guest.interfaces.contains { $0.mac?.description == "52:54:00:00:00:99" })
    }
  }

  @Test("a template made of each gives it back, but for its identity", .readsLibvirtCorpus)
  func templates() async throws {
    let printed = try await print(Self.samples.compactMap { Self.retyped($0, "test") }, .test)
    // libvirt prints each of these on a line of its own.
    let identity = ["<uuid>", "<genid>", "<genid/>", "<mac address=", "<entry name='uuid'>"]
    let lines = { (bytes: [UInt8]) in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { line in
        !identity.contains { line.contains($0) }
      }
    }
    var tried = 0
    for definition in printed {
      let original = try DomainDefinition(definition.bytes)
      let template = try TemplateAuthor(name: "mine", from: original).template()
      var request = GuestRequest()
      request.changes.guest.name = Guest(reading: original).name
      let made = try Template(DomainDefinition(template)).create(request)
      // What libvirt chooses anew is in neither.
      var copy = GuestChanges()
      copy.identity = GuestChanges.Identity()
      let renewed = try original.patch(copy).bytes
      #expect(lines(made.bytes) == lines(renewed), "\(definition.name)")
      tried += 1
    }
    #expect(tried >= (Corpus.libvirt.isEmpty ? 1 : 500))
  }

  /// Makes the changes, proves what is promised of every change, and lets libvirt take the results.
  ///
  /// - Returns: what libvirt prints of each; those that the engine refuses to change are left out.
  private func afterwards(
    _ printed: [Printed], _ changes: GuestChanges, _ driver: Virsh.Driver
  ) async throws -> [(name: String, text: [UInt8])] {
    var patched: [Printed] = []
    for printed in printed {
      guard let result = try Self.patched(printed, changes, driver) else { continue }
      patched.append(Printed(name: printed.name, bytes: result))
    }
    let again = try await print(
      patched.map { Sample(name: $0.name, bytes: $0.bytes) }, driver,
      refused: { name, report in
        Issue.record("\(name) is not taken any more: \(report)")
      })
    let byName = Dictionary(again.map { ($0.name, $0.bytes) }) { first, _ in first }
    var kept: [(name: String, text: [UInt8])] = []
    for one in patched {
      guard let text = byName[one.name] else { continue }
      kept.append((one.name, text))
      let differences = try LibvirtPlaces.differences(of: one.bytes, from: text)
      #expect(differences.isEmpty, "\(one.name): \(differences)")
    }
    return kept
  }

  /// The definition with the changes; `nil` where it has nesting already, or refuses.
  private static func patched(_ printed: Printed, _ changes: GuestChanges, _ driver: Virsh.Driver)
    throws -> [UInt8]?
  {
    let original = try DomainDefinition(printed.bytes)
    let machine = Guest(reading: original).machine?.text ?? ""
    // The test driver takes the features of every machine, QEMU's those of a pseries.
    guard driver == .test || machine.hasPrefix("pseries"),
      NestingFacts(of: original).asked == .off,
      NestingFacts(of: original).contributions.isEmpty,
      let on = try? original.patch(changes)
    else { return nil }
    #expect(try DomainDefinition(on.bytes).patch(again(changes)).isEmpty, "\(printed.name)")
    var off = GuestChanges()
    off.nesting = NestingChange(.off(explicit: false))
    #expect(try original.patch(off).isEmpty, "\(printed.name)")
    guard changes.nesting != nil else { return on.bytes }
    #expect(try DomainDefinition(on.bytes).patch(off).bytes == printed.bytes, "\(printed.name)")
    return on.bytes
  }

  /// The changes without devices that are added: each time is one more.
  private static func again(_ changes: GuestChanges) -> GuestChanges {
    var changes = changes
    changes.words = []
    return changes
  }

  /// What libvirt prints of each definition that it takes.
  private func print(
    _ samples: [Sample], _ driver: Virsh.Driver, refused: (String, String) -> Void = { _, _ in }
  ) async throws -> [Printed] {
    let virsh = try Virsh(driver)
    var commands: [String] = []
    var names: [String] = []
    for (index, sample) in samples.enumerated() {
      guard let definition = try? DomainDefinition(sample.bytes),
        let name = Guest(reading: definition).name?.quoted
      else { continue }
      commands += [
        "define \(try virsh.file("\(index).xml", sample.bytes).quoted)",
        "dumpxml --inactive \(name)", "undefine \(name)",
      ]
      names.append(sample.name)
    }
    let answers = try await virsh.answers(to: commands)
    return names.indices.compactMap { index in
      let (define, dump) = (answers[3 * index], answers[3 * index + 1])
      guard define.succeeded, dump.succeeded else {
        refused(names[index], define.report)
        return nil
      }
      return Printed(name: names[index], bytes: Array(dump.output.utf8))
    }
  }

  /// The definition for a driver that runs it here, in whose emulator's place libvirt finds one.
  private static func retyped(_ sample: Sample, _ domainType: String) -> Sample? {
    guard let definition = try? DomainDefinition(sample.bytes) else { return nil }
    var changes = GuestChanges()
    changes.guest.domainType = domainType
    guard let patched = try? definition.patch(changes) else { return nil }
    return Sample(name: sample.name, bytes: patched.bytes)
  }
}
