internal import Glibc
internal import LosslessXML
package import SystemPackage
internal import Templates
package import VirtNest

/// Finds templates by name in the project's folder, the user's folder, the system's folder and the program itself.
package struct TemplateStore: Sendable {
  /// A template that was found.
  package struct Found: Sendable {
    /// The path of its file, or `built in`.
    package var place: String
    /// The content of the file.
    package var bytes: [UInt8]
    /// Where other templates of this name are, which this one hides.
    package var shadowed: [String] = []
  }

  /// The folder that a file `.virt-nest.conf` names.
  package let projectFolder: FilePath?
  /// `$XDG_CONFIG_HOME/virt-nest/templates`; `nil` if the user has no home.
  package let userFolder: FilePath?

  /// The store of the current user, from `XDG_CONFIG_HOME` and `HOME`.
  package init(projectFolder: FilePath? = nil) {
    self.projectFolder = projectFolder
    userFolder = xdgFolder("XDG_CONFIG_HOME", orInHome: ".config")?
      .appending("virt-nest").appending("templates")
  }

  /// Whether an argument is a path and not a name: it contains `/` or ends in `.xml`.
  package static func isPath(_ argument: String) -> Bool {
    argument.contains("/") || argument.hasSuffix(".xml")
  }

  /// The template with a name or at a path.
  ///
  /// - Throws: ``VirtNestError`` with the known names, or with the reason why the file cannot be
  ///   read.
  package func template(_ argument: String) throws(VirtNestError) -> Found {
    if Self.isPath(argument) {
      return Found(place: argument, bytes: try read(FilePath(argument: argument)))
    }
    let files = folders.map { $0.pushing(FilePath(argument: argument + ".xml")) }
      .filter { $0.withPlatformString { access($0, F_OK) } == 0 }
    let builtIn = BuiltInTemplates.names.contains(argument) ? ["built in"] : []
    let places = files.map(\.argument) + builtIn
    guard let first = places.first else { throw VirtNestError(.notFound, unknown(argument)) }
    let bytes = try files.first.map(read) ?? BuiltInTemplates.bytes(of: argument) ?? []
    return Found(place: first, bytes: bytes, shadowed: Array(places.dropFirst()))
  }

  /// The names of all templates: the built-in ones, then those of folders by name.
  package func names() -> [String] {
    let own = Set(folders.flatMap { Self.names(in: $0) }).subtracting(BuiltInTemplates.names)
    return BuiltInTemplates.names + own.sorted()
  }

  private var folders: [FilePath] {
    [projectFolder, userFolder, "/etc/virt-nest/templates"].compactMap(\.self)
  }

  private static func names(in folder: FilePath) -> [String] {
    let files = (try? DefinitionFolder.names(in: folder)) ?? []
    return files.map { FilePath(root: nil, [$0]).argument }
      .filter { $0.hasSuffix(".xml") && !$0.hasPrefix(".") }.map { String($0.dropLast(4)) }
  }

  private func read(_ path: FilePath) throws(VirtNestError) -> [UInt8] {
    try OriginalFile.read(path, maximumSize: Document.maximumSize).bytes
  }

  private func unknown(_ name: String) -> String {
    "there is no template '\(name)'; use one of \(names().joined(separator: ", ")), a file "
      + "in \(folders.map(\.argument).joined(separator: " or ")), or a path that ends in .xml"
  }
}
