import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Changes many files in place, several at a time.
///
/// Everything of a batch is written beside the files, and known to be on the disk, before any of it
/// takes its place: a power cut leaves each file old or new, whole.
struct InPlaceBatch {
  /// How many files are staged at once.
  private static let mostFiles = 256
  /// How many bytes of them are held at once, as far as their sizes are known before.
  private static let mostBytes = 64 << 20

  /// The end of the batch that begins at an index.
  static func end(of files: [InputFiles.Entry], from start: Int) -> Int {
    var end = start
    var bytes = 0
    while end < files.count, end - start < mostFiles {
      bytes += expectedSize(files[end].name)
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
    /// What changes, for `--json`.
    var report: GuestReport?
  }

  /// The size of a file, before it is read; 0 where nothing will be read of it.
  static func expectedSize(_ name: String) -> Int {
    let size = (try? Stat(FilePath(argument: name)))?.size ?? 0
    return size <= Document.maximumSize ? Int(size) : 0
  }

  /// How a batch ended.
  enum End {
    case done
    /// Something was wrong, which was said; the rest is done.
    case trouble
    /// A signal came before anything was put in its place.
    case interrupted
  }

  /// Does a batch, and prints messages in the order of the files.
  static func run(
    _ files: ArraySlice<InputFiles.Entry>,
    _ stage: @escaping @Sendable (InputFiles.Entry) -> Outcome
  ) -> End {
    SignalDelay.around {
      let outcomes = concurrently(Array(files), stage)
      outcomes.compactMap(\.report).forEach(Terminal.report)
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
    let results = concurrently(staged) { name, file in
      do throws(VirtNestError) {
        try file.commit()
        return true
      } catch {
        Terminal.say(error.diagnostics)
        return false
      }
    }
    do throws(VirtNestError) {
      for folder in Set(staged.map { $0.file.path.removingLastComponent() }) {
        try synchronizeFolder(folder)
      }
      return !results.contains(false)
    } catch {
      Terminal.say(error.diagnostics)
      return false
    }
  }
}
