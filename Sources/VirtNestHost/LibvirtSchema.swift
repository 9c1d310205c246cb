internal import Glibc
public import LosslessXML
package import SystemPackage
package import VirtNest

/// The file of libvirt's schema for domain definitions.
package enum LibvirtSchema {
  /// Finds the schema.
  ///
  /// - Parameters:
  ///   - explicit: the file that the user named; then no other file is tried.
  ///   - dataFolders: the folders of shared data to search, in order.
  /// - Throws: ``VirtNestError`` with the files that were tried.
  package static func find(
    explicit: FilePath? = nil, dataFolders: [FilePath] = dataFolders()
  ) throws(VirtNestError) -> FilePath {
    let candidates =
      explicit.map { [$0] } ?? dataFolders.map { $0.pushing("libvirt/schemas/domain.rng") }
    for candidate in candidates where candidate.withPlatformString({ access($0, R_OK) }) == 0 {
      // Reading a pipe would wait for somebody to write to it.
      if (try? Stat(candidate))?.type == .regular { return candidate }
    }
    let files = candidates.map(\.argument).joined(separator: ", ")
    guard explicit == nil else {
      throw VirtNestError(
        .file, "\(files): the schema does not exist, is not a file, or cannot be read")
    }
    throw VirtNestError(
      .notFound,
      """
      libvirt's schema was not found; tried \(files). Install libvirt's client library (libvirt0 in \
      Debian 12; with dnf find it by: dnf provides '*/libvirt/schemas/domain.rng'), or name the \
      file with --schema PATH
      """)
  }

  /// The folders of shared data: those of the system, then those in `XDG_DATA_DIRS`.
  package static func dataFolders() -> [FilePath] {
    dataFolders(xdgDataDirs: environmentVariable("XDG_DATA_DIRS"))
  }

  /// The folders of shared data for a value of `XDG_DATA_DIRS`.
  ///
  /// Relative paths in it are ignored, as the XDG Base Directory Specification requires.
  static func dataFolders(xdgDataDirs variable: String?) -> [FilePath] {
    var folders: [FilePath] = ["/usr/share", "/usr/local/share"]
    for part in (variable ?? "").split(separator: ":") {
      let folder = FilePath(String(part))
      if folder.isAbsolute, !folders.contains(folder) { folders.append(folder) }
    }
    return folders
  }
}

extension Schema {
  /// Loads libvirt's schema from where libvirt has installed it.
  ///
  /// - Throws: ``VirtNestError``; ``SchemaError`` if it cannot be used.
  public static func installed() throws -> Schema {
    try Schema(path: LibvirtSchema.find().string)
  }
}
