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
    let path: FilePath? =
      switch self {
      case .standardOutput: nil
      case .file(let path): path
      case .folder(let folder): folder.appending(guest.name + ".xml")
      }
    var old: OriginalFile?
    if let path {
      old = try OutputFile.check(guest.bytes, at: path, force: force)
      try Self.write(guest.bytes, at: path, force: force)
    }
    Terminal.report(GuestReport(guest, from: old, at: path))
  }

  /// Writes one file; in a folder it has the name.
  func write(_ bytes: [UInt8], named name: String, force: Bool) throws {
    switch self {
    case .standardOutput: try Terminal.write(bytes)
    case .file(let path): try Self.write(bytes, at: path, force: force)
    case .folder(let folder): try Self.write(bytes, at: folder.appending(name), force: force)
    }
  }

  private static func write(_ bytes: [UInt8], at path: FilePath, force: Bool) throws {
    try SignalDelay.around { try OutputFile.write(bytes, at: path, force: force) }
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
