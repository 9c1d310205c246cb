import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Where created definitions go: standard output, a file, or a folder.
enum OutputTarget {
  case standardOutput
  case file(FilePath)
  case folder(FilePath)

  init(_ path: String?, needsFolder: Bool) throws {
    guard let path, path != "-" else {
      self = .standardOutput
      return
    }
    if DefinitionFolder.isFolder(FilePath(argument: path)) {
      self = .folder(FilePath(argument: path))
    } else if needsFolder || path.hasSuffix("/") {
      throw VirtNestError("there is no such folder; make it first", in: path)
    } else {
      self = .file(FilePath(argument: path))
    }
  }

  /// Writes one definition.
  func write(_ guest: CreatedGuest, force: Bool) throws {
    try write(guest.bytes, named: guest.name + ".xml", force: force)
  }

  /// Writes one definition where it has a place, and reports it.
  func report(_ guest: CreatedGuest, force: Bool) throws {
    let path = path(of: guest.name + ".xml")
    let old = try path.flatMap { try OutputFile.check(guest.bytes, at: $0, force: force) }
    if path != nil { try write(guest, force: force) }
    Terminal.report(GuestReport(guest, from: old, at: path))
  }

  /// Writes one file; in a folder it has the name.
  func write(_ bytes: [UInt8], named name: String, force: Bool) throws {
    guard let path = path(of: name) else { return try Terminal.write(bytes) }
    try SignalDelay.around { try OutputFile.write(bytes, at: path, force: force) }
  }

  private func path(of name: String) -> FilePath? {
    switch self {
    case .standardOutput: nil
    case .file(let path): path
    case .folder(let folder): folder.appending(name)
    }
  }
}

extension GuestReport {
  /// The report of a created guest.
  ///
  /// - Parameter old: the file that was in its place.
  init(_ guest: CreatedGuest, from old: OriginalFile?, at path: FilePath?) {
    self.init(guest.bytes, from: old?.bytes ?? [], in: path?.argument)
    findings = guest.diagnostics
  }
}

/// Writes many guests into a folder, several at a time, and holds no more than a batch in memory.
struct SeriesOutput {
  /// How many guests are made, and their files staged, at once.
  static let batchSize = 256

  let count: Int
  let folder: FilePath
  let force: Bool
  /// Whether to say on a terminal how far it is.
  let showsProgress: Bool
  /// Whether each guest is reported.
  let reports: Bool
  /// Makes a guest by its place in the series, from 0.
  let guest: @Sendable (Int) throws -> CreatedGuest

  private var batches: some Sequence<Range<Int>> {
    stride(from: 0, to: count, by: Self.batchSize).lazy.map {
      $0..<min($0 + Self.batchSize, count)
    }
  }

  /// Writes the files; none where one is in the way.
  ///
  /// Everything of a batch is known to be on the disk before any of it takes its place: a power cut
  /// leaves each file old or new, whole. After an interruption, the same command goes on.
  func write() throws {
    defer { ProgressLine.clear() }
    try lookAtAll()
    var progress = ProgressLine("guests", total: count, isWanted: showsProgress)
    for batch in batches {
      // Behind it a signal that came meanwhile does what it always does.
      try SignalDelay.around {
        let isThere = try write(batch)
        if SignalDelay.isPending {
          sayInterrupted(before: isThere ? batch.upperBound : batch.lowerBound)
        }
      }
      progress.show(batch.upperBound)
    }
  }

  /// Makes each guest, and looks what has its name.
  private func lookAtAll() throws {
    var names: Set<TextKey> = []
    var progress = ProgressLine("names looked at", total: count, isWanted: showsProgress)
    for batch in batches {
      let looks = concurrently(Array(batch)) { index in
        Result {
          let guest = try guest(index)
          let path = path(guest.name)
          let old = try OutputFile.check(guest.bytes, at: path, force: force)
          return (guest.name, reports ? GuestReport(guest, from: old, at: path) : nil)
        }
      }
      for look in looks {
        let (name, report) = try look.get()
        guard names.insert(TextKey(name)).inserted else {
          throw VirtNestError(
            "several of the guests would have the same name; leave --name away, and they have the "
              + "template's own with their numbers in it")
        }
        if let report { Terminal.report(report) }
      }
      progress.show(batch.upperBound)
    }
  }

  /// Writes a batch; `false` where a signal came before anything of it was in its place.
  private func write(_ indexes: Range<Int>) throws -> Bool {
    let results = concurrently(Array(indexes)) { index -> Result<StagedFile?, any Error> in
      if SignalDelay.isPending { return .success(nil) }
      return Result {
        let guest = try guest(index)
        return try OutputFile.stage(
          guest.bytes, at: path(guest.name), force: force, syncsFolder: false)
      }
    }
    // What has found its place is not temporary any more.
    defer { for case .success(let file?) in results { file.discard() } }
    if SignalDelay.isPending { return false }
    for result in results { try result.get()?.commit() }
    try synchronizeFolder(folder)
    return true
  }

  private func sayInterrupted(before index: Int) {
    Terminal.say(
      "virt-nest: interrupted: \(index) of \(count) guests are there, whole; the same command goes on"
    )
  }

  private func path(_ name: String) -> FilePath { folder.appending(name + ".xml") }
}
