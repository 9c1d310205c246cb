internal import Glibc
internal import LosslessXML
package import SystemPackage
internal import Templates
package import VirtNest

/// Finds templates by name in the project's folder, the user's folder, the system's folder and the program itself.
package struct TemplateStore: Sendable {
  /// Where a template was found.
  package enum Origin: Hashable, Sendable {
    case project(FilePath)
    case user(FilePath)
    case system(FilePath)
    case builtIn
    case path(FilePath)

    /// The path of the file, or `built in`.
    package var description: String {
      switch self {
      case .project(let path), .user(let path), .system(let path), .path(let path): path.argument
      case .builtIn: "built in"
      }
    }
  }

  /// A template that was found.
  package struct Found: Sendable {
    /// The name by which it was found.
    package var name: String
    /// Where it was found.
    package var origin: Origin
    /// The content of the file.
    package var bytes: [UInt8]
    /// Other templates of this name, which this one hides.
    package var shadowed: [Origin] = []
  }

  /// The folder that a file `.virt-nest.conf` names.
  package let projectFolder: FilePath?
  /// `$XDG_CONFIG_HOME/virt-nest/templates`; `nil` if the user has no home.
  package let userFolder: FilePath?
  /// `/etc/virt-nest/templates`.
  package let systemFolder: FilePath

  /// The store of the current user, from `XDG_CONFIG_HOME` and `HOME`.
  package init(projectFolder: FilePath? = nil) {
    let value = { (name: String) in environmentVariable(name) ?? "" }
    let configuration = value("XDG_CONFIG_HOME")
    let base: FilePath? =
      if configuration.hasPrefix("/") {
        FilePath(configuration)
      } else {
        value("HOME").hasPrefix("/") ? FilePath(value("HOME")).appending(".config") : nil
      }
    self.init(
      userFolder: base?.appending("virt-nest").appending("templates"),
      systemFolder: "/etc/virt-nest/templates", projectFolder: projectFolder)
  }

  /// A store with other folders.
  package init(userFolder: FilePath?, systemFolder: FilePath, projectFolder: FilePath? = nil) {
    self.projectFolder = projectFolder
    self.userFolder = userFolder
    self.systemFolder = systemFolder
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
      let path = FilePath(argument: argument)
      return Found(name: argument, origin: .path(path), bytes: try read(path))
    }
    let found = try origins(of: argument)
    guard let first = found.first else { throw VirtNestError(.notFound, unknown(argument)) }
    let bytes: [UInt8]
    switch first {
    case .project(let path), .user(let path), .system(let path), .path(let path):
      bytes = try read(path)
    case .builtIn: bytes = BuiltInTemplates.bytes(of: argument) ?? []
    }
    return Found(name: argument, origin: first, bytes: bytes, shadowed: Array(found.dropFirst()))
  }

  /// The names of all templates: the built-in ones, then those of folders by name.
  package func names() -> [String] {
    let own = Set(folders.flatMap { Self.names(in: $0) }).subtracting(BuiltInTemplates.names)
    return BuiltInTemplates.names + own.sorted()
  }

  private var folders: [FilePath] {
    [projectFolder, userFolder, systemFolder].compactMap(\.self)
  }

  private func origins(of name: String) throws(VirtNestError) -> [Origin] {
    var origins: [Origin] = []
    if let projectFolder, let path = Self.file(name, in: projectFolder) {
      origins.append(.project(path))
    }
    if let userFolder, let path = Self.file(name, in: userFolder) { origins.append(.user(path)) }
    if let path = Self.file(name, in: systemFolder) { origins.append(.system(path)) }
    if BuiltInTemplates.names.contains(name) { origins.append(.builtIn) }
    return origins
  }

  private static func file(_ name: String, in folder: FilePath) -> FilePath? {
    let path = folder.pushing(FilePath(argument: name + ".xml"))
    return path.withPlatformString { access($0, F_OK) } == 0 ? path : nil
  }

  private static func names(in folder: FilePath) -> [String] {
    guard let directory = folder.withPlatformString({ opendir($0) }) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
        String(systemBytes: UnsafeRawBufferPointer(start: pointer, count: 256).prefix { $0 != 0 })
      }
      if name.hasSuffix(".xml"), !name.hasPrefix(".") { names.append(String(name.dropLast(4))) }
    }
    return names
  }

  private func read(_ path: FilePath) throws(VirtNestError) -> [UInt8] {
    try OriginalFile.read(path, maximumSize: Document.maximumSize).bytes
  }

  private func unknown(_ name: String) -> String {
    return "there is no template '\(name)'; use one of \(names().joined(separator: ", ")), a file "
      + "in \(folders.map(\.argument).joined(separator: " or ")), or a path that ends in .xml"
  }
}
