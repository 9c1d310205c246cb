import Foundation
import Synchronization
import TestSupport
import Testing

@testable import LosslessXML

/// libvirt's own schema, where libvirt is installed.
enum LibvirtSchemaFile {
  static let path = "/usr/share/libvirt/schemas/domain.rng"
  static let schema: Schema? = try? Schema(path: path)
}

@Suite(
  "libvirt's schema", .enabled(if: LibvirtSchemaFile.schema != nil, "libvirt is not installed"))
struct SchemaTests {
  static let valid = """
    <domain type='kvm'>
      <name>kata-1</name>
      <memory unit='GiB'>4</memory>
      <vcpu>4</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
      <features>
        <nested-hv state='on'/>
      </features>
      <devices>
        <disk type='file' device='disk'>
          <source file='/a'/>
          <target dev='vda' bus='virtio'/>
        </disk>
        <interface type='bridge'>
          <source bridge='br0'/>
        </interface>
      </devices>
    </domain>
    """

  private func schema() throws -> Schema { try #require(LibvirtSchemaFile.schema) }

  private func violations(_ text: String) throws -> [Schema.Mismatch] {
    try schema().mismatches(of: Document(Array(text.utf8)))
  }

  @Test("a valid definition has no violations")
  func accepted() throws {
    #expect(try violations(Self.valid) == [])
  }

  /// What is replaced, with what, and the violations that are expected: place and words of each.
  static let mistakes: [(String, String, [String])] = [
    (
      "state='on'", "state='banana'",
      ["9:16: state='banana' of <nested-hv> does not fit; expected 'on' or 'off'"]
    ),
    (
      "<vcpu>", "<nested-hv state='on'/><vcpu>",
      ["4:3: <nested-hv> may not stand in <domain>; it belongs in <features>"]
    ),
    (
      "<vcpu>4</vcpu>", "<vcpus-typo>4</vcpus-typo>",
      ["4:3: <vcpus-typo> may not stand in <domain>"]
    ),
    (
      "<vcpu>4</vcpu>", "<vcpuu>4</vcpuu>",
      ["4:3: <vcpuu> may not stand in <domain>; did you mean <vcpu>?"]
    ),
    ("  <name>kata-1</name>\n", "", ["1:1: <domain> needs <name> in it"]),
    (
      "    <type arch='ppc64le' machine='pseries'>hvm</type>\n", "",
      ["5:3: <os> needs <type> in it"]
    ),
    (
      "device='disk'", "devise='disk'",
      ["12:23: <disk> has no attribute 'devise'; did you mean 'device'?"]
    ),
    ("unit='GiB'", "unit='gigs'", ["3:11: unit='gigs' of <memory> does not fit; expected"]),
    (
      ">4</memory>", ">four</memory>",
      ["3:3: 'four' in <memory> does not fit; expected a whole number"]
    ),
    (">4</memory>", "></memory>", ["3:3: <memory> needs a value; expected a whole number"]),
    ("<features>", "<features>on", ["8:3: no text may stand in <features>; here is 'on'"]),
    (
      "machine='pseries'", "machine='pseries-4.1,cap-nested-hv=true'",
      [
        "6:26: machine='pseries-4.1,cap-nested-hv=true' of <type> does not fit; expected 'xenpv', 'xenfv', 'xenpvh' or text of the form [a-zA-Z0-9_\\.\\-]+"
      ]
    ),
    ("type='kvm'", "type='kvmm'", ["1:9: type='kvmm' of <domain> does not fit; expected"]),
    ("<domain type='kvm'>", "<domain>", ["1:1: <domain> needs the attribute 'type'"]),
    (
      "<features>", "<commandline/><features>",
      ["8:3: <commandline> may not stand in <domain>; it is known here in the namespace"]
    ),
    (
      "<vcpu>4</vcpu>", "<vcpu>4</vcpu><vcpu>5</vcpu>",
      ["4:17: this <vcpu> does not fit beside the one of line 4"]
    ),
    (
      "<name>kata-1</name>", "<name>kata-1</name><name>b</name>",
      ["2:22: this <name> does not fit beside the one of line 2"]
    ),
    ("<source bridge='br0'/>", "<source network='br0'/>", ["17:"]),
    ("<type arch", "<init>/sbin/init</init><type arch", ["6:"]),
    ("<target dev='vda' bus='virtio'/>", "", ["12:5: <disk> needs <target> in it"]),
    (
      "</devices>", "<disk type='nonsense'/></devices>",
      [
        "19:9: type='nonsense' of <disk> does not fit; expected 'file', 'block'",
        "19:3: <disk> needs <target> in it",
      ]
    ),
  ]

  @Test("a planted mistake is found where it stands", arguments: mistakes.indices)
  func planted(_ index: Int) throws {
    let (text, replacement, expected) = Self.mistakes[index]
    let wrong = Self.valid.replacing(text, with: replacement, maxReplacements: 1)
    let found = try violations(wrong).map(\.description)
    #expect(!found.isEmpty)
    for (line, start) in zip(found, expected) { #expect(line.hasPrefix(start), "\(found)") }
    #expect(found.count == expected.count, "\(found)")
  }

  @Test("several mistakes are all found")
  func several() throws {
    var wrong = Self.valid
    for index in [0, 1, 6, 7, 11] {
      let (text, replacement, _) = Self.mistakes[index]
      wrong = wrong.replacing(text, with: replacement, maxReplacements: 1)
    }
    #expect(try violations(wrong).count == 5)
  }

  @Test(
    "its verdict is its own, and the reason is found", .readsLibvirtCorpus,
    arguments: Corpus.libvirt)
  func corpus(_ sample: Sample) throws {
    let document = try Document(sample.bytes)
    let schema = try schema()
    let violations = schema.mismatches(of: document)
    #expect(violations.isEmpty == schema.accepts(document))
    #expect(
      violations.allSatisfy { $0.kind != .unknownPlace && $0.kind != .searchCutShort },
      "\(violations)")
  }

  @Test(
    "its verdict is xmllint's", .readsLibvirtCorpus,
    .enabled(if: !Corpus.libvirt.isEmpty || isCI, "libvirt's test data is not there"))
  func xmllint() throws {
    let folder = Corpus.libvirtFolder
    let log = FileManager.default.temporaryDirectory.appending(path: "xmllint-\(UUID()).log")
    #expect(FileManager.default.createFile(atPath: log.path, contents: nil))
    defer { try? FileManager.default.removeItem(at: log) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/xmllint")
    process.arguments =
      ["--noout", "--relaxng", LibvirtSchemaFile.path] + Corpus.libvirt.map(\.name)
    process.currentDirectoryURL = folder
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    process.waitUntilExit()
    let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
    let accepted = Set(
      lines.filter { $0.hasSuffix(" validates") }.map { String($0.dropLast(10)) })
    #expect(!accepted.isEmpty)
    let schema = try schema()
    for sample in Corpus.libvirt {
      let ours = try schema.accepts(Document(sample.bytes))
      #expect(ours == accepted.contains(sample.name), "\(sample.name)")
    }
  }

  @Test("one schema serves several threads at once")
  func concurrent() throws {
    let schema = try Schema(path: LibvirtSchemaFile.path)
    let texts =
      [Self.valid]
      + Self.mistakes.map { old, new, _ in
        Self.valid.replacing(old, with: new, maxReplacements: 1)
      }
    let documents = try texts.map { try Document(Array($0.utf8)) }
    let expected = documents.map { document in schema.mismatches(of: document).map(\.description) }
    let wrong = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 20 * documents.count) { turn in
      let index = turn % documents.count
      let found = schema.mismatches(of: documents[index]).map(\.description)
      if found != expected[index] { wrong.withLock { $0.append(index) } }
    }
    #expect(wrong.withLock { $0 } == [])
  }

  @Test(
    "a name misspelt anywhere is found where it stands", .readsLibvirtCorpus,
    arguments: Corpus.libvirt)
  func misspelt(_ sample: Sample) throws {
    let document = try Document(sample.bytes)
    let schema = try schema()
    guard schema.accepts(document), document.records.count > 1 else { return }
    // One element a definition, another one in each: all of them would take a minute.
    let row =
      1 + sample.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }.magnitude
      % UInt(
        document.records.count - 1)
    let element = Element(document: document, row: Int(row))
    guard !element.isSelfClosed else { return }
    var changes = Changes(document)
    let end = element.content.upperBound + 2
    changes.replace(element.nameRange.upperBound..<element.nameRange.upperBound, with: [0x7A])
    let behind = end + element.nameRange.count
    changes.replace(behind..<behind, with: [0x7A])
    let wrong = try Document(changes.sortedEdits().applied(to: document.bytes))
    let found = schema.mismatches(of: wrong)
    // Inside of <metadata> every name is right.
    #expect(found.isEmpty == schema.accepts(wrong))
    #expect(
      found.isEmpty
        || found.contains {
          [.element, .combination].contains($0.kind) && $0.element.row == Int(row)
        })
  }

  @Test("a large document ends soon")
  func large() throws {
    let disk = "<disk type='file'><source file='/a'/><target dev='vda'/></disk>\n"
    let many = String(repeating: disk, count: 8_000)
    let text = Self.valid.replacing("<devices>", with: "<devices>\n\(many)")
    // A schema of its own: others would wait for it.
    let schema = try Schema(path: LibvirtSchemaFile.path)
    #expect(schema.mismatches(of: try Document(Array(text.utf8))) == [])
    let bridge = "<source bridge='br0'/>"
    let wrong = text.replacing(bridge, with: "<source network='br0'/>")
    let document = try Document(Array(wrong.utf8))
    let cost = processorSeconds {
      let found = schema.mismatches(of: document)
      #expect(found.first?.location.line == 8_018)
      #expect(found.allSatisfy { $0.kind != .unknownPlace })
    }
    #expect(cost < 60)
  }

  /// Children that do not fit, each in its own way: not at all, not beside another, and not with
  /// what is in them.
  static let strays = [
    "<stray/>", "<emulator>/usr/bin/qemu</emulator>",
    "<disk type='network'><source file='/a'/><target dev='vda'/></disk>",
  ]

  @Test(
    "thousands of mistakes take no more validations than fifty, and fifty are listed",
    arguments: strays)
  func manyStrays(_ stray: String) throws {
    let schema = try schema()
    let grammar = try #require(GrammarLoader.grammar(from: .file(LibvirtSchemaFile.path)))
    func search(_ count: Int) throws -> (found: [Schema.Mismatch], validations: Int) {
      let many = String(repeating: stray + "\n", count: count)
      let text = Self.valid.replacing("<devices>", with: "<devices>\n" + many)
      let document = try Document(Array(text.utf8))
      var validations = 0
      var search = SchemaSearch(
        tree: NodeTree(document), diagnosis: SchemaDiagnosis(of: document, by: grammar)
      ) { tree in
        validations += 1
        return schema.accepts(tree)
      }
      return (search.mismatches(reported: []), validations)
    }
    let few = try search(60)
    let many = try search(8_000)
    for outcome in [few, many] {
      #expect(outcome.found.count == SchemaDiagnosis.limit + 1)
      #expect(outcome.found.last?.kind == .searchCutShort)
      #expect(outcome.found.dropLast().allSatisfy { [.element, .combination].contains($0.kind) })
    }
    // The first ones are what is found, whatever follows them.
    #expect(many.found.map(\.description) == few.found.map(\.description))
    // Halving takes a few more steps down to the first.
    #expect(many.validations <= few.validations + 4 * 13, "\(few.validations)")
  }

  @Test("what is no schema is refused with the reason")
  func refused() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "schema \(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let grammar = "<grammar xmlns='http://relaxng.org/ns/structure/1.0'>"
    for (name, text, words) in [
      ("broken.rng", "<grammar", "Couldn't find end of Start Tag"),
      ("empty.rng", grammar + "</grammar>", "start"),
      ("include.rng", grammar + "<include href='missing.rng'/></grammar>", "missing.rng"),
      (
        "net.rng", grammar + "<include href='http://127.0.0.1:9/a.rng'/></grammar>",
        "refers to http"
      ),
    ] {
      let file = folder.appending(path: name)
      try Data(text.utf8).write(to: file)
      do {
        _ = try Schema(path: file.path)
        Issue.record("\(name) was taken")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    let good = folder.appending(path: "good.rng")
    try Data((grammar + "<start><element name='a'><empty/></element></start></grammar>").utf8)
      .write(to: good)
    let schema = try Schema(path: good.path)
    #expect(schema.accepts(try Document(Array("<a/>".utf8))))
    #expect(!schema.accepts(try Document(Array("<b/>".utf8))))
    #expect(throws: SchemaError.self) { try Schema(path: folder.path + "/nothing.rng") }
  }
}
