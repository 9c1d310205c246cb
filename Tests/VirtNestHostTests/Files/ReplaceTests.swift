import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Replacing a file")
struct ReplaceTests {
  @Test("The new bytes are there, and nothing else is", arguments: [false, true])
  func replaces(overwrite: Bool) async throws {
    let fixture = try FileFixture()
    let method: OriginalFile.ReplacementMethod = overwrite ? .overwrite : .atomic
    for text in ["newer and longer\n", "short", "", "again\n"] {
      let inode = try Stat(FilePath(fixture.path)).inode
      #expect(try fixture.read().replace(with: [UInt8](text), method: method))
      #expect(try (Stat(FilePath(fixture.path)).inode == inode) == overwrite)
      #expect(try fixture.text == text)
    }
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("Equal bytes write nothing: same inode, same times, no backup", arguments: [false, true])
  func equalBytes(overwrite: Bool) async throws {
    let fixture = try FileFixture()
    let before = FileState(try Stat(FilePath(fixture.path)))
    let wrote = try fixture.read().replace(
      with: [UInt8]("old\n"), backupSuffix: "~", method: overwrite ? .overwrite : .atomic)
    #expect(!wrote)
    #expect(FileState(try Stat(FilePath(fixture.path))) == before)
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("A symbolic link stays a link, and the file behind it is replaced")
  func symbolicLink() async throws {
    let fixture = try FileFixture()
    let elsewhere = fixture.folder.file("links")
    #expect(mkdir(elsewhere, 0o700) == 0)
    #expect(symlink("../guest.xml", elsewhere + "/guest") == 0)
    try OriginalFile.read(FilePath(elsewhere + "/guest"), maximumSize: 100)
      .replace(with: [UInt8]("new\n"))
    #expect(try fixture.text == "new\n")
    #expect(try await fixture.output("readlink", [elsewhere + "/guest"]) == "../guest.xml\n")
    #expect(try await fixture.output("ls", ["-A", elsewhere]) == "guest\n")
  }

  @Test("Mode, owner, ACL and extended attributes are those of the old file", .enabled(if: isRoot))
  func attributes() async throws {
    let fixture = try FileFixture()
    try await fixture.output("chown", ["4321:1234", fixture.path])
    try await fixture.output("chmod", ["2754", fixture.path])
    try await fixture.output("setfacl", ["-m", "u:4322:rw,g:77:r", fixture.path])
    try await fixture.output("setfattr", ["-n", "user.note", "-v", "kept", fixture.path])
    try await fixture.output("setfattr", ["-n", "trusted.note", "-v", "too", fixture.path])
    let before = try await everything(about: fixture)
    #expect(before.contains("user:4322:rw-") && before.contains("trusted.note"))
    try fixture.read().replace(with: [UInt8]("new\n"), backupSuffix: ".orig")
    #expect(try fixture.text == "new\n")
    #expect(try await everything(about: fixture) == before)
    let backup = try await everything(about: fixture, suffix: ".orig")
    #expect(backup == before)
  }

  @Test("A default ACL of the folder does not reach the new file")
  func defaultACL() async throws {
    let fixture = try FileFixture()
    try await fixture.output("chmod", ["600", fixture.path])
    try await fixture.output("setfacl", ["-d", "-m", "u:4322:rwx", fixture.folder.path])
    let before = try await everything(about: fixture)
    try fixture.read().replace(with: [UInt8]("new\n"))
    #expect(try await everything(about: fixture) == before)
  }

  @Test("Several hard links are an error that names --overwrite, which then changes all of them")
  func hardLinks() async throws {
    let fixture = try FileFixture()
    #expect(link(fixture.path, fixture.folder.file("other")) == 0)
    let error = #expect(throws: VirtNestError.self) {
      try fixture.read().replace(with: [UInt8]("new\n"), backupSuffix: "~")
    }
    #expect(error?.message.contains("2 hard links") == true)
    #expect(error?.message.contains("--overwrite") == true)
    #expect(try await fixture.names() == ["guest.xml", "other"])
    try fixture.read().replace(with: [UInt8]("new\n"), method: .overwrite)
    #expect(try readFile(fixture.folder.file("other")) == [UInt8]("new\n"))
  }

  @Test("A temporary file that a killed run left behind disturbs nothing and is left alone")
  func staleTemporaryFile() async throws {
    let fixture = try FileFixture()
    let staged = try #require(try fixture.read().stage([UInt8]("stale")))
    let stale = try #require(try await fixture.names().first { $0 != "guest.xml" })
    #expect(stale.hasPrefix(".guest.xml.virt-nest.") && stale.hasSuffix(".tmp"))
    try fixture.read().replace(with: [UInt8]("new\n"))
    #expect(try fixture.text == "new\n")
    #expect(try await fixture.names().sorted() == [stale, "guest.xml"].sorted())
    staged.discard()
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("A name as long as a name may be, and one that is no UTF-8")
  func names() async throws {
    let fixture = try FileFixture()
    let long = fixture.folder.file(String(repeating: "ü", count: 127) + "x")
    #expect(rename(fixture.path, long) == 0)
    try OriginalFile.read(FilePath(long), maximumSize: 100).replace(with: [UInt8]("new\n"))
    #expect(try readFile(long) == [UInt8]("new\n"))

    let odd = [UInt8](fixture.folder.file("")) + [0xff, 0xfe]
    let path = (odd.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer {
      FilePath(platformString: Array($0))
    }
    try OutputFile.write([UInt8]("old\n"), at: path)
    try OriginalFile.read(path, maximumSize: 100)
      .replace(with: [UInt8]("new\n"), backupSuffix: ".orig")
    #expect(try OriginalFile.read(path, maximumSize: 100).bytes == [UInt8]("new\n"))
    #expect(try await fixture.names().count == 3)
  }

  /// What `stat`, `getfacl` and `getfattr` say, without the file's name.
  private func everything(about fixture: FileFixture, suffix: String = "") async throws -> String {
    let name = "guest.xml" + suffix
    let folder = fixture.folder.path
    let stat = try await run("stat", ["-c", "%a %u:%g", name], in: folder)
    let acl = try await run("getfacl", ["-n", "--omit-header", name], in: folder)
    let attributes = try await run("getfattr", ["-d", "-m", "-", name], in: folder)
    let lines = attributes.outputText.split(separator: "\n").dropFirst()
    return stat.outputText + acl.outputText + lines.joined(separator: "\n")
  }
}
