import Foundation
import Templates
import TestSupport
import Testing

@testable import VirtNest

/// Templates/template.rng, by xmllint.
@Suite(
  .enabled("xmllint (Debian's libxml2-utils, Fedora's libxml2) is not installed") {
    await isInstalledOrRequired("xmllint")
  })
struct TemplateSchemaTests {
  @Test("The schema takes every built-in template", arguments: BuiltInTemplates.names)
  func builtIn(name: String) async throws {
    let bytes = try #require(BuiltInTemplates.bytes(of: name))
    let (isValid, message) = try await Self.validate(bytes)
    #expect(isValid, "\(message)")
  }

  @Test(
    "The schema takes what the design allows",
    arguments: [
      "",
      "<n:distribution id='fedora' release='44'/>",
      "<n:parameter name='a' type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='path' default='/x' pattern='/.*'><n:help>h</n:help>"
        + "<n:set select='/domain/name' value='{a}' many='yes' optional='yes'/></n:parameter>",
      "<n:parameter name='a' type='integer' min='-1' max='9' multiple='2'><n:help>h</n:help>"
        + "<n:set select='/domain/vcpu' value='{a}'/><n:set select='/x' value=''/></n:parameter>",
      "<n:parameter name='a' type='size' min='2GiB' max='1TiB' multiple='256MiB'>"
        + "<n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='enum' default='x'><n:help>h</n:help><n:value>x</n:value>"
        + "<n:value>y z</n:value></n:parameter>",
      "<n:parameter name='a' type='enum'><n:set select='/x' value='{a}'/><n:value>x</n:value>"
        + "<n:help>h</n:help></n:parameter><n:distribution id='fedora' release='44'/>",
      "<n:parameter name='a' type='size' min='4096' max='1 tB'><n:help>h</n:help></n:parameter>",
    ])
  func allowed(content: String) async throws {
    let (isValid, message) = try await Self.validate(Self.document(content))
    #expect(isValid, "\(message)")
    #expect(Self.mistakes(Self.document(content)) == [])
  }

  @Test(
    "The schema refuses what a template cannot say",
    arguments: [
      "text",
      "<n:unknown/>",
      "<n:distribution id='fedora'/>",
      "<n:parameter type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='number'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='release' type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a b' type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='string'/>",
      "<n:parameter name='a' type='string'><n:help> </n:help></n:parameter>",
      "<n:parameter name='a' type='string' min='1'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='integer' min='1GiB'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='size' min='2 gigs'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='enum'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help><n:set value='1'/></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help>"
        + "<n:set select='/x' value='1' many='maybe'/></n:parameter>",
      "<n:parameter name='a' type='string' patern='x'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='integer' pattern='x'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help><n:value>x</n:value></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='integer' multiple='0'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='size' multiple='0'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='1' type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a.b' type='string'><n:help>h</n:help></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help>text</n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h<n:b/></n:help></n:parameter>",
      "<n:parameter name='a' type='string'><n:help>h</n:help><x:set xmlns:x='urn:x'/></n:parameter>",
      "<n:distribution id='fedora' release='43'/><n:distribution id='fedora' release='44'/>",
      "<n:distribution id='fed ora' release='43'/>",
    ])
  func refused(content: String) async throws {
    #expect(try await !Self.validate(Self.document(content)).isValid)
    #expect(Self.mistakes(Self.document(content)) != [])
  }

  /// What the program says against a block, but for places that this document does not have.
  static func mistakes(_ bytes: [UInt8]) -> [String] {
    do throws(VirtNestError) {
      _ = try Template(DomainDefinition(bytes))
      return []
    } catch {
      return error.diagnostics.map(\.message).filter { !$0.contains("finds nothing") }
    }
  }

  static func document(_ content: String) -> [UInt8] {
    Array(
      """
      <domain type='kvm'><!-- c --><metadata><n:template xmlns:n='urn:virt-nest:template:1'
      name='t' version='1'>\(content)</n:template><x:other xmlns:x='urn:x' x:y='z'>text</x:other>
      </metadata></domain>
      """.utf8)
  }

  static func validate(_ bytes: [UInt8]) async throws -> (isValid: Bool, message: String) {
    let schema = BuiltInTemplateTests.folder.appending(path: "template.rng").path
    let result = try await run(
      "xmllint", ["--nonet", "--noout", "--relaxng", schema, "-"], input: bytes)
    // 3 and 4 are "not valid"; anything else says that the schema itself or xmllint failed.
    #expect([.exited(0), .exited(3), .exited(4)].contains(result.status), "\(result.errorText)")
    return (result.succeeded, result.errorText)
  }
}
