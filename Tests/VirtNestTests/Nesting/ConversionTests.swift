import LosslessXML
import Testing

@testable import VirtNest

@Suite("Guests that nest move to another mechanism, the others stay as they are")
struct ConversionTests {
  private func guest(
    name: String = "kata-a", features: String = "", emulator: String = "", end: String = "",
    machine: String = "pseries"
  ) throws -> DomainDefinition {
    let text = """
      <domain type='kvm'>
        <name>\(name)</name>
        <memory>4194304</memory>
        <os><type arch='ppc64le' machine='\(machine)'>hvm</type></os>
        <features><acpi/>\(features)</features>
        <cpu mode='host-model'/>
        <devices>\(emulator)</devices>\(end)
      </domain>
      """
    return try DomainDefinition(Array(text.utf8))
  }

  private func converted(
    _ definition: DomainDefinition, to mechanism: NestingMechanism,
    wrapper: String = Emulator.defaultWrapper
  ) throws -> DomainDefinition {
    var changes = GuestChanges()
    changes.nesting = NestingChange(.on, mechanism: mechanism, wrapper: wrapper)
    changes.nesting?.onlyWhereNesting = true
    return try definition.patch(changes).result
  }

  private static let argument = """
    <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\
    <qemu:arg value='-machine'/><qemu:arg value='cap-nested-hv=on'/></qemu:commandline>
    """

  @Test("A guest without nesting, or with nesting off, keeps every byte")
  func others() throws {
    for plain in [
      try guest(), try guest(features: "<nested-hv state='off'/>"), try guest(name: "web"),
      try guest(name: "web", emulator: "<emulator>/usr/bin/qemu-system-ppc64-nested</emulator>"),
    ] {
      for mechanism in [NestingMechanism.feature, .commandline] {
        #expect(try converted(plain, to: mechanism).document.bytes == plain.document.bytes)
      }
    }
  }

  @Test("From each mechanism to the feature, and to the command line")
  func all() throws {
    for nesting in [
      try guest(features: "<nested-hv state='on'/>"), try guest(end: Self.argument),
      try guest(machine: "pseries,cap-nested-hv=true"),
      try guest(emulator: "<emulator>/usr/bin/qemu-system-ppc64-nested</emulator>"),
    ] {
      for mechanism in [NestingMechanism.feature, .commandline] {
        let result = try converted(nesting, to: mechanism)
        let facts = NestingFacts(of: result)
        #expect(facts.isOn && facts.wrapper == nil)
        #expect(facts.contributions.map(\.mechanism) == [mechanism])
        #expect(try converted(result, to: mechanism).document.bytes == result.document.bytes)
      }
    }
  }

  @Test("A wrapper goes only where it is the one that is named")
  func wrappers() throws {
    let wrapped = try guest(emulator: "<emulator>/opt/site/kvm-nested</emulator>")
    #expect(
      NestingFacts(of: try converted(wrapped, to: .feature)).wrapper == "/opt/site/kvm-nested")
    let named = try converted(wrapped, to: .feature, wrapper: "/opt/site/kvm-nested")
    #expect(NestingFacts(of: named).wrapper == nil)
    var off = GuestChanges()
    off.nesting = NestingChange(.off(explicit: false))
    let patch = try wrapped.patch(off)
    #expect(patch.isEmpty && patch.diagnostics.contains { $0.severity == .warning })
    off.nesting?.wrapper = "/opt/site/kvm-nested"
    #expect(NestingFacts(of: try wrapped.patch(off).result).wrapper == nil)
  }
}
