import Glibc
import SystemPackage
import TestSupport
import Testing
import VirtNest

@testable import VirtNestHost

@Suite("Folders of definitions and their configuration")
struct ConfigurationFilesTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["a", "a/b", "a/.git"] { #expect(mkdir(folder.file(name), 0o777) == 0) }
  }

  @Test("Files are found upwards to the root, and the nearer one counts")
  func upwards() throws {
    try writeFile(folder.file(".virt-nest.conf"), "ignore = VN001\nroot = true".utf8)
    try writeFile(folder.file("a/.virt-nest.conf"), "error = VN002\n[b/x.xml]\nignore = VN003".utf8)
    var files = ConfigurationFiles(workingFolder: FilePath(folder.file("a")))
    #expect(
      try files.settings(for: "b/x.xml").levels == ["VN001": nil, "VN002": .error, "VN003": nil])
    #expect(try files.settings(for: "../y.xml").levels == ["VN001": nil])
    try writeFile(folder.file("a/b/.virt-nest.conf"), "root = true".utf8)
    files = ConfigurationFiles(workingFolder: FilePath(folder.file("a")))
    #expect(try files.settings(for: FilePath(folder.file("a/b/x.xml"))).levels == [:])
  }

  @Test("A file that cannot be read is an error with its path")
  func wrong() throws {
    try writeFile(folder.file("a/.virt-nest.conf"), "\nx = y".utf8)
    var files = ConfigurationFiles(workingFolder: FilePath(folder.path))
    let error = #expect(throws: VirtNestError.self) { try files.settings(for: "a/x.xml") }
    #expect(error?.description.hasPrefix(folder.file("a/.virt-nest.conf:2:1: error: ")) == true)
    #expect(mkdir(folder.file("a/b/.virt-nest.conf"), 0o777) == 0)
    #expect(throws: VirtNestError.self) { try files.settings(for: "a/b/x.xml") }
  }

  @Test("All *.xml files below are found, by name; hidden ones and linked folders are not")
  func files() throws {
    for name in ["z.xml", "a/1.xml", "a/b/2.xml", "a/.hidden.xml", "a/.git/x.xml", "a/c.txt"] {
      try writeFile(folder.file(name), [])
    }
    #expect(symlink("..", folder.file("a/loop")) == 0)
    #expect(symlink("../z.xml", folder.file("a/link.xml")) == 0)
    #expect(symlink("b", folder.file("a/folder.xml")) == 0)
    let found = try DefinitionFolder.files(in: FilePath(folder.path)).map(\.string)
    #expect(
      found == ["a/1.xml", "a/b/2.xml", "a/link.xml", "z.xml"].map { folder.file($0) })
    #expect(throws: VirtNestError.self) { try DefinitionFolder.files(in: "/nonexistent") }
  }
}
