import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Replacing a file that others replace too")
struct ConcurrentReplaceTests {
  @Test(
    "Counting up from several sides at once loses no count",
    arguments: [OriginalFile.ReplacementMethod.atomic, .overwrite])
  func counter(method: OriginalFile.ReplacementMethod) async throws {
    let fixture = try FileFixture("0")
    let each = 150
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 1...3 {
        group.addTask {
          var done = 0
          while done < each {
            do throws(VirtNestError) {
              let file = try fixture.read()
              let count = Int(String(decoding: file.bytes, as: UTF8.self)) ?? .min
              try file.replace(
                with: [UInt8]("\(count + 1)"), method: method)
              done += 1
            } catch {
              guard !error.has(.fileReplaced), error.message.contains("change") else {
                throw error
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try fixture.text == "\(3 * each)")
    #expect(try await fixture.names() == ["guest.xml"])
  }

  @Test("What a program without locks puts in place is never written over")
  func foreignWriter() async throws {
    let fixture = try FileFixture("0")
    let isOver = Mutex(false)
    defer { isOver.withLock { $0 = true } }
    let replaced = Mutex(0)
    let attempts = Mutex(0)
    let ours = onThread {
      while !isOver.withLock({ $0 }) {
        defer { attempts.withLock { $0 += 1 } }
        do throws(VirtNestError) {
          let file = try fixture.read()
          let text = String(decoding: file.bytes.prefix(12), as: UTF8.self)
          try file.replace(
            with: [UInt8]("\(text.prefix { $0 != "+" })+"))
          replaced.withLock { $0 += 1 }
        } catch {
          guard !error.has(.fileReplaced) else { throw error }
        }
      }
    }
    var round = 0
    while round < 1000 || replaced.withLock({ $0 }) < 300 {
      round += 1
      let new = fixture.folder.file("new")
      try writeFile(new, [UInt8]("\(round)"))
      usleep(UInt32.random(in: 0...200))
      #expect(rename(new, fixture.path) == 0)
      // Ours may be there for the moment between its two exchanges; it does not stay. The moment is as
      // long as the system lets ours wait: what counts is how often ours has ended since.
      let before = attempts.withLock { $0 }
      var tries = 0
      while try fixture.text.prefix(while: { $0 != "+" }) != "\(round)" {
        tries += 1
        try #require(
          tries < 2000 || attempts.withLock { $0 } < before + 100, "round \(round) was written over"
        )
        usleep(100)
      }
    }
    isOver.withLock { $0 = true }
    try await ours.value
    let names = try await fixture.names()
    // A version that two others followed within one exchange is kept, and the error says where.
    #expect(names.filter { !$0.hasSuffix(".tmp") } == ["guest.xml"])
  }
}
