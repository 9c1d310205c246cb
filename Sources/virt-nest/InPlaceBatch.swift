import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Changes many files in place: on all cores, and with two waits for the disk a batch instead of two
/// a file.
///
/// Everything of a batch is written beside the files first, and known to be on the disk before any
/// takes its place: a power cut leaves each file old or new, whole.
struct InPlaceBatch {
  /// How many files are staged at once: so many that the waits are little beside the work.
  private static let mostFiles = 512
  /// How many bytes of them are held at once, as far as their sizes are known before.
  private static let mostBytes = 64 << 20

  /// The end of the batch that begins at an index.
  static func end(of files: [String], from start: Int) -> Int {
    var end = start
    var bytes = 0
    while end < files.count, end - start < mostFiles {
      bytes += expectedSize(files[end])
      if bytes > mostBytes, end > start { break }
      end += 1
    }
    return end
  }

  /// What became of a file before it was put in its place.
  struct Outcome: Sendable {
    var name: String
    /// The new file beside the old one; `nil` where nothing changes.
    var staged: StagedFile?
    /// Whether something was wrong, which was said.
    var isInTrouble = false
  }

  /// The size of a file, before it is read; 0 where nothing will be read of it.
  static func expectedSize(_ name: String) -> Int {
    var status = stat()
    guard stat(name, &status) == 0, status.st_size <= Document.maximumSize else { return 0 }
    return Int(status.st_size)
  }

  /// How a batch ended.
  enum End {
    case done
    /// Something was wrong, which was said; the rest is done.
    case trouble
    /// A signal came before anything was put in its place.
    case interrupted
  }

  /// Does a batch, and says what there is to say in the order of the files.
  ///
  static func run(_ names: ArraySlice<String>, _ stage: @Sendable (String) -> Outcome) -> End {
    SignalDelay.around {
      let outcomes = concurrently(Array(names), stage)
      let staged = outcomes.compactMap { outcome in outcome.staged.map { (outcome.name, $0) } }
      defer { for (_, file) in staged { file.discard() } }
      // Nothing of an interrupted batch is put in its place.
      if SignalDelay.isPending { return .interrupted }
      let isWell = putInPlace(staged) && !outcomes.contains(where: \.isInTrouble)
      return isWell ? .done : .trouble
    }
  }

  private static func putInPlace(_ staged: [(name: String, file: StagedFile)]) -> Bool {
    guard !staged.isEmpty else { return true }
    var isWell = true
    do throws(FileError) {
      try synchronize(staged.map(\.file))
      let results = concurrently(staged) { name, file in
        do throws(FileError) {
          try file.commit()
          return true
        } catch {
          Terminal.say("error", error.message, file: name, at: nil)
          return false
        }
      }
      isWell = !results.contains(false)
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
    var last: FilePath?
    for file in files {
      let folder = file.path.removingLastComponent()
      if folder == last { continue }
      last = folder
      var status = stat()
      let device = stat(folder.string, &status) == 0 ? UInt(status.st_dev) : 0
      if seen.insert(device).inserted { try syncFileSystem(containing: folder) }
    }
  }
}
