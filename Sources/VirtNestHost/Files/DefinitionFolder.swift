internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

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
