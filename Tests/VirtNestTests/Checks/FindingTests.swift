import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("Findings")
struct FindingTests {
  private func findings(
    _ texts: String..., schema: Schema? = nil, ignoring: Set<Diagnostic.Code> = []
  ) throws -> [Diagnostic] {
    let files = texts.enumerated().map { ("\($0).xml", Array($1.utf8)) }
    return try diagnostics(files, schema: schema, ignoring: ignoring)
  }

  private func schema(_ content: String) throws -> Schema {
    let folder = try TemporaryFolder()
    let grammar = """
      <element name="domain" xmlns="http://relaxng.org/ns/structure/1.0"
        datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">\(content)</element>
      """
    try writeFile(folder.file("domain.rng"), grammar.utf8)
    return try withExtendedLifetime(folder) { try Schema(path: folder.file("domain.rng")) }
  }

  @Test("A finding prints as compilers print theirs, with what to do behind")
  func text() throws {
    let text = "<domain type='kvm'>\n <name>a/b</name><uuid>1</uuid><memory>9</memory></domain>"
    #expect(
      try findings(text).map(\.description) == [
        """
        0.xml:2:2: error: libvirt takes no '/' in a name
            Give it a name: give the guest another name.
        """,
        """
        0.xml:2:18: error: '1' is not a uuid
            Write 32 hexadecimal digits, as uuidgen prints them.
        """,
      ])
  }

  @Test("A finding is an object of JSON")
  func json() throws {
    let finding = try #require(findings("<network/>").first)
    #expect(
      finding.json() == [
        "id": "VN001", "severity": "error", "file": "0.xml", "line": 1, "column": 1,
        "message": "the root is <network>: a network's definition", "advice": .null,
        "reference": .null,
      ])
  }

  @Test("A bad file does not keep the others from being checked")
  func others() throws {
    let found = try findings("<domain>", RuleSample.guest, "", RuleSample.guest)
    #expect(
      found.map { "\($0.source ?? "") \($0.code)" } == [
        "0.xml VN001", "2.xml VN001", "3.xml VN055",
      ])
  }

  @Test("A rule that is ignored says nothing")
  func ignoring() throws {
    #expect(try findings("<domain>", ignoring: ["VN001"]) == [])
  }

  @Test("What the schema does not allow is a finding at its place")
  func schemaViolation() throws {
    let schema = try schema("<element name='name'><text/></element><attribute name='type'/>")
    let text = "<domain type='kvm'><name>a</name>\n<nmae/></domain>"
    let found = try findings(text, schema: schema).filter { $0.code == Rule.schema.code }
    // A key path through an optional copies over itself, which AddressSanitizer does not like.
    #expect(found.map { $0.place?.start } == [Position(line: 2, column: 1)])
    #expect(try findings(text).allSatisfy { $0.code != Rule.schema.code })
    let good = "<domain type='kvm'><name>a</name></domain>"
    #expect(try findings(good, schema: schema).allSatisfy { $0.code != Rule.schema.code })
  }

  @Test("Where a rule finds an error, the schema is silent about the same thing")
  func ruleSpeaks() throws {
    let schema = try schema("<element name='name'><text/></element><attribute name='type'/>")
    let text = "<domain type='kvm'><name>a</name><commandline/></domain>"
    let rule = Rule.commandLineWithoutNamespace.code
    let errors = { (found: [Diagnostic]) in
      found.filter { $0.severity == .error }.map(\.code)
    }
    // The schema knows no memory, which each guest needs.
    let memory = Rule.disagreeingMemory.code
    #expect(errors(try findings(text, schema: schema, ignoring: [memory])) == [rule])
    #expect(
      errors(try findings(text, schema: schema, ignoring: [memory, rule])) == [Rule.schema.code])
  }

  @Test("Codes are read in either case, and only those that there are")
  func codes() {
    #expect(Rule.named("VN003")?.code == "VN003")
    #expect(Rule.named("vn003")?.code == "VN003")
    for text in ["VN3", "VN000", "VN999", "XX003", "VN0003", "VN00³", ""] {
      #expect(Rule.named(text) == nil, "\(text)")
    }
  }

  @Test(
    "No definition of libvirt's own makes a rule crash, and few are flooded", .readsLibvirtCorpus)
  func corpus() throws {
    for sample in Corpus.libvirt {
      let found = try diagnostics([(sample.name, sample.bytes)])
      #expect(found.count <= 6, "\(sample.name): \(found)")
    }
  }

  @Test("The project's own definitions have no error but where one is on purpose")
  func own() throws {
    for folder in ["libvirt-xmls", "Templates"] {
      for sample in Corpus.samples(in: Corpus.checkout.appending(path: folder)) {
        let found = try diagnostics([(sample.name, sample.bytes)])
        let errors = found.filter { $0.severity == .error }
        let expected: [Diagnostic.Code] = sample.name.hasSuffix("-machine.xml") ? ["VN003"] : []
        #expect(errors.map(\.code) == expected, "\(sample.name)")
      }
    }
  }
}
