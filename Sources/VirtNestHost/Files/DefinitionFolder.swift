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

/// A folder of definitions.
package enum DefinitionFolder {
  /// Whether a path is that of a folder.
  package static func isFolder(_ path: FilePath) -> Bool {
    guard let found = try? Stat(path) else { return false }
    return found.type == .directory
  }

  /// The files below a folder whose names end in `.xml`, sorted by name in each folder.
  ///
  /// Hidden files and folders are left out, and symbolic links to folders are not followed.
  /// - Throws: ``VirtNestError`` where a folder cannot be read.
  package static func files(in folder: FilePath) throws(VirtNestError) -> [FilePath] {
    var files: [FilePath] = []
    for name in try names(in: folder) where !name.string.hasPrefix(".") {
      let path = folder.appending(name)
      let found = try VirtNestError.wrap(path, "cannot read") {
        try Stat(path, followTargetSymlink: false)
      }
      if found.type == .directory {
        files += try self.files(in: path)
      } else if name.extension == "xml", !isFolder(path) {
        files.append(path)
      }
    }
    return files
  }

  /// The names of what is in a folder, sorted.
  static func names(in folder: FilePath) throws(VirtNestError) -> [FilePath.Component] {
    guard let directory = folder.withPlatformString({ opendir($0) }) else {
      throw VirtNestError(file: folder, "cannot read", Errno(rawValue: errno))
    }
    defer { closedir(directory) }
    var names: [FilePath.Component] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          FilePath.Component(platformString: $0)
        }
      }
      if let name, name.kind == .regular { names.append(name) }
    }
    return names.sorted { $0.string < $1.string }
  }
}
