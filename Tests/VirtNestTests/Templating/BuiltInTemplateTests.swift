import Foundation
import Templates
import TestSupport
import Testing
import VirtNest

/// The files of Templates/, before anything of ours has read them.
struct BuiltInTemplateTests {
  static let folder = Corpus.checkout.appending(path: "Templates")

  @Test("The program has every template of the folder, byte for byte, and no other")
  func folderAndList() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".xml") }
    #expect(Set(files) == Set(BuiltInTemplates.names.map { "\($0).xml" }))
    #expect(BuiltInTemplates.all.map(\.name) == BuiltInTemplates.names)
    for (name, bytes) in BuiltInTemplates.all {
      let file = try Data(contentsOf: Self.folder.appending(path: "\(name).xml"))
      #expect(bytes == Array(file), "\(name)")
    }
    #expect(BuiltInTemplates.bytes(of: "slackware") == nil)
  }

  @Test(
    "There is one template per distribution of the table, in the same order, and one of L2 guests")
  func distributions() {
    #expect(BuiltInTemplates.names == ReleaseTable.distributions.map(\.id) + ["l2"])
  }

  @Test(
    "A template as it stands is its default release's, with index 0",
    .enabled("xmllint (Debian's libxml2-utils, Fedora's libxml2) is not installed") {
      await isInstalledOrRequired("xmllint")
    }, arguments: ReleaseTable.distributions)
  func defaults(family: Distribution) async throws {
    let release = try #require(ReleaseTable.defaultRelease(of: family.id))
    let block = "/domain/metadata/*[local-name()='template']"
    let name = family.namePattern
      .replacing("{release}", with: release.id)
      .replacing("{codename}", with: release.codename ?? "")
      .replacing("{index:02}", with: "00")
    let expected = [
      "/domain/name": name,
      "\(block)/@name": family.id,
      "\(block)/*[local-name()='distribution']/@id": family.id,
      "\(block)/*[local-name()='distribution']/@release": release.id,
      "\(block)/*[@name='name']/@default": family.namePattern,
      "/domain/metadata/*[local-name()='libosinfo']/*/@id": release.osinfoID,
      "/domain/memory[@unit='MiB']": String(release.recommendedMemoryMiB),
      "/domain/devices/disk/source/@file": "/var/lib/libvirt/images/\(name).qcow2",
    ]
    for (path, value) in expected {
      let found = try await Self.text(of: path, in: family.id)
      #expect(found == value, "\(family.id): \(path)")
    }
  }

  @Test("The templates differ in their names, releases and osinfo ids only")
  func differences() throws {
    func skeleton(_ family: Distribution) throws -> String {
      let release = try #require(ReleaseTable.defaultRelease(of: family.id))
      let bytes = try #require(BuiltInTemplates.bytes(of: family.id))
      let name = family.namePattern
        .replacing("{release}", with: release.id)
        .replacing("{codename}", with: release.codename ?? "")
        .replacing("{index:02}", with: "00")
      return String(decoding: bytes, as: UTF8.self)
        .replacing(name, with: "NAME")
        .replacing(family.namePattern, with: "PATTERN")
        .replacing("'\(release.osinfoID)'", with: "'OSINFO'")
        .replacing("'\(release.id)'", with: "'RELEASE'")
        .replacing("'\(family.id)'", with: "'FAMILY'")
    }
    let skeletons = try ReleaseTable.distributions.map(skeleton)
    for (family, text) in zip(ReleaseTable.distributions, skeletons) {
      #expect(text == skeletons[0], "\(family.id)")
    }
  }

  @Test(
    "libvirt's schema takes every template as it stands",
    .enabled("virt-xml-validate (Debian's libvirt-clients) is not installed") {
      await isInstalledOrRequired("virt-xml-validate")
    }, arguments: BuiltInTemplates.names)
  func validForLibvirt(name: String) async throws {
    let file = Self.folder.appending(path: "\(name).xml").path
    let result = try await run("virt-xml-validate", [file, "domain"])
    #expect(result.succeeded, "\(result.errorText)")
  }

  static func text(of path: String, in name: String) async throws -> String {
    let file = folder.appending(path: "\(name).xml").path
    let result = try await run("xmllint", ["--nonet", "--xpath", "string(\(path))", file])
    #expect(result.succeeded, "\(result.errorText)")
    return result.outputText.trimmingCharacters(in: .newlines)
  }
}

/// Whether a program is installed; in continuous integration it has to be, and its test fails.
func isInstalledOrRequired(_ program: String) async -> Bool {
  if ProcessInfo.processInfo.environment["CI"] != nil { return true }
  return (try? await run("sh", ["-c", "command -v \(program)"]))?.succeeded ?? false
}
