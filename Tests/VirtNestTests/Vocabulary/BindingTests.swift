import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("What is bound to what")
struct BindingTests {
  /// Names of attributes that can hold a file, a socket, a port, an address, a uuid, or a name of the
  /// host's, where the schema does not list their values.
  private static let telling: Set<String> = [
    "address", "appid", "bridge", "bus", "cid", "cpuset", "dev", "device", "dir", "display",
    "domain",
    "evdev", "fdgroup", "file", "function", "group", "host", "iface", "interface", "interfaceid",
    "iqn", "listen", "mac", "managerid", "name", "network", "nodeset", "passwd", "path", "pool",
    "port", "portgroup", "portid", "product", "profileid", "rendernode", "secret", "serial",
    "service", "sgid", "slot", "socket", "template", "tlsPort", "tty", "usage", "username", "uuid",
    "vendor", "volume", "websocket", "wwn", "wwnn", "wwpn", "xauth",
  ]

  /// Every place of the table: the path of an element, and an attribute or its text.
  private static var places: [(path: [String], leaf: String)] {
    let table = WordTable.standard
    return table.paths.flatMap { path -> [([String], String)] in
      guard let place = table.place(path) else { return [] }
      let attributes = place.attributes.filter { $0.value.isEmpty }.keys.sorted()
      return attributes.map { (path, "@" + $0) } + (place.text == [] ? [(path, "#")] : [])
    }
  }

  @Test("Every place that can name something of a host or of one guest is classified")
  func classified() {
    let places = Self.places.filter {
      $0.leaf == "#" || Self.telling.contains(String($0.leaf.dropFirst()))
    }
    #expect(places.count > 600)
    let missing = places.filter { Binding.of($0.path, $0.leaf) == nil }
    #expect(missing.map { ($0.path + [$0.leaf]).joined(separator: "/") } == [])
  }

  @Test("Every row is about a place that the schema has", arguments: Binding.all.map(\.pattern))
  func used(pattern: String) throws {
    let binding = try #require(Binding.all.first { $0.pattern == pattern })
    #expect(Self.places.contains { binding.matches($0.path + [$0.leaf]) })
  }

  @Test("What a guest's parts are is classified as identity")
  func agree() throws {
    for part in try DomainDefinition(IdentityPartTests.guest).identityParts {
      let element = part.element
      let places = ([element] + element.children).flatMap { element in
        element.attributes.map { (element.path, "@" + element.document.text(in: $0.name)) }
          + [(element.path, "#")]
      }
      #expect(places.contains { Binding.of($0.0, $0.1)?.kind == .identity }, "\(part.what)")
    }
  }

  @Test("Documentation/identity.md is what the tables say")
  func document() throws {
    let file = Corpus.checkout.appending(path: "Documentation/identity.md")
    let text = """
      # What is bound to what

      Made from the table of bindings by a test: set `VIRT_NEST_RECORD` and run it to make this file
      again.

      A value that belongs to one guest, or describes the source of a device, becomes false when the
      guest is copied or the source changes.

      - **identity**: it belongs to one guest. `create FILE`, `--new-identity`, `--count` and
        `template new` derive it, let libvirt choose it, or say that it stays. `check` of several
        files finds it in two guests (VN062).
      - **source**: it describes the source of a device, and goes when the source changes.
      - **host**: it names something of the host that guests may share.
      - **guest**: it means something inside the guest or the definition, and stays.

      The first row that matches a place counts. `*` is one element, `**` any number, `@NAME` an
      attribute, `#` the text of an element.

      Words, and the options that stand for them, take along what is bound to what they change. An expression (`--set-xpath`
      and the like, or a template's parameter that uses one) changes what it selects and nothing else: what has become false by
      it, or is read no more, is a warning that says what to do.

      What others write into `<metadata>` follows where it equals the guest's name or uuid exactly.


      """ + Binding.documentation
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil {
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(file.lastPathComponent); run again without VIRT_NEST_RECORD")
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
  }
}
