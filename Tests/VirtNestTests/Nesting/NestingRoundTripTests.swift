import LosslessXML
import TestSupport
import Testing
import VirtNest

@Suite("Nesting goes on and off again without a trace")
struct NestingRoundTripTests {
  static let hardCases: [Sample] = {
    let domain = { (features: String, tail: String, attributes: String) in
      """
      <!-- before -->
      <?pi?>
      <domain type='kvm'\(attributes)>
        <name>kata-x</name>
        <!-- memory -->
        <memory unit='KiB'>4194304</memory>
        <os>
          <type arch='ppc64le' machine='pseries'>hvm</type>
        </os>
        \(features)
        <devices>
        </devices>
        \(tail)
      </domain>
      <!-- behind -->
      """
    }
    let qemu = "http://libvirt.org/schemas/domain/qemu/1.0"
    let forms = [
      "", "<features/>", "<features></features>", "<features>\n  </features>",
      "<features>\n    <acpi/>\n  </features>", "<features><!-- c --></features>",
      "<features/>\n  <features/>",
    ]
    let tails = [
      // A prefix that no name can have was found by fuzzing.
      ("", ""), ("", " xmlns:qemu='\(qemu)'"), ("", " xmlns:1='\(qemu)'"),
      ("<q:commandline/>", " xmlns:q=\"\(qemu)\""),
      ("<qemu:commandline></qemu:commandline>", " xmlns:qemu='\(qemu)'"),
      ("<qemu:commandline>\n  </qemu:commandline>", " xmlns:qemu='\(qemu)'"),
      ("<commandline xmlns='\(qemu)'>\n    <arg value='-S'/>\n  </commandline>", ""),
      (
        "<qemu:commandline xmlns:qemu='\(qemu)'><qemu:env name='A' value='b'/></qemu:commandline>",
        " xmlns:qemu='urn:other'"
      ),
    ]
    var samples: [Sample] = []
    for (i, form) in forms.enumerated() {
      for (j, tail) in tails.enumerated() {
        let text = domain(form, tail.0, tail.1)
        for (k, variant) in [
          text, text.replacing("\n", with: "\r\n"), text.replacing("  ", with: "\t"),
          text.replacing("\n", with: " ").replacing("  ", with: ""),
        ].enumerated() {
          samples.append(
            Sample(name: "form \(i), tail \(j), variant \(k)", bytes: Array(variant.utf8)))
        }
      }
    }
    return samples
  }()

  static let ways: [(NestingMechanism?, NestedAPI?)] = [
    (nil, nil), (.feature, nil), (.commandline, nil), (.machine, nil), (.commandline, .papr),
    (nil, .papr),
  ]

  @Test(
    "on, on again, off, off again", .readsLibvirtCorpus,
    arguments: hardCases + HardCases.all + Corpus.libvirt, ways.indices)
  func roundTrip(_ sample: Sample, way: Int) throws {
    guard let original = try? DomainDefinition(sample.bytes) else { return }
    let (mechanism, api) = Self.ways[way]
    guard NestingFacts(of: original).contributions.isEmpty else { return }
    var on = GuestChanges()
    on.nesting = NestingChange(.on, mechanism: mechanism, api: api)
    on.force = original.domain.child("os")?.child("type")?["machine"] != nil
    let patched: Patch
    do {
      patched = try original.patch(on)
    } catch {
      // Refused, and nothing written; never for a defect of ours.
      #expect(!error.diagnostics.contains { $0.code == "defect" })
      return
    }
    let isOn = NestingFacts(of: try DomainDefinition(patched.bytes))
    #expect(isOn.asked == .on(api ?? .hv))
    #expect(try DomainDefinition(patched.bytes).patch(on).isEmpty)

    var off = GuestChanges()
    off.nesting = NestingChange(.off(explicit: false))
    let back = try DomainDefinition(patched.bytes).patch(off)
    #expect(
      back.bytes == sample.bytes,
      "\(String(decoding: patched.bytes, as: UTF8.self))\n---\n\(String(decoding: back.bytes, as: UTF8.self))"
    )
    #expect(try DomainDefinition(back.bytes).patch(off).isEmpty)
  }

  @Test(
    "an argument that would take ours for its value is refused, not fed",
    arguments: ["-Y", "-append"])
  func unfinishedOption(_ option: String) throws {
    let text = """
      <domain type='kvm'>
        <name>kata-x</name>
        <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
        <commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='\(option)'/></commandline>
      </domain>
      """
    var on = GuestChanges()
    on.nesting = NestingChange(.on, mechanism: .commandline)
    let definition = try DomainDefinition(Array(text.utf8))
    #expect { try definition.patch(on) } throws: { error in
      (error as? VirtNestError)?.diagnostics.first?.message.hasPrefix("'\(option)' has no value")
        == true
    }
  }

  // Found by fuzzing: our comma behind that one made the property a part of the type's name.
  @Test(
    "No property is put behind a machine type that ends in a comma",
    arguments: [("pseries,", false), ("pseries,,", true), ("pseries,,,", false), ("pseries", true)])
  func machineWithComma(_ machine: String, isTaken: Bool) throws {
    let definition = try DomainDefinition(
      Array("<domain type='kvm'><os><type arch='ppc64le' machine='\(machine)'/></os></domain>".utf8)
    )
    var changes = GuestChanges()
    changes.nesting = NestingChange(.on, mechanism: .machine)
    changes.force = true
    guard isTaken else {
      #expect { try definition.patch(changes) } throws: { error in
        (error as? VirtNestError)?.diagnostics.first?.message.contains("ends in a comma") == true
      }
      return
    }
    let result = try DomainDefinition(definition.patch(changes).bytes)
    #expect(NestingFacts(of: result).isOn)
  }
}
