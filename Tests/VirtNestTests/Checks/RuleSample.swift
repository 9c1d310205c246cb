import LosslessXML
import Testing

@testable import VirtNest

/// Definitions, and the places in them where one rule has something to say: each `▸` marks the byte
/// behind it, and does not count itself.
struct RuleSample: Sendable, CustomTestStringConvertible {
  var rule: Int
  var files: [(name: String, bytes: [UInt8])] = []
  /// The places by file.
  var places: [[Position]] = []

  /// A sample of whole files.
  init(_ rule: Int, files marked: [String]) {
    self.rule = rule
    for (index, text) in marked.enumerated() {
      var plain = ""
      var places: [Position] = []
      for character in text.unicodeScalars {
        if character == "▸" {
          let bytes = Array(plain.utf8)
          let line = bytes.count { $0 == UInt8(ascii: "\n") } + 1
          let start = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
          places.append(Position(line: line, column: bytes.count - start + 1))
        } else {
          plain.unicodeScalars.append(character)
        }
      }
      files.append(("\(index).xml", Array(plain.utf8)))
      self.places.append(places)
    }
  }

  /// A sample that is ``guest`` with replacements in it.
  init(_ rule: Int, _ replacements: (String, String)...) {
    var text = Self.guest
    for (old, new) in replacements {
      #expect(text.contains(old), "the sample of rule \(rule) has no \(old)")
      text = text.replacing(old, with: new)
    }
    self.init(rule, files: [text])
  }

  var fires: Bool { places.contains { !$0.isEmpty } }

  var testDescription: String { "rule \(rule), \(fires ? "fires" : "is silent")" }

  /// A guest about which no rule has anything to say.
  static let guest = """
    <domain type='kvm'>
      <name>kata-x</name>
      <uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>
      <metadata>
        <l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
          <l:os id='http://fedoraproject.org/fedora/43'/>
        </l:libosinfo>
      </metadata>
      <memory unit='MiB'>4096</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
      <features>
        <nested-hv state='on'/>
      </features>
      <cpu mode='host-model'/>
      <devices>
        <controller type='usb' model='none'/>
        <controller type='scsi' model='virtio-scsi'/>
        <interface type='network'>
          <mac address='52:54:00:00:00:01'/>
          <source network='default'/>
          <model type='virtio'/>
        </interface>
      </devices>
    </domain>
    """

  /// No `<nested-hv>`.
  static let noFeature = ("<nested-hv state='on'/>", "")

  /// Arguments that libvirt passes through.
  static func commandLine(_ arguments: String) -> (String, String) {
    let namespace = "http://libvirt.org/schemas/domain/qemu/1.0"
    return (
      "</domain>",
      "<qemu:commandline xmlns:qemu='\(namespace)'>\(arguments)</qemu:commandline></domain>"
    )
  }

  /// `-machine` and a value, marked where the value stands, or not.
  static func machine(_ value: String) -> (String, String) {
    commandLine("<qemu:arg value='-machine'/><qemu:arg value='\(value)'/>")
  }
}

extension Diagnostic.Code {
  /// The code of a rule's number.
  init(_ number: Int) {
    let digits = String(number)
    self.init(stringLiteral: "VN" + String(repeating: "0", count: 3 - digits.count) + digits)
  }
}

/// What `check` finds in files.
func diagnostics(
  _ files: [(name: String, bytes: [UInt8])], schema: Schema? = nil,
  ignoring: Set<Diagnostic.Code> = []
) throws -> [Diagnostic] {
  let today = try #require(CalendarDate("2026-06-01"))
  return CheckedFile.diagnostics(
    of: files.map {
      CheckedFile($0.name, $0.bytes, schema: schema, today: today, ignoring: ignoring)
    })
}
