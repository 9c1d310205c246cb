import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Replacing a file when something is in the way")
struct ReplaceTroubleTests {
  @Test(
    "A file that changed since it was read is left as it is",
    arguments: ["append", "rename", "same size and time", "remove", "chmod", "folder"],
    [OriginalFile.ReplacementMethod.atomic, .overwrite])
  func changed(how: String, method: OriginalFile.ReplacementMethod) async throws {
    let fixture = try FileFixture()
    let original = try fixture.read()
    let script =
      switch how {
      case "append": "echo more >> $1"
      case "rename": "cp -p $1 $1.new; mv $1.new $1"
      case "same size and time": "t=$(stat -c %y $1); printf 'alt\n' > $1; touch -d \"$t\" $1"
      case "remove": "rm $1"
      case "chmod": "chmod 600 $1"
      default: "rm $1; mkdir $1"
      }
    try await fixture.output("sh", ["-c", script, "sh", fixture.path])
    let names = try await fixture.names()
    let before = try? readFile(fixture.path)
    let error = #expect(throws: VirtNestError.self) {
      try original.replace(with: [UInt8]("new\n"), backupSuffix: "~", method: method)
    }
    #expect(error?.has(.file) == true)
    if how != "folder" || method == .atomic {
      #expect(error?.message.contains("has changed since it was read") == true)
    }
    #expect(try await fixture.names() == names)
    #expect((try? readFile(fixture.path)) == before)
  }

  @Test("A change between staging and committing is found too, and the temporary file goes")
  func changedAfterStaging() async throws {
    let fixture = try FileFixture()
    let staged = try #require(try fixture.read().stage([UInt8]("new\n"), backupSuffix: "~"))
    try await fixture.output("sh", ["-c", "printf 'alt\n' > \(fixture.path)"])
    #expect(throws: VirtNestError.self) { try staged.commit() }
    #expect(try fixture.text == "alt\n")
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test(
    "A folder that takes no new file is an error that names --overwrite, which then works",
    .enabled(if: isRoot, "only root can make a folder immutable"))
  func readOnlyFolder() async throws {
    let fixture = try FileFixture()
    guard try await run("chattr", ["+i", fixture.folder.path]).succeeded else {
      withKnownIssue("this file system has no immutable folders (chattr +i)") {
        Issue.record("not tried")
      }
      return
    }
    let outcome = Result { try fixture.read().replace(with: [UInt8]("new\n")) }
    let backup = Result {
      try fixture.read().replace(with: [UInt8]("new\n"), backupSuffix: "~", method: .overwrite)
    }
    let untouched = try fixture.text
    let overwritten = Result {
      try fixture.read().replace(with: [UInt8]("new\n"), method: .overwrite)
    }
    try await fixture.output("chattr", ["-i", fixture.folder.path])
    let error = #expect(throws: VirtNestError.self) { try outcome.get() }
    #expect(error?.message.contains("--overwrite") == true)
    #expect(throws: VirtNestError.self) { try backup.get() }
    #expect(untouched == "old\n")
    #expect(try overwritten.get())
    #expect(try fixture.text == "new\n")
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test(
    "A user who cannot give the file its owner changes nothing, and is told of --overwrite",
    .enabled(if: isRoot, "only root can act as two users"))
  func anotherOwner() async throws {
    let fixture = try FileFixture()
    try await fixture.output("chmod", ["777", fixture.folder.path])
    try await fixture.output("chmod", ["666", fixture.path])
    let failure = Mutex<VirtNestError?>(nil)
    try await onThread {
      // Of this thread only, and for its file accesses only.
      setfsuid(65534)
      defer { setfsuid(0) }
      do throws(VirtNestError) {
        try fixture.read().replace(with: [UInt8]("new\n"))
      } catch {
        failure.withLock { $0 = error }
      }
      try fixture.read().replace(with: [UInt8]("in place\n"), method: .overwrite)
    }.value
    let error = try #require(failure.withLock { $0 })
    #expect(error.message.contains("cannot have the same owner 0:0"))
    #expect(error.message.contains("--overwrite"))
    #expect(error.has(.file))
    #expect(try fixture.text == "in place\n")
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("A suffix that leads elsewhere is refused", arguments: ["", "/x", "/../x"])
  func badSuffix(suffix: String) async throws {
    let fixture = try FileFixture()
    #expect(throws: VirtNestError.self) {
      try fixture.read().replace(with: [UInt8]("new\n"), backupSuffix: suffix)
    }
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("A backup replaces an earlier one, as a file of its own; a folder of that name is an error")
  func backup() async throws {
    let fixture = try FileFixture()
    for (method, text) in [(OriginalFile.ReplacementMethod.atomic, "2"), (.overwrite, "3")] {
      let old = try fixture.text
      try fixture.read().replace(with: [UInt8](text), backupSuffix: ".orig", method: method)
      #expect(try readFile(fixture.path + ".orig") == [UInt8](old))
      #expect(try fixture.text == text)
    }
    #expect(try await fixture.names() == ["guest.xml", "guest.xml.orig"])
    #expect(mkdir(fixture.path + "~", 0o700) == 0)
    let error = #expect(throws: VirtNestError.self) {
      try fixture.read().replace(with: [UInt8]("4"), backupSuffix: "~")
    }
    #expect(
      error?.message.contains("its backup \(fixture.path)~ cannot be put in its place") == true)
    #expect(try fixture.text == "3")
    #expect(try await fixture.names() == ["guest.xml", "guest.xml.orig", "guest.xml~"])
  }

  @Test(
    "A full disk leaves the old file, whole, and no temporary one",
    .enabled(if: isRoot, "only root can mount a small file system"),
    arguments: [OriginalFile.ReplacementMethod.atomic, .overwrite])
  func fullDisk(method: OriginalFile.ReplacementMethod) async throws {
    let folder = try TemporaryFolder()
    let mount = try await run(
      "mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path])
    try #require(mount.succeeded, "\(mount.errorText)")
    let path = folder.file("guest.xml")
    let old = [UInt8](repeating: 7, count: 20_000)
    let result = Result {
      try writeFile(path, old)
      try OriginalFile.read(FilePath(path), maximumSize: 1 << 20)
        .replace(with: [UInt8](repeating: 8, count: 100_000), method: method)
    }
    let after = Result { try readFile(path) }
    let names = try await run("ls", ["-A", folder.path]).outputText
    try await #require(run("umount", [folder.path]).succeeded)
    let error = #expect(throws: VirtNestError.self) { try result.get() }
    #expect(error?.message.contains("No space left") == true)
    #expect(error?.has(.file) == true)
    #expect(try after.get() == old)
    #expect(names == "guest.xml\n")
  }

  @Test("A lock held elsewhere for a moment is waited for")
  func lock() async throws {
    let fixture = try FileFixture()
    let mark = fixture.path + ".held"
    async let holder = run("flock", [fixture.path, "sh", "-c", "touch '\(mark)'; sleep 1"])
    while access(mark, F_OK) != 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    try fixture.read().replace(with: [UInt8]("new\n"))
    #expect(try await holder.succeeded)
    #expect(try fixture.text == "new\n")
  }
}

// The Glibc module leaves its header out.
@_silgen_name("setfsuid") @discardableResult
private func setfsuid(_ user: CUnsignedInt) -> CInt
