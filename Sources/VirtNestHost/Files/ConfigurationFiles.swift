internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// The files `.virt-nest.conf` that are about definitions, each read once.
package struct ConfigurationFiles {
  private let workingFolder: FilePath
  /// What was found for a folder: the outermost file first.
  private var found: [FilePath: [Configuration]] = [:]

  /// No file is read yet.
  ///
  /// - Parameter workingFolder: the folder that relative paths begin at.
  package init(workingFolder: FilePath? = nil) {
    self.workingFolder = workingFolder ?? Self.currentFolder
  }

  private static var currentFolder: FilePath {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return FilePath(platformString: path)
  }

  /// What is said about a definition.
  ///
  /// The files are looked for in its folder and those above, up to one that says `root = true`. What
  /// a nearer one says counts.
  /// - Throws: ``VirtNestError`` with the lines that cannot be read.
  package mutating func settings(for file: FilePath) throws -> Configuration.Settings {
    let path = workingFolder.pushing(file).lexicallyNormalized()
    return try configurations(for: path.removingLastComponent()).reduce(into: .init()) {
      $0.override(with: $1.settings(for: path.argument))
    }
  }

  private mutating func configurations(for folder: FilePath) throws -> [Configuration] {
    if let known = found[folder] { return known }
    let path = folder.appending(Configuration.fileName)
    var own: Configuration?
    if path.withPlatformString({ access($0, F_OK) }) == 0 {
      let bytes = try OriginalFile.read(path, maximumSize: 1 << 20).bytes
      own = try Configuration(bytes, at: path.argument)
    }
    let isLast = (own?.isRoot ?? false) || folder.components.isEmpty
    let above = isLast ? [] : try configurations(for: folder.removingLastComponent())
    let all = above + [own].compactMap(\.self)
    found[folder] = all
    return all
  }
}
