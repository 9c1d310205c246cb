import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Reading a file that is to be changed")
struct ReadTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("A symbolic link is followed, and both paths are known")
  func link() throws {
    let file = folder.file("guest.xml")
    try writeFile(file, Array("<domain/>".utf8))
    let link = folder.file("link")
    #expect(symlink("guest.xml", link) == 0)
    let original = try OriginalFile.read(FilePath(link), maximumSize: 100)
    #expect(original.bytes == Array("<domain/>".utf8))
    #expect(original.givenPath == FilePath(link))
    #expect(original.path.lastComponent?.string == "guest.xml")
  }

  @Test("What is no regular file is refused with its kind, without waiting for it")
  func kinds() throws {
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(symlink("nowhere", folder.file("dangling")) == 0)
    #expect(symlink("loop", folder.file("loop")) == 0)
    for (path, words) in [
      (folder.path, "is a folder, not a file"), (folder.file("pipe"), "is a pipe"),
      ("/dev/null", "is not a regular file"), (folder.file("none"), "No such file or directory"),
      (folder.file("dangling"), "No such file or directory"),
      (folder.file("loop"), "Too many levels of symbolic links"),
    ] {
      let error = #expect(throws: VirtNestError.self) {
        try OriginalFile.read(FilePath(path), maximumSize: 100)
      }
      #expect(error?.description.contains(words) == true)
      #expect(error?.description.hasPrefix("\(path): error: ") == true)
    }
  }

  @Test("A file of the maximum size is read, a larger one is refused with both sizes")
  func size() throws {
    let file = folder.file("guest.xml")
    try writeFile(file, [UInt8](repeating: 32, count: 100))
    #expect(try OriginalFile.read(FilePath(file), maximumSize: 100).bytes.count == 100)
    let error = #expect(throws: VirtNestError.self) {
      try OriginalFile.read(FilePath(file), maximumSize: 99)
    }
    #expect(error?.message.contains("has 100 bytes, more than the limit of 99") == true)
  }

  @Test("What is read while another program appends is never cut: it ends with a whole record")
  func growing() async throws {
    let file = folder.file("log")
    try writeFile(file, [])
    let writer = Task {
      let record = Array("0123456789abcde\n".utf8)
      let descriptor = try FileDescriptor.open(FilePath(file), .writeOnly, options: [.append])
      return try descriptor.closeAfter {
        for _ in 1...20_000 { try descriptor.writeAll(record) }
      }
    }
    var refused = 0
    for _ in 1...200 {
      do {
        let bytes = try OriginalFile.read(FilePath(file), maximumSize: 1 << 20).bytes
        #expect(bytes.count % 16 == 0)
      } catch {
        #expect(error.message.contains("changes while it is read"))
        refused += 1
      }
    }
    _ = try await writer.value
    #expect(try OriginalFile.read(FilePath(file), maximumSize: 1 << 20).bytes.count == 320_000)
  }
}
