import Foundation
import TestSupport
import Testing

@Suite("Several writers and many files", .serialized)
struct ManyFilesTests {
  private static func definition(_ name: String) -> String {
    """
    <domain type='kvm'>
      <name>\(name)</name>
      <memory unit='GiB'>4</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='ppc64le' machine='pseries'>hvm</type>
      </os>
    </domain>

    """
  }

  @Test("Of two processes that change one file at once, none undoes the other's change")
  func twoProcesses() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("guest.xml")
    var lost = 0
    for _ in 1...25 {
      try writeFile(path, Self.definition("kata-x").utf8)
      async let first = VirtNestBinary.run(["patch", "-i", "--memory", "3GiB", path])
      async let second = VirtNestBinary.run(["patch", "-i", "--vcpus", "3", path])
      let runs = try await [first, second]
      let text = String(decoding: try readFile(path), as: UTF8.self)
      var expected = Self.definition("kata-x")
      if runs[0].succeeded { expected.replace(">4<", with: ">3<") }
      if runs[1].succeeded { expected.replace(">2<", with: ">3<") }
      #expect(text == expected)
      for run in runs where !run.succeeded {
        lost += 1
        #expect(run.status == .exited(2))
        #expect(
          run.errorText.contains("has changed since it was read")
            || run.errorText.contains("another"), "\(run.errorText)")
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["guest.xml"])
    print("two processes: 25 rounds, \(lost) times one was told to run again, no change lost")
  }

  @Test("Of eight runs at once, with renames in between, none loses a change that is reported done")
  func eightProcesses() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("guest.xml")
    let rounds = 20
    try writeFile(path, Self.definition("kata-x").utf8)
    // Another program moves the file away and back all the time.
    let mover = Task {
      try await run(
        "sh",
        [
          "-c",
          """
          while [ ! -e stop ]; do
            mv guest.xml away 2>/dev/null && mv away guest.xml
            sleep 0.2
          done
          """,
        ], in: folder.path)
    }
    let (done, refused) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for worker in 0..<8 {
        group.addTask {
          var (done, refused) = (0, 0)
          for round in 0..<rounds {
            let way = (worker + round).isMultiple(of: 2) ? [] : ["--overwrite"]
            let change = "/domain=<w\(worker)-\(round)/>"
            let patched = try await VirtNestBinary.run(
              ["patch", "-i", "-q", "--insert-xpath", change] + way + [path])
            #expect(patched.status == .exited(0) || patched.status == .exited(2))
            // What was refused is not there; what was done is, also after all that follows.
            if patched.succeeded { done += 1 } else { refused += 1 }
            if patched.succeeded { try writeFile(folder.file("done-\(worker)-\(round)"), []) }
          }
          return (done, refused)
        }
      }
      var sums = (0, 0)
      for try await counts in group { sums = (sums.0 + counts.0, sums.1 + counts.1) }
      return sums
    }
    try writeFile(folder.file("stop"), [])
    _ = try await mover.value
    let text = String(decoding: try readFile(path), as: UTF8.self)
    var lost: [String] = []
    for worker in 0..<8 {
      for round in 0..<rounds {
        let isDone = FileManager.default.fileExists(
          atPath: folder.file("done-\(worker)-\(round)"))
        if isDone, !text.contains("<w\(worker)-\(round)/>") { lost.append("\(worker)-\(round)") }
      }
    }
    #expect(lost.isEmpty, "\(lost)")
    #expect(done > 20)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasSuffix(".tmp") }, "\(left)")
    print("eight processes: \(done) changes done, \(refused) refused, \(lost.count) lost")
  }

  @Test("10,000 files, a kill in the middle, and a second run that finishes")
  func killedInTheMiddle() async throws {
    let folder = try TemporaryFolder()
    let names = (1...10_000).map { "\($0).xml" }
    for name in names {
      try writeFile(folder.file(name), Self.definition("kata-" + name).utf8)
    }
    let arguments = ["patch", "-i", "--quiet", "--nested"] + names
    let killed = try await run(
      "strace",
      [
        "-f", "-o", "/dev/null", "-e", "trace=renameat2", "-e",
        "inject=renameat2:signal=KILL:when=400", VirtNestBinary.path,
      ] + arguments, environment: ["SWIFT_BACKTRACE": "enable=no"], in: folder.path)
    #expect(killed.status == .signaled(SIGKILL), "\(killed.errorText)")
    let (done, left) = try look(folder, names)
    // strace counts the calls of each thread by itself, and one may do more than the others.
    #expect((350..<names.count - 512).contains(done))
    // What was staged beside the files of one batch, and is in nobody's way.
    #expect((1...512).contains(left))

    let before = try modificationTime(folder.file(names[0]))
    let again = try await VirtNestBinary.run(
      arguments, in: folder.path)
    #expect(again.succeeded, "\(again.errorText)")
    #expect(try look(folder, names).done == names.count)
    #expect(try modificationTime(folder.file(names[0])) == before)
    print("10,000 files: killed after \(done), all done by a second run")
  }

  /// How many files have changed, and how many temporary ones there are; each must be whole.
  private func look(_ folder: TemporaryFolder, _ names: [String]) throws -> (done: Int, left: Int) {
    var done = 0
    for name in names {
      let old = Self.definition("kata-" + name)
      let new = old.replacing(
        "</os>\n", with: "</os>\n  <features>\n    <nested-hv state='on'/>\n  </features>\n")
      let text = String(decoding: try readFile(folder.file(name)), as: UTF8.self)
      if text == new { done += 1 } else { #expect(text == old, "\(name)") }
    }
    let all = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (done, all.count { $0.hasSuffix(".tmp") })
  }

  private func modificationTime(_ path: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }
}
