import LosslessXML
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("A template that is made of a guest gives the guest back")
struct TemplateAuthorTests {
  @Test("over hand-made definitions and libvirt's test data", .readsLibvirtCorpus)
  func roundTrip() throws {
    var tried = 0
    for sample in HardCases.all + Corpus.libvirt {
      guard let original = try? DomainDefinition(sample.bytes),
        let name = Guest(reading: original).name, (try? GuestName.check(name)) != nil
      else { continue }
      let bytes = try TemplateAuthor(name: "mine", from: original).template()
      let definition = try DomainDefinition(bytes)
      #expect(try Template(definition).placesThatDefaultsChange() == [], "\(sample.name)")
      let findings = TemplateLint.diagnostics(
        of: sample.name, bytes, today: ReleaseTable.lastReview)
      let serious = findings.filter { finding in
        [101, 103, 104, 105, 106, 108, 109].contains { finding.code == .init($0) }
      }
      #expect(serious.isEmpty, "\(serious)")

      var request = GuestRequest()
      request.changes.guest.name = name
      let created = try Template(definition).create(request)
      let made = try Self.withoutIdentity(created.bytes)
      let kept = try Self.withoutIdentity(sample.bytes)
      #expect(
        made == kept,
        "\(sample.name)\n\(String(decoding: made, as: UTF8.self))\n\(String(decoding: kept, as: UTF8.self))"
      )
      tried += 1
    }
    #expect(tried >= HardCases.all.count - 1)
    print("templates made of guests and guests made of these: \(tried) definitions")
  }

  /// A definition without uuid, addresses, and what libvirt writes of a running guest; without an
  /// empty `<metadata>`, which goes with the block.
  static func withoutIdentity(_ bytes: [UInt8]) throws -> [UInt8] {
    let definition = try DomainDefinition(bytes)
    var changes = Changes(definition.document)
    let domain = definition.domain
    for part in definition.identityParts {
      switch part.renewal {
      case .derived, .follows(.uuid, nil): changes.remove(part.element)
      case .follows(.uuid, let attribute?): changes.removeAttribute(attribute, of: part.element)
      case .follows: continue
      case .chosenByLibvirt(let steps): for step in steps { changes.apply(step) }
      case .kept: continue
      }
    }
    changes.removeAttribute("id", of: domain)
    if let metadata = domain.child("metadata"),
      metadata.children.first(where: { _ in true }) == nil,
      metadata.text.allSatisfy(\.isWhitespace)
    {
      changes.remove(metadata)
    }
    let isLive = domain["id"] != nil
    for devices in domain.children("devices") {
      for device in devices.children {
        for name in ["passwd", "passwdValidTo"] where device.isNamed("graphics") {
          changes.removeAttribute(name, of: device)
        }
        guard isLive else { continue }
        // An alias that begins with ua- is the user's own.
        if let alias = device.child("alias"), alias["name"]?.hasPrefix("ua-") != true {
          changes.remove(alias)
        }
        if let source = device.child("source"), source["path"]?.hasPrefix("/dev/pts") == true {
          changes.remove(source)
        }
        changes.removeAttribute("tty", of: device)
      }
    }
    for label in domain.children("seclabel") where isLive && label["type"] == "dynamic" {
      changes.remove(label)
    }
    return try changes.sortedEdits().applied(to: definition.document.bytes)
  }

  @Test("the built-in templates have nothing to be mended", arguments: TemplateStore().names())
  func builtIn(_ name: String) throws {
    let bytes = try #require(Template.builtIn(name))
    let findings = TemplateLint.diagnostics(
      of: name, bytes, schema: try? Schema.installed(),
      today: ReleaseTable.lastReview)
    #expect(findings.filter { $0.severity >= .warning }.isEmpty, "\(findings)")
  }
}
