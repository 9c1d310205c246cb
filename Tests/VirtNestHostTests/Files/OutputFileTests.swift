import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Writing a file that a command makes")
struct OutputFileTests {
  @Test("It is created with the umask's mode, left alone when equal, replaced only by force")
  func write() async throws {
    let fixture = try FileFixture()
    let path = FilePath(fixture.folder.file("kata-fedora-31-vm-00.xml"))
    try OutputFile.write([UInt8]("1"), at: path)
    let made = try await fixture.output("stat", ["-c", "%a", path.string])
    #expect(try await fixture.output("stat", ["-c", "%a", fixture.path]) == made)
    let before = FileState(try Stat(path))
    #expect(try OutputFile.stage([UInt8]("1"), at: path, force: true) === nil)
    try OutputFile.write([UInt8]("1"), at: path, force: true)
    #expect(FileState(try Stat(path)) == before)
    let error = #expect(throws: VirtNestError.self) { try OutputFile.write([UInt8]("2"), at: path) }
    #expect(error?.message.contains("--force") == true)
    #expect(try readFile(path.string) == [UInt8]("1"))
    try OutputFile.write([UInt8]("2"), at: path, force: true)
    #expect(try readFile(path.string) == [UInt8]("2"))
    #expect(try await fixture.names().count == 2)
  }

  @Test("A folder, a device, a link that leads nowhere and a missing folder are errors")
  func refused() async throws {
    let fixture = try FileFixture()
    #expect(symlink("none", fixture.folder.file("dangling")) == 0)
    let names = try await fixture.names()
    for path in [
      fixture.folder.path, "/dev/null", fixture.folder.file("dangling"),
      fixture.folder.file("none/x.xml"), fixture.folder.file(".."),
    ] {
      #expect(throws: VirtNestError.self) {
        try OutputFile.write([UInt8]("1"), at: FilePath(path), force: true)
      }
    }
    #expect(try await fixture.names() == names)
  }

  @Test("A file that appears after staging is not written over")
  func appears() async throws {
    let fixture = try FileFixture()
    let path = FilePath(fixture.folder.file("new.xml"))
    let staged = try #require(try OutputFile.stage([UInt8]("1"), at: path))
    try writeFile(path.string, [UInt8]("other"))
    let error = #expect(throws: VirtNestError.self) { try staged.commit() }
    #expect(error?.message.contains("File exists") == true)
    #expect(try readFile(path.string) == [UInt8]("other"))
    #expect(try await fixture.names() == ["guest.xml", "new.xml"])
  }

  @Test("A batch is staged, synchronised, committed; what is not committed leaves nothing")
  func batch() async throws {
    let fixture = try FileFixture()
    do {
      var staged: [StagedFile] = []
      for index in 1...20 {
        let path = FilePath(fixture.folder.file("\(index).xml"))
        staged.append(
          try #require(
            try OutputFile.stage([UInt8]("\(index)"), at: path, syncsFolder: false)))
      }
      try synchronizeFolder(FilePath(fixture.folder.path))
      for file in staged.prefix(10) { try file.commit() }
      try synchronizeFolder(FilePath(fixture.folder.path))
    }
    let names = try await fixture.names()
    #expect(Set(names) == Set((1...10).map { "\($0).xml" } + ["guest.xml"]))
  }
}
