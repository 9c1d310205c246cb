import LosslessXML
import TestSupport
import Testing

@Suite("A container's child goes in and out without a trace")
struct ContainerTests {
  static let forms: [String] = {
    let features = [
      "", "<features/>", "<features />", "<features></features>", "<features> </features>",
      "<features>\n  </features>", "<features>\n    <acpi/>\n  </features>",
      "<features><acpi/></features>", "<features>\n<acpi/></features>",
      "<features><!-- c --></features>", "<features><!-- c -->\n  </features>",
      "<features>\n    <!-- c -->\n  </features>", "<features>junk</features>",
      "<features a='b'/>", "<features a='b'></features>", "<features a='b'>\n</features>",
      "<features>\n    <acpi/> <!-- why\n  so -->  \n  </features>",
      "<features>\n    <acpi/>\t\n\n  </features>", "<features\n  a='>'\n/>",
      "<features><?pi?>\n</features>", "<features>\n    <acpi>\n    </acpi></features>",
    ]
    let documents = [
      "<domain type='kvm'>\n  <name>a</name>\n  FEATURES\n  <devices/>\n</domain>\n",
      "<domain type=\"kvm\"><name>a</name>FEATURES<devices/></domain>",
      "<!-- w --><domain>\n\t<name>a</name>\n\tFEATURES\n</domain>\n<!-- e -->",
      "<domain><name>a</name>FEATURES\n</domain>",
      "<domain>\n<name>a</name> <!-- n -->\n\nFEATURES</domain>",
    ]
    return documents.flatMap { document in
      features.flatMap { form in
        let text = document.replacing("FEATURES", with: form)
        return [text, text.replacing("\n", with: "\r\n")]
      }
    }
  }()

  @Test("insert, then remove", arguments: forms, [1, 2])
  func roundTrip(_ text: String, count: Int) throws {
    let original = try Document(Array(text.utf8))
    let children = Array(
      [
        NewElement("nested-hv", ["state": "on"]), NewElement("more", ["state": "on"]),
      ].prefix(count))
    var changes = Changes(original)
    if let features = original.root.child("features") {
      let last = features.children.first { $0.isNamed("acpi") }
      changes.insert(children, intoContainer: features, behind: last)
    } else {
      changes.insert(
        container: NewElement("features", children: children), into: original.root,
        behind: original.root.child("name"))
    }
    let on = try changes.sortedEdits().applied(to: original.bytes)
    let changed = try Document(on)
    let features = try #require(changed.root.child("features"))
    let inserted = features.children.filter { $0["state"] == "on" }
    #expect(inserted.count == count)

    var removal = Changes(changed)
    removal.removeWithEmptyContainer(inserted)
    let off = try removal.sortedEdits().applied(to: on)
    #expect(String(decoding: off, as: UTF8.self) == text)
    #expect(off == original.bytes)
  }
}
