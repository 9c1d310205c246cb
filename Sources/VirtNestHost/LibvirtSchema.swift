package import LosslessXML
package import SystemPackage
internal import VirtNest

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Where libvirt's schema for domain definitions is installed.
package struct LibvirtSchema: Hashable, Sendable {
  /// Where libvirt installs it, in a folder of shared data.
  private static let relativePath: FilePath = "libvirt/schemas/domain.rng"

  /// The file.
  package var path: FilePath

  /// Finds the schema.
  ///
  /// - Parameters:
  ///   - explicit: the only file that is looked at, where it is given.
  ///   - dataFolders: folders of shared data to look in, in order.
  /// - Throws: ``LibvirtSchemaNotFound`` with all that was looked at.
  package static func find(
    explicit: FilePath? = nil, dataFolders: [FilePath] = dataFolders()
  ) throws(LibvirtSchemaNotFound) -> LibvirtSchema {
    let candidates =
      explicit.map { [$0] } ?? dataFolders.map { $0.appending(relativePath.components) }
    for candidate in candidates where candidate.withPlatformString({ access($0, R_OK) }) == 0 {
      return LibvirtSchema(path: candidate)
    }
    throw LibvirtSchemaNotFound(searched: candidates, isExplicit: explicit != nil)
  }

  /// The folders of shared data: the system's, then those of `XDG_DATA_DIRS`.
  package static func dataFolders() -> [FilePath] {
    dataFolders(xdgDataDirs: getenv("XDG_DATA_DIRS").map { String(cString: $0) })
  }

  /// The folders of shared data for a value of `XDG_DATA_DIRS`.
  ///
  /// Folders in it that are not absolute are left out, as the XDG Base Directory Specification asks.
  static func dataFolders(xdgDataDirs variable: String?) -> [FilePath] {
    var folders: [FilePath] = ["/usr/share", "/usr/local/share"]
    for part in (variable ?? "").split(separator: ":") {
      let folder = FilePath(String(part))
      if folder.isAbsolute, !folders.contains(folder) { folders.append(folder) }
    }
    return folders
  }
}

/// libvirt's schema is not where it was looked for.
package struct LibvirtSchemaNotFound: Error, Hashable, Sendable, CustomStringConvertible {
  /// The files that were looked for, in order.
  package var searched: [FilePath]
  /// Whether the file was asked for by name.
  package var isExplicit: Bool

  /// What was looked for and what to do.
  package var description: String {
    let files = searched.map(\.string).joined(separator: ", ")
    if isExplicit { return "\(files): no schema can be read there" }
    return """
      libvirt's schema was not found; looked for \(files). Install libvirt's client \
      library (libvirt0 in Debian 12; elsewhere ask: dnf provides '*/libvirt/schemas/domain.rng'), \
      or name the file with --schema PATH
      """
  }
}

extension Schema {
  /// libvirt's schema, where it is installed.
  ///
  /// - Throws: ``LibvirtSchemaNotFound``, or ``SchemaError`` where it cannot be used.
  package static func installed() throws -> Schema {
    try Schema(path: LibvirtSchema.find(explicit: nil).path.string)
  }
}
