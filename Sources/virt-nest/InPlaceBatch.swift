import Dispatch
import Glibc
import Synchronization
import SystemPackage
import VirtNest

/// Changes many files in place: on all cores, and with two waits for the disk a batch instead of two
/// a file.
///
/// Everything of a batch is written beside the files first, and known to be on the disk before any
/// takes its place: a power cut leaves each file old or new, whole.
struct InPlaceBatch {
  /// How many files are staged at once.
  static let size = 128

  /// What became of a file before it was put in its place.
  struct Outcome: Sendable {
    var name: String
    /// The new file beside the old one; `nil` where nothing changes.
    var staged: StagedFile?
    /// Whether something was wrong, which was said.
    var isInTrouble = false
  }

  /// Does a batch, and says what there is to say in the order of the files.
  ///
  /// - Returns: whether all went well.
  static func run(_ names: ArraySlice<String>, _ stage: @Sendable (String) -> Outcome) -> Bool {
    SignalDelay.around {
      let outcomes = concurrently(Array(names)) { name in
        let collector = Terminal.Collector()
        let outcome = Terminal.$collector.withValue(collector) { stage(name) }
        return (outcome, collector.lines)
      }
      for line in outcomes.flatMap(\.1) { Terminal.say(line) }
      let staged = outcomes.compactMap { outcome, _ in
        outcome.staged.map { (outcome.name, $0) }
      }
      defer { for (_, file) in staged { file.discard() } }
      // Nothing of an interrupted batch is put in its place.
      if SignalDelay.isPending { return false }
      return putInPlace(staged) && !outcomes.contains { $0.0.isInTrouble }
    }
  }

  private static func putInPlace(_ staged: [(name: String, file: StagedFile)]) -> Bool {
    guard !staged.isEmpty else { return true }
    var isWell = true
    do throws(FileError) {
      try synchronize(staged.map(\.file))
      for (name, file) in staged {
        do throws(FileError) {
          try file.commit()
        } catch {
          Terminal.say("error", error.message, file: name, at: nil)
          isWell = false
        }
      }
      try synchronize(staged.map(\.file))
    } catch {
      Terminal.say("virt-nest: error: \(error)")
      return false
    }
    return isWell
  }

  /// Waits once for each file system that the files are on.
  private static func synchronize(_ files: [StagedFile]) throws(FileError) {
    var seen: Set<UInt> = []
    for file in files {
      let folder = file.path.removingLastComponent()
      var status = stat()
      let device = stat(folder.string, &status) == 0 ? UInt(status.st_dev) : 0
      if seen.insert(device).inserted { try syncFileSystem(containing: folder) }
    }
  }

  private static func concurrently<Value: Sendable>(
    _ names: [String], _ body: @Sendable (String) -> Value
  ) -> [Value] {
    let results = Mutex<[Value?]>(Array(repeating: nil, count: names.count))
    DispatchQueue.concurrentPerform(iterations: names.count) { index in
      let value = body(names[index])
      results.withLock { $0[index] = value }
    }
    return results.withLock { $0 }.compactMap(\.self)
  }
}
